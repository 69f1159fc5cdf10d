// The kinds of golden files there are, told apart by what is in them.
import type { Device } from '../../lib/addon/load.js';
import { checkAdvantage } from './advantage.js';
import type { Comparison } from './compare.js';
import { isArray, isObject, isPair } from './format.js';
import { checkOptimizers } from './optimizers.js';

type Json = Record<string, unknown>;
type Check = (json: unknown, device: Device) => Comparison[] | Promise<Comparison[]>;

export interface Kind {
  name: string;
  matches(json: Json): boolean;
  /** Absent where torsor has nothing to compare. */
  check?: Check;
  /** What is missing then. */
  missing?: string;
}

/** Every entry of a file of cases, whatever they are called. */
function entries(json: Json): Json[] {
  return Object.values(json).filter(isObject);
}

function all(json: Json, ...keys: string[]): boolean {
  const cases = entries(json);
  return cases.length > 0 && cases.every((entry) => has(entry, ...keys));
}

function has(value: unknown, ...keys: string[]): value is Json {
  return isObject(value) && keys.every((key) => key in value);
}

function firstCase(json: Json): unknown {
  return isObject(json.cases) || Array.isArray(json.cases) ? Object.values(json.cases)[0] : undefined;
}

function ofModels(json: Json, parameter: (value: unknown) => boolean): boolean {
  const first = firstCase(json);
  return has(first, 'model', 'params') && isObject(first.params) && Object.values(first.params).every(parameter);
}

export const kinds: readonly Kind[] = [
  { name: 'lerax', matches: (json) => typeof json.kind === 'string', missing: 'the models and parts of lerax' },
  { name: 'optimizers', matches: (json) => has(json, 'chains', 'gradients'), check: checkOptimizers },
  { name: 'vtrace_gae', matches: (json) => has(firstCase(json), 'rho_clip', 'c_clip'), check: checkAdvantage },
  {
    name: 'ppo_epoch',
    matches: (json) => has(json, 'hyperparameters', 'out'),
    missing: 'epochs of prioritised replay',
  },
  { name: 'per', matches: (json) => has(json, 'matrices', 'gumbel'), missing: 'prioritised experience replay' },
  {
    name: 'drip',
    matches: (json) => has(json, 'inputs', 'cases') && has(json.inputs, 'reward', 'done'),
    missing: 'DRIP rewards',
  },
];

export function kindOf(json: unknown): Kind | undefined {
  return isObject(json) ? kinds.find((kind) => kind.matches(json)) : undefined;
}
