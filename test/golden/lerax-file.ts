// Files of lerax: what is in them, and the policy they are about.
import type { DeviceChoice } from '../../lib/addon/load.js';
import type { SolverName } from '../../lib/graph/solvers.js';
import {
  Box,
  Dict,
  Discrete,
  MLPActorCriticPolicy,
  MultiBinary,
  MultiDiscrete,
  NCDEActorCriticPolicy,
  type Space,
  type SpacePolicy,
  Tuple,
} from '../../lib/index.js';
import { type FileArray, floats, numbers } from './format.js';
import { camelCase } from './reference-model.js';

type Entry = number | boolean | string | null;
/** A number, a list or lists of lists, with words for numbers that are not finite. */
export type Numbers = Entry | readonly Numbers[];

export interface Named extends FileArray {
  name: string;
}

export interface Case {
  observation_flat: Numbers;
  observation?: unknown;
  action: Numbers;
  action_mask?: Numbers;
  expected: Record<string, Numbers>;
  sample?: { action: Numbers; value: number; log_prob: number; standard_normal_noise?: Numbers };
  reset_before?: boolean;
  t?: number;
  window_ts?: Numbers;
  window_xs?: Numbers;
  solver_trace?: { t0: number; t: number[]; z0: number[]; z: number[][] };
}

export interface LeraxFile {
  kind: 'mlp' | 'ncde';
  meta: Record<string, unknown>;
  config: Record<string, unknown> & { observation_space: SpaceConfig; action_space: SpaceConfig; solver?: string };
  note?: unknown;
  params: Named[];
  cases: Case[];
  scalar_loss?: { formula: string; value: number; grads: Named[]; grad_observations?: Numbers };
  ppo?: PpoSection;
}

export interface PpoSection {
  batch: Record<'old_log_probs' | 'old_values' | 'advantages' | 'returns', Numbers>;
  variants: PpoVariant[];
  adam: {
    learning_rate: number;
    beta1: number;
    beta2: number;
    eps: number;
    max_grad_norm: number;
    loss: string;
    note: string;
    params_after_1: Named[];
    params_after_3: Named[];
  };
}

export interface PpoVariant {
  normalize_advantages: boolean;
  clip_coefficient: number;
  clip_value_loss: boolean;
  value_loss_coefficient: number;
  entropy_loss_coefficient: number;
  stats: Record<'approx_kl' | 'total_loss' | 'policy_loss' | 'value_loss' | 'entropy_loss', number>;
  grad_global_norm: number;
  grads: Named[];
}

type SpaceConfig =
  | { type: 'Box'; shape: number[]; low: Numbers; high: Numbers }
  | { type: 'Discrete'; n: number }
  | { type: 'MultiDiscrete'; nvec: number[] }
  | { type: 'MultiBinary'; n: number[] }
  | { type: 'Dict'; spaces: [string, SpaceConfig][] }
  | { type: 'Tuple'; spaces: SpaceConfig[] };

/** All numbers of a value, row-major. */
export function list(value: Numbers): Float64Array {
  const entries = (nested: Numbers): Entry[] => (Array.isArray(nested) ? nested.flatMap(entries) : [nested as Entry]);
  return numbers({ shape: [], dtype: 'float64', data: entries(value) });
}

function space(config: SpaceConfig): Space {
  switch (config.type) {
    case 'Box':
      return new Box(list(config.low), list(config.high), [...config.shape]);
    case 'Discrete':
      return new Discrete(config.n);
    case 'MultiDiscrete':
      return new MultiDiscrete([...config.nvec]);
    case 'MultiBinary':
      return new MultiBinary([...config.n]);
    case 'Dict':
      return new Dict(Object.fromEntries(config.spaces.map(([key, inner]) => [key, space(inner)])));
    case 'Tuple':
      return new Tuple(config.spaces.map(space));
  }
}

/** How a file was made. Nothing in it is a result. */
const history = ['seed', 'masked', 'check_grads'];

export function createPolicy({ kind, config, meta, note, params }: LeraxFile, device: DeviceChoice): SpacePolicy {
  JSON.stringify([meta, note, history.map((name) => config[name])]);
  const { observation_space, action_space, solver, ...rest } = config;
  const sizes = Object.entries(rest).filter(([name]) => !history.includes(name));
  const options = {
    ...Object.fromEntries(sizes.map(([name, value]) => [camelCase(name), value])),
    ...(solver !== undefined && { solver: solver.toLowerCase() as SolverName }),
    ...{ observationSpace: space(observation_space), actionSpace: space(action_space) },
    ...{ compat: 'lerax' as const, key: 1, device },
  };
  const policy: SpacePolicy = kind === 'mlp' ? new MLPActorCriticPolicy(options) : new NCDEActorCriticPolicy(options);
  for (const { name, values } of ours(params)) policy.parameters.set(name, values);
  const missing = policy.parameters.names.filter((name) => !params.some((p) => ourName(p.name) === name));
  if (missing.length > 0) throw new Error(`the file has no parameter ${missing.join(', ')}`);
  return policy;
}

export function ourName(name: string): string {
  return name.replace(/\.weight$/, '.kernel');
}

/** Arrays of the reference as ours: kernels are [in, out] instead of (out, in). */
export function ours(arrays: readonly Named[]): { name: string; values: Float32Array }[] {
  return arrays.map((array) => {
    const { name, shape } = array;
    const values = floats(array);
    return { name: ourName(name), values: shape.length === 2 ? transposed(values, shape[1] as number) : values };
  });
}

function transposed(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number);
}
