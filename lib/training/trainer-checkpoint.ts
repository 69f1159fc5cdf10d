// The state of a trainer in a checkpoint: the model, the optimiser, where its random numbers are, and the environments.

import { call } from '../addon/load.js';
import type { NativeEpisodes } from '../addon/native-rollout.js';
import type { NativeOptimizer } from '../addon/native-training.js';
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { VectorEnvironment } from '../envs/environment.js';
import type { Checkpoint } from '../io/checkpoint.js';
import type { SavedArray } from '../io/safetensors.js';
import type { Model } from '../models/model.js';
import { modelCheckpoint } from '../models/saved.js';
import { Key } from '../random/key.js';
import type { Rollout } from '../rollout/rollout.js';

/** What goes on changing while a trainer runs. */
export interface TrainerProgress {
  iteration: number;
  /** Keys of the noise of actions and of the order of minibatches. */
  actions: Key;
  minibatches: Key;
  /** Of the window whose mean return is reported. */
  episodes: readonly NativeEpisodes[];
  /** Of an adaptive schedule. Absent in files of version 1. */
  learningRate: number | undefined;
}

export interface TrainerState extends TrainerProgress {
  model: Model<object>;
  environment: VectorEnvironment;
  rollout: Rollout;
  optimizer: NativeOptimizer;
  /** Rewards are scaled by running statistics. */
  scalesRewards: boolean;
}

/** Names of arrays beside those of the model, whose prefix no parameter has. */
const names = {
  first: 'trainer/optimizer.first',
  second: 'trainer/optimizer.second',
  state: 'trainer/environment.state',
  steps: 'trainer/environment.steps',
  episodes: 'trainer/environment.episodes',
  scaling: 'trainer/rewards.scaling',
};
/** Before the names of what a rollout remembers. */
const memoryPrefix = 'trainer/rollout.';
/** Before those of what was learned of the environments. */
const statisticsPrefix = 'trainer/statistics.';

export function trainerCheckpoint(state: TrainerState): Checkpoint {
  const { tensors, metadata } = modelCheckpoint(state.model);
  const count = state.model.native.parameterCount;
  const [first, second] = [new Float32Array(count), new Float32Array(count)];
  const updates = call(() => state.optimizer.readState(first, second));
  const arrays: Record<string, SavedArray['data']> = { [names.first]: first, [names.second]: second };
  const saved = state.environment.save?.();
  if (saved)
    Object.assign(arrays, { [names.state]: saved.state, [names.steps]: saved.steps, [names.episodes]: saved.episodes });
  for (const [name, data] of Object.entries(state.rollout.readMemory() ?? {})) arrays[memoryPrefix + name] = data;
  if (state.scalesRewards) arrays[names.scaling] = state.rollout.readScaling();
  for (const [name, data] of Object.entries(state.environment.saveStatistics?.() ?? {}))
    arrays[statisticsPrefix + name] = data;
  for (const [name, data] of Object.entries(arrays)) tensors.set(name, { shape: [data.length], data });
  const { iteration, actions, minibatches, episodes, learningRate } = state;
  const environment = { name: state.environment.name, count: state.environment.count };
  const trainer = JSON.stringify({ updates, iteration, actions, minibatches, episodes, learningRate, environment });
  return { tensors, metadata: { ...metadata, trainer } };
}

/** Writes a checkpoint into model, optimiser and environment of `state`, and returns the rest of it. All is checked before. */
export async function restoreTrainer(
  { tensors, metadata }: Checkpoint,
  source: string,
  state: TrainerState,
): Promise<SavedTrainer> {
  const { model, environment, optimizer } = state;
  const misfit = (what: string): TorsorError => new TorsorError('INVALID_ARGUMENT', `${source}: ${what}`);
  if (metadata.trainer === undefined) throw misfit('a model without the state of a trainer; Model.load reads it');
  if (metadata.program !== JSON.stringify(model.program))
    throw misfit('it holds another model than that of this trainer');
  const trainer = parse(metadata.trainer, source);
  const { name, count } = environment;
  if (trainer.environment.name !== name || trainer.environment.count !== count) {
    const { name: otherName, count: otherCount } = trainer.environment;
    throw misfit(`it was trained on ${otherCount} of ${otherName}, this trainer has ${count} of ${name}`);
  }
  const array = <T extends SavedArray['data']>(key: string, type: new (length: number) => T, length?: number): T => {
    const data = tensors.get(key)?.data;
    if (data instanceof type && (length === undefined || data.length === length)) return data;
    throw new TorsorError('CORRUPT_FILE', `${source}: ${key} is ${data === undefined ? 'missing' : show(data)}`);
  };
  const size = model.native.parameterCount;
  const moments = [array(names.first, Float32Array, size), array(names.second, Float32Array, size)] as const;
  const parameters = model.parameters.names.map((key) => [key, array(key, Float32Array)] as const);
  for (const [key, values] of parameters) model.parameters.check(key, values);
  const writeStatistics = model.statistics.fromArrays((key, length) => array(key, Float64Array, length));
  if (state.scalesRewards && !tensors.has(names.scaling)) throw misfit("it was trained without rewardScale: 'running'");
  const scaling = state.scalesRewards ? array(names.scaling, Float64Array, 3 + count) : null;
  if (scaling !== null) checkScaling(scaling, source);
  const memory = state.rollout.readMemory();
  const resumes = environment.restore !== undefined && tensors.has(names.state);
  if (memory !== null && resumes) {
    const { done } = memory;
    for (const key of ['carry', 'observation', 'before'] as const) {
      memory[key] = array(memoryPrefix + key, Float32Array, memory[key].length);
    }
    memory.done = array(`${memoryPrefix}done`, Uint8Array, done.length);
  }
  const statistics = Object.entries(environment.saveStatistics?.() ?? {}).map(
    ([key, { length }]) => [key, array(statisticsPrefix + key, Float64Array, length)] as const,
  );
  state.rollout.forgetEpisodes();
  if (scaling !== null) state.rollout.writeScaling(resumes ? scaling : scaling.fill(0, 3));
  environment.restoreStatistics?.(Object.fromEntries(statistics));
  if (environment.restore && resumes) {
    environment.restore({
      state: array(names.state, Float32Array),
      steps: array(names.steps, Int32Array, count),
      episodes: array(names.episodes, Int32Array, count),
    });
    if (memory !== null) state.rollout.writeMemory(memory);
  } else await environment.reset();
  for (const [key, values] of parameters) model.parameters.set(key, values);
  writeStatistics();
  call(() => optimizer.writeState(...moments, trainer.updates));
  return trainer;
}

function checkScaling(scaling: Float64Array, source: string): void {
  const [count = 0, , variance = 0] = scaling;
  if (scaling.every(Number.isFinite) && Number.isSafeInteger(count) && count >= 0 && variance >= 0) return;
  throw new TorsorError('CORRUPT_FILE', `${source}: ${names.scaling} holds no statistics`);
}

interface SavedTrainer extends TrainerProgress {
  /** Steps of the optimiser. */
  updates: number;
  environment: { name: string; count: number };
}

function parse(text: string, source: string): SavedTrainer {
  try {
    const saved = JSON.parse(text);
    const { updates, iteration, episodes, environment, learningRate } = saved;
    if (![updates, iteration].every((n) => Number.isSafeInteger(n) && n >= 0))
      throw new Error('counters are no counters');
    if (learningRate !== undefined && !(Number.isFinite(learningRate) && learningRate > 0))
      throw new Error(`its learning rate is ${show(learningRate)}`);
    if (!Array.isArray(episodes) || typeof environment?.name !== 'string') throw new Error('fields are missing');
    return { ...saved, actions: Key.fromJSON(saved.actions), minibatches: Key.fromJSON(saved.minibatches) };
  } catch (error) {
    throw new TorsorError('CORRUPT_FILE', `${source}: trainer in the metadata: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
