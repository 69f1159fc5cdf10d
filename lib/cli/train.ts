// `torsor train`: makes environments and a model, trains, saves, evaluates, and says where everything is.
import { appendFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { addon, type DeviceChoice, resolveDevice } from '../addon/load.js';
import { TorsorError } from '../core/errors.js';
import { normalize } from '../core/registry.js';
import { NativeVectorEnvironment } from '../envs/native-vector-environment.js';
import { Model } from '../models/model.js';
import type { ModelOptions } from '../models/options.js';
import { SpacePolicy } from '../models/space-policy.js';
import { Key } from '../random/key.js';
import { evaluatePolicy } from '../rollout/evaluate.js';
import { Box } from '../spaces/box.js';
import { PPO } from '../training/ppo.js';
import { generalPreset, modelPresets, type Preset, presets } from '../training/presets.js';
import type { TrainArguments } from './arguments.js';
import type { Reporter } from './report.js';

const evaluationEpisodes = 100;

export async function train(args: TrainArguments, reporter: Reporter, signal: AbortSignal): Promise<void> {
  const device = resolveDevice(args.device as DeviceChoice);
  const preset = presets[args.env] ?? generalPreset;
  const chosen = args.model ?? preset.model ?? 'SharedActorCritic';
  const total = args.steps ?? preset.steps;
  const [environmentKey, modelKey, trainerKey, evaluationKey] = new Key(args.seed).split(4) as [Key, Key, Key, Key];
  const environment = new NativeVectorEnvironment({
    name: args.env,
    count: preset.environments,
    key: environmentKey,
    device,
  });
  const own = modelPresets[normalize(chosen)];
  const options = { ...modelOptions(chosen, environment, preset), ...own?.options };
  const model = Model.create(chosen, { ...options, key: modelKey, device });
  const trainer = new PPO({ model, environment, key: trainerKey, ...preset.settings, ...own?.settings });
  const folder = path.resolve(args.out ?? path.join('runs', `${args.env}-${chosen}-${args.seed}`));
  const checkpoint = path.join(folder, 'model.safetensors');
  const metricsFile = path.join(folder, 'metrics.jsonl');
  await prepare(folder, metricsFile);

  const { env, seed } = args;
  const { simd, threads } = addon(device);
  const environments = environment.count;
  const parameters = model.parameters.count;
  const named = { env, model: chosen, seed };
  reporter.start({ ...named, steps: total, environments, device, simd, threads: threads(), parameters });
  let seconds = 0;
  try {
    for await (const metrics of trainer.run({ steps: total, signal })) {
      seconds = metrics.seconds;
      reporter.progress(metrics, total);
      await appendFile(metricsFile, `${JSON.stringify(metrics)}\n`);
    }
  } finally {
    // Even when an update diverges: the parameters are those before it.
    await trainer.save(checkpoint);
  }
  const interrupted = signal.aborted;
  const result = interrupted ? undefined : await evaluate(model, args.env, evaluationKey, device);
  if (result) reporter.evaluation(result);
  reporter.done({
    ...named,
    steps: trainer.steps,
    seconds,
    meanReturn: result?.meanReturn ?? null,
    checkpoint,
    standardError: result?.standardError ?? null,
    episodes: result?.returns.length ?? 0,
    interrupted,
    metrics: metricsFile,
  });
}

/** Deterministic, on environments of its own. */
function evaluate(model: Model<object>, name: string, key: Key, device: DeviceChoice) {
  const environment = new NativeVectorEnvironment({ name, count: evaluationEpisodes, key, device });
  return evaluatePolicy(model, environment, { episodes: evaluationEpisodes });
}

/**
 * Sizes from the environment, actions squashed into its limits, and the widths of the preset where the model takes widths. Policies over spaces
 * take these, and are small by themselves.
 */
function modelOptions(
  name: string,
  { observationSpace, actionSpace }: NativeVectorEnvironment,
  preset: Preset,
): ModelOptions {
  if (Model.registered(name)?.prototype instanceof SpacePolicy) {
    return { observationSpace, actionSpace } as unknown as ModelOptions;
  }
  const box = actionSpace instanceof Box;
  const bounded = box && [...actionSpace.low, ...actionSpace.high].every(Number.isFinite);
  const { architecture } = preset;
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
    ...(bounded && { actionSpace: { type: 'box', kw: { low: [...actionSpace.low], high: [...actionSpace.high] } } }),
    ...widths[normalize(name)],
  };
}

async function prepare(folder: string, metricsFile: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await rm(metricsFile, { force: true });
  } catch (error) {
    throw new TorsorError('IO', `${folder} cannot be written to: ${(error as Error).message}`, { cause: error });
  }
}
