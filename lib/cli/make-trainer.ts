// The environments, the model and the trainer of a plan.
import type { DeviceChoice } from '../addon/load.js';
import { type ErrorCode, TorsorError } from '../core/errors.js';
import { normalize } from '../core/registry.js';
import { NativeVectorEnvironment } from '../envs/native-vector-environment.js';
import { Model } from '../models/model.js';
import type { ModelOptions } from '../models/options.js';
import { SpacePolicy } from '../models/space-policy.js';
import { Key } from '../random/key.js';
import { type Evaluation, evaluatePolicy } from '../rollout/evaluate.js';
import { Box } from '../spaces/box.js';
import { PPO } from '../training/ppo.js';
import { modelPresets } from '../training/presets.js';
import { UsageError } from './options.js';
import type { Plan } from './plan.js';

/** Keys of all that is random in a run; one who resumes it takes the same. */
export function keysOf(seed: number): { environment: Key; model: Key; trainer: Key; evaluation: Key } {
  const [environment, model, trainer, evaluation] = new Key(seed).split(4) as [Key, Key, Key, Key];
  return { environment, model, trainer, evaluation };
}

/** @throws UsageError for what the plan knows the origin of, TorsorError else. */
export function makeTrainer(plan: Plan): PPO {
  const keys = keysOf(plan.seed);
  const device = plan.device as DeviceChoice;
  const own = modelPresets[normalize(plan.model)];
  try {
    const environment = new NativeVectorEnvironment({
      name: plan.env,
      count: plan.environments,
      key: keys.environment,
      device,
    });
    const options = { ...modelOptions(plan, environment), ...own?.options, ...plan.modelOptions };
    const model = Model.create(plan.model, { ...options, key: keys.model, device });
    const chosen = Object.fromEntries(Object.entries(plan.settings).filter(([name]) => plan.origins.has(name)));
    return new PPO({ model, environment, key: keys.trainer, ...plan.settings, ...own?.settings, ...chosen });
  } catch (error) {
    const { code, message } = TorsorError.from(error);
    const typed = message.replace(/^count:/, 'environments:');
    const origin = originOf(code, typed, plan);
    throw origin === undefined ? error : new UsageError(origin + typed);
  }
}

/** Where that was typed which an error is about, as the beginning of its message; undefined where it was not, or is right elsewhere. */
function originOf(code: ErrorCode, message: string, { origins }: Plan): string | undefined {
  if (code === 'DEVICE_UNAVAILABLE') return undefined;
  // Names of settings were looked at already.
  if (code === 'UNKNOWN_OPTION')
    return origins.has('modelOptions') ? `${origins.get('modelOptions')}modelOptions: ` : undefined;
  return origins.get(/^\w+/.exec(message)?.[0] ?? '');
}

/** Deterministic, on environments of its own. */
export async function evaluate(
  model: Model<object>,
  { env, seed, episodes }: { env: string; seed: number; episodes: number },
): Promise<Evaluation> {
  const key = keysOf(seed).evaluation;
  const environment = new NativeVectorEnvironment({ name: env, count: episodes, key, device: model.device });
  try {
    return await evaluatePolicy(model, environment, { episodes });
  } finally {
    environment.dispose();
  }
}

/**
 * Sizes from the environment, actions squashed into its limits, and the widths of the preset where the model takes widths. Policies over spaces
 * take these, and are small by themselves.
 */
function modelOptions(plan: Plan, { observationSpace, actionSpace }: NativeVectorEnvironment): ModelOptions {
  if (Model.registered(plan.model)?.prototype instanceof SpacePolicy) {
    return { observationSpace, actionSpace } as unknown as ModelOptions;
  }
  const box = actionSpace instanceof Box;
  const bounded = box && [...actionSpace.low, ...actionSpace.high].every(Number.isFinite);
  const { architecture } = plan;
  const [hiddenFeatures, features = hiddenFeatures] = architecture;
  const widths: Record<string, object> = {
    sharedactorcritic: { architecture },
    actorcritic: { actorArchitecture: architecture, criticArchitecture: architecture },
    lstmactorcritic: { hiddenFeatures, lstmFeatures: features },
    mingruactorcritic: { hiddenFeatures, gruFeatures: features },
  };
  return {
    observationSpaceSize: observationSpace.size,
    actionSpaceSize: box ? actionSpace.size : actionSpace.n,
    discrete: !box,
    ...(bounded && {
      actionSpace: plan.actionSpace ?? {
        type: 'box',
        kw: { low: [...actionSpace.low], high: [...actionSpace.high] },
      },
    }),
    ...widths[normalize(plan.model)],
  };
}
