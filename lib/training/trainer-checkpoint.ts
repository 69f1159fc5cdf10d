// The state of a trainer in a checkpoint: the model, the optimiser, where its random numbers are, its settings, and the environments.

import { call } from '../addon/load.js';
import type { NativeOptimizer } from '../addon/native-training.js';
import { TorsorError } from '../core/errors.js';
import type { VectorEnvironment } from '../envs/environment.js';
import { type Checkpoint, metadataObject } from '../io/checkpoint.js';
import type { SavedArray } from '../io/safetensors.js';
import type { Model } from '../models/model.js';
import { modelCheckpoint } from '../models/saved.js';
import type { Rollout } from '../rollout/rollout.js';
import type { RolloutMemory } from '../rollout/segments.js';
import { checkSharedSettings, settingsText } from './checkpoint-settings.js';
import type { PPOSettings } from './ppo-settings.js';
import { environmentArrays, savedEnvironment } from './saved-environment.js';
import { checkTrainer, type SavedTrainer, TrainerArrays, type TrainerProgress } from './trainer-file.js';

export interface TrainerState extends TrainerProgress {
  model: Model<object>;
  environment: VectorEnvironment;
  rollout: Rollout;
  optimizer: NativeOptimizer;
  settings: Readonly<PPOSettings>;
}

/** Names of arrays beside those of the model, whose prefix no parameter has. */
const names = {
  first: 'trainer/optimizer.first',
  second: 'trainer/optimizer.second',
  scaling: 'trainer/rewards.scaling',
};
/** Before the names of what a rollout remembers. */
const memoryPrefix = 'trainer/rollout.';

export function trainerCheckpoint(state: TrainerState): Checkpoint {
  const { tensors, metadata } = modelCheckpoint(state.model);
  const count = state.model.native.parameterCount;
  const [first, second] = [new Float32Array(count), new Float32Array(count)];
  const updates = call(() => state.optimizer.readState(first, second));
  const arrays: Record<string, SavedArray['data']> = {
    ...{ [names.first]: first, [names.second]: second },
    ...environmentArrays(state.environment),
  };
  for (const [name, data] of Object.entries(state.rollout.readMemory() ?? {})) arrays[memoryPrefix + name] = data;
  if (scalesRewards(state)) arrays[names.scaling] = state.rollout.readScaling();
  for (const [name, data] of Object.entries(arrays)) tensors.set(name, { shape: [data.length], data });
  const { iteration, actions, minibatches, episodes, learningRate, total } = state;
  const environment = { name: state.environment.name, count: state.environment.count };
  const trainer = JSON.stringify({
    updates,
    iteration,
    actions,
    minibatches,
    episodes,
    learningRate,
    total,
    environment,
  });
  return { tensors, metadata: { ...metadata, trainer, settings: settingsText(state.settings) } };
}

/**
 * Writes a checkpoint into model, optimiser and environment of `state`, and returns the rest of it. All is read and checked before the first change; the
 * environments come first, since their own code may refuse a state.
 */
export async function restoreTrainer(
  checkpoint: Checkpoint,
  source: string,
  state: TrainerState,
): Promise<SavedTrainer> {
  const { model, environment, rollout } = state;
  const trainer = readFitting(checkpoint, source, state);
  const arrays = new TrainerArrays(checkpoint.tensors, source);
  const size = model.native.parameterCount;
  const first = arrays.finite(names.first, Float32Array, size);
  const second = arrays.notNegative(names.second, Float32Array, size);
  const parameters = model.parameters.names.map((key) => [key, arrays.array(key, Float32Array)] as const);
  for (const [key, values] of parameters) model.parameters.check(key, values);
  const writeStatistics = model.statistics.fromArrays((key, length) => arrays.array(key, Float64Array, length));
  const scaling = scalesRewards(state) ? arrays.scaling(names.scaling, 3 + environment.count) : null;
  const { resumes, restore } = savedEnvironment(environment, arrays);
  const memory = resumes ? savedMemory(rollout, arrays) : null;
  await restore();
  rollout.forgetEpisodes();
  if (scaling !== null) rollout.writeScaling(resumes ? scaling : scaling.fill(0, 3));
  if (memory !== null) rollout.writeMemory(memory);
  for (const [key, values] of parameters) model.parameters.set(key, values);
  writeStatistics();
  call(() => state.optimizer.writeState(first, second, trainer.updates));
  return trainer;
}

/** The part that is JSON, of a trainer that this one can go on from. */
function readFitting(checkpoint: Checkpoint, source: string, state: TrainerState): SavedTrainer {
  const { tensors, metadata } = checkpoint;
  const misfit = (what: string): TorsorError => new TorsorError('INVALID_ARGUMENT', `${source}: ${what}`);
  if (metadata.trainer === undefined) throw misfit('a model without the state of a trainer; Model.load reads it');
  if (metadata.program !== JSON.stringify(state.model.program))
    throw misfit('it holds another model than that of this trainer');
  const trainer = checkTrainer(metadataObject(checkpoint, 'trainer', source), source);
  const { name, count } = state.environment;
  if (trainer.environment.name !== name || trainer.environment.count !== count) {
    const { name: otherName, count: otherCount } = trainer.environment;
    throw misfit(`it was trained on ${otherCount} of ${otherName}, this trainer has ${count} of ${name}`);
  }
  if (metadata.settings !== undefined) checkSharedSettings(metadata.settings, state.settings, source);
  if (scalesRewards(state) !== tensors.has(names.scaling)) {
    throw misfit(`it was trained ${scalesRewards(state) ? 'without' : 'with'} rewardScale: 'running'`);
  }
  return trainer;
}

function savedMemory(rollout: Rollout, arrays: TrainerArrays): RolloutMemory | null {
  const memory = rollout.readMemory();
  if (memory === null) return null;
  const rows = (key: 'carry' | 'observation' | 'before'): Float32Array =>
    arrays.finite(memoryPrefix + key, Float32Array, memory[key].length);
  return {
    ...{ carry: rows('carry'), observation: rows('observation'), before: rows('before') },
    done: arrays.array(`${memoryPrefix}done`, Uint8Array, memory.done.length),
  };
}

function scalesRewards({ settings }: TrainerState): boolean {
  return settings.rewardScale === 'running';
}
