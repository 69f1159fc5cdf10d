// What `torsor train` is to do: options, a configuration file and a preset, merged into one plan.
import path from 'node:path';
import { unknown } from '../core/check.js';
import { normalize } from '../core/registry.js';
import { NativeVectorEnvironment } from '../envs/native-vector-environment.js';
import { Model } from '../models/model.js';
import type { ActionSpaceJson } from '../models/options.js';
import { libraryPresets } from '../training/library-presets.js';
import { ppoDefaults } from '../training/ppo-settings.js';
import { generalPreset, type Preset, presets } from '../training/presets.js';
import { type Config, readConfig } from './config.js';
import { assignments, count, readOptions, UsageError } from './options.js';

export interface Plan {
  env: string;
  model: string;
  /** Widths of hidden layers where `modelOptions` has none. */
  architecture: readonly number[];
  modelOptions: Readonly<Record<string, unknown>>;
  /** What becomes of the actions of a model that is told sizes, where `modelOptions` does not say; undefined: a box. */
  actionSpace: ActionSpaceJson | undefined;
  seed: number;
  steps: number;
  environments: number;
  settings: Readonly<Record<string, unknown>>;
  device: string;
  /** Folder of the run. */
  out: string;
  checkpointEvery: number | undefined;
  keepAll: boolean;
  evalEpisodes: number;
  json: boolean;
  /** Where a setting, a model option or one of the above was set, as the beginning of a message about it. */
  origins: ReadonlyMap<string, string>;
}

const options = {
  config: { type: 'string' },
  env: { type: 'string' },
  model: { type: 'string' },
  preset: { type: 'string' },
  set: { type: 'string', multiple: true },
  seed: { type: 'string' },
  steps: { type: 'string' },
  environments: { type: 'string' },
  device: { type: 'string' },
  out: { type: 'string' },
  'checkpoint-every': { type: 'string' },
  'keep-all': { type: 'boolean' },
  'eval-episodes': { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** Options win over the file, the file over the preset. @throws UsageError, TorsorError IO */
export async function readPlan(argv: readonly string[]): Promise<Plan> {
  const { values } = readOptions(argv, options);
  const typed: Config = defined({
    env: values.env,
    model: values.model,
    preset: values.preset,
    seed: count('--seed', values.seed, 0),
    steps: count('--steps', values.steps, 1),
    environments: count('--environments', values.environments, 1),
    device: values.device,
    out: values.out,
    checkpointEvery: count('--checkpoint-every', values['checkpoint-every'], 1),
    keepAll: values['keep-all'],
    evalEpisodes: count('--eval-episodes', values['eval-episodes'], 0),
  });
  const set = assignments('--set', values.set);
  for (const key of Object.keys(set)) {
    if (!Object.hasOwn(ppoDefaults, key))
      throw new UsageError(`--set: no setting is named ${unknown(key, Object.keys(ppoDefaults))}`);
  }
  const file = values.config === undefined ? {} : await readConfig(values.config);
  const config: Config = { ...file, ...typed };
  const { env = 'Pendulum-v1', seed = 1 } = config;
  const origins = new Map<string, string>();
  for (const key of Object.keys(file)) origins.set(key, `${values.config}: `);
  for (const key of Object.keys(typed)) origins.set(key, '--');
  const known = (key: keyof Config, name: string, names: readonly string[]): string => {
    if (names.includes(name)) return name;
    throw new UsageError(`${origins.get(key)}${key}: there is no ${unknown(name, names)}`);
  };
  known('env', env, NativeVectorEnvironment.names);
  const preset =
    config.preset === undefined
      ? (presets[env] ?? generalPreset)
      : (libraryPresets[known('preset', config.preset, Object.keys(libraryPresets))] as Preset);
  const model = config.model ?? preset.model ?? 'SharedActorCritic';
  if (Model.registered(model) === undefined) known('model', model, Model.names.map(nameOfClass));
  for (const part of ['settings', 'modelOptions'] as const) {
    for (const key of Object.keys(file[part] ?? {})) origins.set(key, `${values.config}: ${part}.`);
  }
  for (const key of Object.keys(set)) origins.set(key, '--set ');
  const own = preset.forModels?.[normalize(model)];
  const settings: Record<string, unknown> = { ...preset.settings, ...own?.settings, ...file.settings, ...set };
  // How a preset anneals its own learning rate says nothing of one that is scheduled by itself, and its count of updates belongs to its schedule.
  const scheduled = typeof settings.learningRate !== 'number';
  if (scheduled && !origins.has('anneal')) delete settings.anneal;
  if ((scheduled || origins.has('anneal')) && !origins.has('annealUpdates')) delete settings.annealUpdates;
  return {
    env,
    model,
    architecture: preset.architecture,
    modelOptions: { ...presetOptions(preset, model), ...own?.options, ...file.modelOptions },
    actionSpace: presets[env]?.actionSpace,
    seed,
    steps: config.steps ?? preset.steps,
    environments: config.environments ?? preset.environments,
    settings,
    device: config.device ?? 'cpu',
    out: path.resolve(config.out ?? path.join('runs', `${env}-${model}-${seed}`)),
    checkpointEvery: config.checkpointEvery,
    keepAll: config.keepAll ?? false,
    evalEpisodes: config.evalEpisodes ?? 0,
    json: values.json ?? false,
    origins,
  };
}

/** Registered names have no capitals; the class has those of the help. */
const nameOfClass = (name: string): string => Model.registered(name)?.name ?? name;

/** The options of a preset that a model has. */
function presetOptions({ modelOptions = {} }: Preset, model: string): Record<string, unknown> {
  const names = ['normalizeObservations', ...Object.keys(Model.registered(model)?.defaults ?? {})];
  return Object.fromEntries(Object.entries(modelOptions).filter(([name]) => names.includes(name)));
}

function defined<T extends object>(values: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
