// Options of policies that are told the spaces of an environment instead of sizes.
import { atMost, nonNegativeInteger, oneOf, positiveInteger, required, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { activationName } from '../graph/activations.js';
import { mostLayers } from '../graph/program.js';
import type { Key } from '../random/key.js';
import { Box } from '../spaces/box.js';
import { spaceFromJSON } from '../spaces/from-json.js';
import { Space, type SpaceJson } from '../spaces/space.js';
import { type PolicySpace, rawSize } from './action-layer.js';
import type { ArrayInput } from './inputs.js';
import { type ModelClass, metadataOf, normalizesObservations, type ResolvedOptions, readOptions } from './options.js';
import { type PlacementOptions, placementOptions } from './placement.js';

/** What every policy over spaces is given. */
export interface SpaceOptions extends PlacementOptions {
  /** Any space, as that of an environment, or its JSON. The policy sees the flat form: `observationSpace.flatten(…, { oneHot })`. */
  observationSpace: Space | SpaceJson;
  /** Box, Discrete, MultiDiscrete or MultiBinary, or its JSON. */
  actionSpace: Space | SpaceJson;
  /** Where initial parameters come from. The same key gives the same parameters. */
  key?: Key | number | bigint;
  /** As for every model, of the flat observations: see `ModelOptions`. Default: false. */
  normalizeObservations?: boolean;
}

/** Options of every class of these. */
export interface SpacePolicyOptions {
  /**
   * `'lerax'`: results as that library gives them where ours differ. Actions of a Box of several dimensions are flat, [..., size];
   * entropies of bits stay apart, [..., shape of the space], and training takes their mean; a mask for a Box is ignored. Default: null.
   */
  compat: 'lerax' | null;
  /** Choices in observations come as one number each, 1 for the chosen one, instead of as their index. Default: false, as in lerax. */
  oneHot: boolean;
}

/** What the methods of a policy take beside state and observation. */
export interface PolicyCallOptions {
  /** Where the noise comes from. Without it actions are the mode: the mean, or the likeliest choice. */
  key?: Key | number | bigint;
  /** 1 or true where an action is allowed, [..., logits]; bits that may not be set are 0. */
  actionMask?: ArrayInput<'uint8'> | null;
}

/** For how many observations at once a state begins. */
export interface ResetOptions {
  /** Leading dimensions `...` of the observations to come. Default: none. */
  batch?: number | readonly number[];
}

const base = ['observationSpace', 'actionSpace', 'key', 'normalizeObservations', ...placementOptions] as const;

export interface Spaces {
  observationSpace: Space;
  actionSpace: PolicySpace;
}

/** Sizes for the network from spaces, and the options of the class. The actions of the network are those of the space: no bijector. */
export function resolveSpaceOptions(cls: ModelClass, given: unknown): ResolvedOptions & Record<string, unknown> {
  const { options, own } = readOptions(cls, given, base);
  for (const name of ['observationSpace', 'actionSpace']) required(cls.name, name, options[name]);
  const { observationSpace, actionSpace } = spacesOf(options as unknown as SpaceOptions);
  const width = observationSpace.flatSizeOf({ oneHot: own.oneHot as boolean });
  if (width === 0) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `observationSpace: expected at least one number, got ${observationSpace}`,
    );
  }
  if (own.compat !== null) oneOf('compat', own.compat, ['lerax']);
  if (own.activation !== undefined) own.activation = activationName(own.activation);
  return {
    ...own,
    observationSpaceSize: width,
    actionSpaceSize: rawSize(actionSpace),
    actionSpace: null,
    discrete: !(actionSpace instanceof Box),
    normalizeObservations: normalizesObservations(options),
  };
}

export function spacesOf({ observationSpace, actionSpace }: SpaceOptions): Spaces {
  return {
    observationSpace: toSpace('observationSpace', observationSpace),
    actionSpace: toSpace('actionSpace', actionSpace) as PolicySpace,
  };
}

function toSpace(name: string, value: unknown): Space {
  if (value instanceof Space) return value;
  if (typeof value !== 'object' || value === null) {
    throw new TorsorError('INVALID_ARGUMENT', `${name}: expected a space or its JSON, got ${show(value)}`);
  }
  try {
    return spaceFromJSON(value);
  } catch (error) {
    const { code, message } = TorsorError.from(error);
    throw new TorsorError(code, `${name}: ${message}`, { cause: error });
  }
}

/** Options as JSON, with the spaces instead of what follows from them. */
export function spaceMetadata(
  options: ResolvedOptions & Record<string, unknown>,
  { observationSpace, actionSpace }: Spaces,
): Record<string, unknown> {
  const { observationSpaceSize, actionSpaceSize, discrete, ...own } = metadataOf(options);
  return { ...own, observationSpace: observationSpace.toJSON(), actionSpace: actionSpace.toJSON() };
}

/** Widths of layers are at least 1, numbers of hidden layers at least 0. */
export function checkSizes(
  options: Record<string, unknown>,
  { sizes, depths }: { sizes: readonly string[]; depths: readonly string[] },
): void {
  for (const name of sizes) positiveInteger(name, options[name]);
  for (const name of depths) atMost(name, mostLayers, nonNegativeInteger(name, options[name]));
}
