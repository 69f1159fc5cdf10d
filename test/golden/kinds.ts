// The kinds of golden files there are, told apart by what is in them.
import type { Device } from '../../lib/addon/load.js';
import { checkActionSpaceBijectors } from './action-space-bijectors.js';
import { checkActivations } from './activations.js';
import { checkAdvantage } from './advantage.js';
import type { Comparison } from './compare.js';
import { checkDistraxBijectors } from './distrax-bijectors.js';
import { checkDistributions } from './distributions.js';
import { checkDrip } from './drip.js';
import { checkEqxIndex } from './eqx-index.js';
import { isArray, isObject } from './format.js';
import { checkInitFacts } from './init-facts.js';
import { checkLargeHashed } from './large-hashed.js';
import { checkLeraxDistributions } from './lerax-distributions.js';
import { checkLeraxGae } from './lerax-gae.js';
import { checkSpline, checkTableaus } from './lerax-ode.js';
import { checkLeraxPolicy } from './lerax-policy.js';
import { checkLogDetExpectation } from './log-det-expectation.js';
import { checkMetadata } from './metadata.js';
import { checkModel } from './models.js';
import { checkOptimizers } from './optimizers.js';
import { checkPpoEpoch } from './ppo-epoch.js';
import { checkPpoLoss } from './ppo-loss.js';
import { checkPriorities } from './priorities.js';

type Json = Record<string, unknown>;
/** `folder` is where the file lies. */
type Check = (json: unknown, device: Device, folder: string) => Comparison[] | Promise<Comparison[]>;

export interface Kind {
  name: string;
  matches(json: Json): boolean;
  /** Absent where torsor has nothing to compare. */
  check?: Check;
  /** What is missing then. */
  missing?: string | ((json: Json) => string);
}

/** Files whose cases stand at the top, whatever they are called. */
function every(json: Json, ...keys: string[]): boolean {
  const cases = Object.values(json);
  return cases.length > 0 && cases.every((entry) => has(entry, ...keys));
}

function some(json: Json, ...keys: string[]): boolean {
  return Object.values(json).some((entry) => has(entry, ...keys));
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
  { name: 'lerax mlp', matches: (json) => json.kind === 'mlp', check: checkLeraxPolicy },
  { name: 'lerax ncde', matches: (json) => json.kind === 'ncde', check: checkLeraxPolicy },
  { name: 'lerax gae', matches: (json) => json.kind === 'gae', check: checkLeraxGae },
  { name: 'lerax distributions', matches: (json) => json.kind === 'distributions', check: checkLeraxDistributions },
  { name: 'spline', matches: (json) => json.kind === 'spline', check: checkSpline },
  { name: 'solver_tableaus', matches: (json) => json.kind === 'tableaus', check: checkTableaus },
  {
    name: 'eqx index',
    matches: (json) => json.kind === 'eqx-index',
    check: (json, _, folder) => checkEqxIndex(json, folder),
  },
  { name: 'lerax', matches: (json) => typeof json.kind === 'string', missing: ({ kind }) => `${kind} of lerax` },
  { name: 'optimizers', matches: (json) => has(json, 'chains', 'gradients'), check: checkOptimizers },
  { name: 'vtrace_gae', matches: (json) => has(firstCase(json), 'rho_clip', 'c_clip'), check: checkAdvantage },
  { name: 'ppo_loss', matches: (json) => has(firstCase(json), 'ppo_clip_eps', 'metrics'), check: checkPpoLoss },
  { name: 'ppo_epoch', matches: (json) => has(json, 'hyperparameters', 'out'), check: checkPpoEpoch },
  { name: 'per', matches: (json) => has(json, 'matrices', 'gumbel'), check: checkPriorities },
  { name: 'drip', matches: (json) => has(json.inputs, 'reward', 'done'), check: checkDrip },
  { name: 'large_hashed', matches: (json) => ofModels(json, (p) => has(p, 'seed', 'scale')), check: checkLargeHashed },
  { name: 'model', matches: (json) => ofModels(json, isArray), check: checkModel },
  { name: 'activations', matches: (json) => isArray(json.x) && has(json, 'out'), check: checkActivations },
  { name: 'distributions', matches: (json) => has(json, 'MultivariateNormalDiag'), check: checkDistributions },
  { name: 'init_facts', matches: (json) => every(json, 'mean', 'std', 'absmax'), check: checkInitFacts },
  { name: 'metadata', matches: (json) => every(json, 'type_name', 'metadata'), check: checkMetadata },
  {
    name: 'action_space_bijectors',
    matches: (json) => every(json, 'config', 'table'),
    check: checkActionSpaceBijectors,
  },
  {
    name: 'distrax_bijectors',
    matches: (json) => every(json, 'name', 'event_ndims_in', 'is_constant_jacobian'),
    check: checkDistraxBijectors,
  },
  {
    name: 'log_det_expectation',
    matches: (json) => some(json, 'mean', 'std', 'expectation'),
    check: checkLogDetExpectation,
  },
];

export function kindOf(json: unknown): Kind | undefined {
  return isObject(json) ? kinds.find((kind) => kind.matches(json)) : undefined;
}
