// Which arrays an .eqx file of lerax' actor-critic policies holds, and in which order; the files themselves carry no names.
import { nonNegativeInteger, oneOf, positiveInteger, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Box } from '../spaces/box.js';
import { Dict } from '../spaces/dict.js';
import { Discrete } from '../spaces/discrete.js';
import { MultiBinary } from '../spaces/multi-binary.js';
import { MultiDiscrete } from '../spaces/multi-discrete.js';
import type { Space } from '../spaces/space.js';
import { Tuple } from '../spaces/tuple.js';

/** One record of a file. `name` is that of the field upstream, as in `encoder.layers.0.weight`. */
export type EqxLeaf = ParameterLeaf | ConstantLeaf;

export interface ParameterLeaf {
  name: string;
  dtype: 'float32';
  /** As in the file: weights are [out, in]. */
  shape: readonly number[];
  /** Our name, as in `encoder.layers.0.kernel`; a kernel is the transposed weight, [in, out]. */
  parameter: string;
}

/** What follows from the configuration: sizes, limits of a Box, flags. */
export interface ConstantLeaf {
  name: string;
  dtype: 'float32' | 'int32' | 'bool';
  shape: readonly number[];
  values: readonly number[];
}

export interface EqxLayout {
  /** Records of a file that starts with the first of them, as lerax up to 0.0.4 writes it. */
  plain: readonly EqxLeaf[];
  /** Records behind a digest, as later versions write them: without sizes. Null where those have no such policy. */
  digest: readonly EqxLeaf[] | null;
}

interface PolicySizes {
  observationSpace: Space;
  actionSpace: Space;
  valueWidth: number;
  valueDepth: number;
  actionWidth: number;
  actionDepth: number;
}

/** Sizes of the policies by kind; a depth counts hidden layers. */
export interface EqxSizes {
  mlp: PolicySizes & { featureSize: number; featureWidth: number; featureDepth: number };
  /** Its features are the latent, so there is no featureSize. */
  ncde: PolicySizes & {
    latentSize: number;
    initialWidth: number;
    initialDepth: number;
    fieldWidth: number;
    fieldDepth: number;
    historyLength: number;
  };
}

/**
 * The records of a policy: MLPActorCriticPolicy (`mlp`) or NCDEActorCriticPolicy (`ncde`). Fields come depth first in the order
 * of declaration. Files with Box and Discrete spaces are known to be so; for the other spaces the order is derived by the same
 * rule: one integer for each of `nvec` of a MultiDiscrete and for each length of a MultiBinary, and the spaces inside a Dict or
 * Tuple one behind the other.
 *
 * @throws TorsorError INVALID_ARGUMENT for sizes that are none, UNSUPPORTED for actions in a Dict or Tuple.
 */
export function eqxLayout<K extends keyof EqxSizes>(kind: K, sizes: EqxSizes[K]): EqxLayout {
  oneOf('kind', kind, ['mlp', 'ncde']);
  const spaces = [
    ...spaceLeaves('action_space', sizes.actionSpace),
    ...spaceLeaves('observation_space', sizes.observationSpace),
  ];
  if (kind === 'ncde') {
    const ncde = sizes as EqxSizes['ncde'];
    return { plain: [...spaces, ...ncdeEncoder(ncde), ...heads(ncde, ncde.latentSize)], digest: null };
  }
  const mlp = sizes as EqxSizes['mlp'];
  const plain = [...spaces, ...mlpEncoder(mlp), ...heads(mlp, mlp.featureSize)];
  return { plain, digest: plain.filter(({ dtype }) => dtype !== 'int32') };
}

function mlpEncoder({ observationSpace, featureSize, featureWidth, featureDepth }: EqxSizes['mlp']): EqxLeaf[] {
  const inputs = observationSpace.flatSize;
  return [
    ...layers('encoder', inputs, featureSize, width('feature', featureWidth), depth('feature', featureDepth)),
    integer('encoder.in_size', inputs),
    integer('encoder.out_size', positiveInteger('featureSize', featureSize)),
  ];
}

function ncdeEncoder(sizes: EqxSizes['ncde']): EqxLeaf[] {
  const inputs = sizes.observationSpace.flatSize;
  const latent = positiveInteger('latentSize', sizes.latentSize);
  const field = [width('field', sizes.fieldWidth), depth('field', sizes.fieldDepth)] as const;
  const initial = [width('initial', sizes.initialWidth), depth('initial', sizes.initialDepth)] as const;
  return [
    flag('encoder.term.add_time', false),
    integer('encoder.term.tensor_mlp.in_shape[0]', latent),
    integer('encoder.term.tensor_mlp.out_shape[0]', latent),
    integer('encoder.term.tensor_mlp.out_shape[1]', inputs),
    ...layers('encoder.term', latent, latent * inputs, ...field),
    integer('encoder.in_size', inputs),
    integer('encoder.latent_size', latent),
    ...layers('encoder.initial', inputs, latent, ...initial),
    flag('encoder.time_in_input', false),
    integer('encoder.history_length', positiveInteger('historyLength', sizes.historyLength)),
  ];
}

function heads(sizes: PolicySizes, features: number): EqxLeaf[] {
  const { actionSpace } = sizes;
  if (actionSpace instanceof Dict || actionSpace instanceof Tuple) {
    throw new TorsorError('UNSUPPORTED', `actionSpace: lerax has no policy with actions in ${actionSpace}`);
  }
  const [actionWidth, actionDepth] = [width('action', sizes.actionWidth), depth('action', sizes.actionDepth)];
  const own =
    actionSpace instanceof Box
      ? [
          flag('action_head.action_dist.scalar', actionSpace.shape.length === 0),
          parameter('action_head.log_std', actionSpace.shape.length === 0 ? [] : [actionSpace.size]),
        ]
      : [];
  return [
    ...layers('value_head', features, 1, width('value', sizes.valueWidth), depth('value', sizes.valueDepth)),
    integer('value_head.in_size', features),
    // The mapping below counts as the last layer of an action depth.
    ...layers('action_head.mlp', features, features, actionWidth, Math.max(0, actionDepth - 1)),
    // One output for each number of a Box, each choice, each bit.
    ...dense('action_head.action_dist.mapping', features, actionSpace.flatSizeOf({ oneHot: true })),
    ...own,
  ];
}

/** `hidden` layers of `width`, then the last. */
function layers(name: string, inputs: number, outputs: number, width: number, hidden: number): EqxLeaf[] {
  const sizes = [inputs, ...new Array<number>(hidden).fill(width), outputs];
  return sizes.slice(1).flatMap((size, i) => dense(`${name}.layers.${i}`, sizes[i] as number, size));
}

function dense(name: string, inputs: number, outputs: number): EqxLeaf[] {
  return [parameter(`${name}.weight`, [outputs, inputs], `${name}.kernel`), parameter(`${name}.bias`, [outputs])];
}

function spaceLeaves(name: string, space: Space): EqxLeaf[] {
  if (space instanceof Box) {
    const limits = (field: 'low' | 'high'): EqxLeaf => ({
      name: `${name}.${field}`,
      dtype: 'float32',
      shape: space.shape,
      values: Array.from(space[field]),
    });
    return [...integers(`${name}._shape`, space.shape), limits('low'), limits('high')];
  }
  if (space instanceof Discrete) return [integer(`${name}.n`, space.n)];
  if (space instanceof MultiDiscrete) return integers(`${name}.nvec`, space.nvec);
  if (space instanceof MultiBinary) return integers(`${name}.shape`, space.shape);
  if (space instanceof Dict || space instanceof Tuple) {
    return Object.entries<Space>(space.spaces).flatMap(([key, inner]) => spaceLeaves(`${name}.spaces.${key}`, inner));
  }
  throw new TorsorError('INVALID_ARGUMENT', `${name}: expected a space that lerax has, got ${show(space)}`);
}

function parameter(name: string, shape: readonly number[], own = name): ParameterLeaf {
  return { name, dtype: 'float32', shape, parameter: own };
}

function integer(name: string, value: number): ConstantLeaf {
  return { name, dtype: 'int32', shape: [], values: [value] };
}

function integers(name: string, values: readonly number[]): ConstantLeaf[] {
  return values.map((value, i) => integer(`${name}[${i}]`, value));
}

function flag(name: string, value: boolean): ConstantLeaf {
  return { name, dtype: 'bool', shape: [], values: [Number(value)] };
}

function width(name: string, value: number): number {
  return positiveInteger(`${name}Width`, value);
}

function depth(name: string, value: number): number {
  return nonNegativeInteger(`${name}Depth`, value);
}
