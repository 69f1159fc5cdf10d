// Files of trainers: one that does not fit, or is damaged, changes nothing; and which settings may be others when one is loaded.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  Model,
  NativeVectorEnvironment,
  NormalizeObservation,
  PPO,
  type PPOOptions,
  readCheckpoint,
  writeCheckpoint,
} from '../../lib/index.js';
import { parseRunJson } from '../../lib/io/run-json.js';
import { expectRejection } from '../support/errors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));

const count = 4;
const settings = {
  ...{ horizon: 16, segmentLength: 8, burnIn: 4, minibatches: 2, epochs: 2 },
  ...{ rewardScale: 'running', learningRate: 1e-3 },
} satisfies Partial<PPOOptions>;

function makeTrainer(more: Partial<PPOOptions> = {}, key = 1): PPO {
  const environment = new NormalizeObservation(new NativeVectorEnvironment({ name: 'CartPole-v1', count, key }));
  const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, hiddenFeatures: 8, lstmFeatures: 8 };
  const model = Model.create('LSTMActorCritic', { ...sizes, discrete: true, normalizeObservations: true, key });
  return new PPO({ model, environment, key, ...settings, ...more });
}

async function iterate(trainer: PPO, times: number): Promise<void> {
  for await (const _ of trainer.run({ steps: trainer.steps + times * trainer.rollout.size }));
}

/** A file of a trainer after two iterations. */
async function written(more: Partial<PPOOptions> = {}): Promise<string> {
  const trainer = makeTrainer(more);
  await iterate(trainer, 2);
  const file = path.join(folder, 'written.safetensors');
  await trainer.save(file);
  return file;
}

/** All that a trainer is, but for the clock. */
function everything(trainer: PPO): unknown {
  const { tensors, metadata } = trainer.checkpoint();
  return { tensors: [...tensors], metadata };
}

describe('a damaged file changes nothing', () => {
  const first = (name: string, value: number) => (checkpoint: Checkpoint) => {
    const { shape, data } = checkpoint.tensors.get(name) as { shape: number[]; data: Float32Array };
    const changed = data.slice();
    changed[0] = value;
    checkpoint.tensors.set(name, { shape, data: changed });
  };
  const without = (name: string) => (checkpoint: Checkpoint) => {
    expect(checkpoint.tensors.delete(name)).toBe(true);
  };
  const short = (name: string) => (checkpoint: Checkpoint) => {
    const data = (checkpoint.tensors.get(name) as { data: Float32Array }).data.slice(1);
    checkpoint.tensors.set(name, { shape: [data.length], data });
  };
  const meta = (change: (trainer: Record<string, unknown>) => void) => (checkpoint: Checkpoint) => {
    const trainer = JSON.parse(checkpoint.metadata.trainer as string);
    change(trainer);
    checkpoint.metadata.trainer = JSON.stringify(trainer);
  };

  it.each<[what: string, damage: (checkpoint: Checkpoint) => void, words: string]>([
    ['no steps', without('trainer/environment.steps'), 'environment.steps: expected Int32Array(4), it is missing'],
    ['steps below 0', first('trainer/environment.steps', -5), 'environment.steps: element 0 is -5'],
    ['episodes below 0', first('trainer/environment.episodes', -1), 'environment.episodes: element 0 is -1'],
    ['a short state', short('trainer/environment.state'), 'environment.state: expected Float32Array('],
    ['a NaN in what was learned', first('trainer/statistics.observation', Number.NaN), 'statistics.observation'],
    ['a moment that is NaN', first('trainer/optimizer.first', Number.NaN), 'optimizer.first: element 0 is NaN'],
    ['a square below 0', first('trainer/optimizer.second', -1), 'optimizer.second: element 0 is -1'],
    ['a square that is NaN', first('trainer/optimizer.second', Number.NaN), 'optimizer.second: element 0 is NaN'],
    ['a carry that is NaN', first('trainer/rollout.carry', Number.NaN), 'rollout.carry: element 0 is NaN'],
    ['a short carry', short('trainer/rollout.before'), 'rollout.before: expected Float32Array('],
    ['no statistics of rewards', first('trainer/rewards.scaling', -1), 'rewards.scaling: it holds no statistics'],
    ['a count that is none', meta((trainer) => Object.assign(trainer, { updates: 0.5 })), 'counters'],
    ['a total that is none', meta((trainer) => Object.assign(trainer, { total: -1 })), 'total of steps is -1'],
    ['episodes that are none', meta((trainer) => Object.assign(trainer, { episodes: [{}] })), 'sums of episodes'],
    [
      'settings that are none',
      ({ metadata }) => Object.assign(metadata, { settings: '3' }),
      'settings in the metadata',
    ],
    ['settings cut off', ({ metadata }) => Object.assign(metadata, { settings: '{"hor' }), 'settings in the metadata'],
  ])('%s', async (_, damage, words) => {
    const checkpoint = await readCheckpoint(await written());
    damage(checkpoint);
    const file = path.join(folder, 'damaged.safetensors');
    await writeCheckpoint(file, checkpoint);
    const trainer = makeTrainer({}, 5);
    await iterate(trainer, 1);
    const before = everything(trainer);
    await expectRejection(trainer.load(file), 'CORRUPT_FILE', words);
    expect(everything(trainer)).toEqual(before);
  });

  it('a state that the environments refuse', async () => {
    const checkpoint = await readCheckpoint(await written());
    first('trainer/environment.state', Number.NaN)(checkpoint);
    const file = path.join(folder, 'refused.safetensors');
    await writeCheckpoint(file, checkpoint);
    const trainer = makeTrainer({}, 5);
    await iterate(trainer, 1);
    const before = everything(trainer);
    await expectRejection(trainer.load(file), 'NON_FINITE', 'state: element 0 is NaN');
    expect(everything(trainer)).toEqual(before);
  });
});

describe('settings in a file', () => {
  it('are all there, with what is not JSON, and the steps the run was to reach', async () => {
    const learningRate = (progress: number) => 1e-3 * (1 - progress);
    const file = await written({ learningRate, optimizer: 'muon', entropyCoefficient: { from: 0.01, to: 0 } });
    const { metadata } = await readCheckpoint(file);
    const saved = parseRunJson(metadata.settings as string) as Record<string, unknown>;
    const { settings: all } = makeTrainer({ learningRate });
    expect(Object.keys(saved).sort()).toEqual(Object.keys(all).sort());
    expect(saved).toMatchObject({ horizon: 16, optimizer: 'muon', clipValue: Number.POSITIVE_INFINITY });
    expect(saved.entropyCoefficient).toEqual({ from: 0.01, to: 0 });
    expect(saved.learningRate).toBe(String(learningRate));
    expect(JSON.parse(metadata.trainer as string).total).toBe(2 * 16 * count);
  });

  it('keep the total when a loaded trainer is saved at once', async () => {
    const trainer = makeTrainer();
    await trainer.load(await written());
    expect(JSON.parse(trainer.checkpoint().metadata.trainer as string).total).toBe(2 * 16 * count);
  });

  it.each<[more: Partial<PPOOptions>, words: string]>([
    [{ optimizer: 'muon' }, 'it was trained with optimizer "adam", this trainer has "muon"'],
    [{ horizon: 8 }, 'it was trained with horizon 16, this trainer has 8'],
    [{ burnIn: 0 }, 'it was trained with burnIn 4, this trainer has 0'],
    [{ rewardScale: 0.1 }, "it was trained with rewardScale: 'running'"],
  ])('%j give what is in it another meaning: refused, and nothing changes', async (more, words) => {
    const file = await written();
    const trainer = makeTrainer(more, 5);
    await iterate(trainer, 1);
    const before = everything(trainer);
    await expectRejection(trainer.load(file), 'INVALID_ARGUMENT', file, words);
    expect(everything(trainer)).toEqual(before);
  });

  it.each<Partial<PPOOptions>>([
    { learningRate: 1e-4, anneal: 'constant' },
    { epochs: 3 },
    { minibatches: 4 },
    { segmentLength: 4 },
    { sampling: 'prioritized' },
    { gamma: 0.9, clipRatio: 0.1 },
    { optimizer: 'adamw' },
    { optimizer: { name: 'adam', epsilon: 1e-8 } },
  ])('%j may be others', async (more) => {
    const trainer = makeTrainer(more, 5);
    await trainer.load(await written());
    expect(trainer.steps).toBe(2 * 16 * count);
    await iterate(trainer, 1);
    expect(trainer.iteration).toBe(3);
  });
});
