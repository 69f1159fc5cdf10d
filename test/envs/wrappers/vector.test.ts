// Wrappers of many environments: running moments against numbers worked out from all that was seen, episodes, and what checkpoints keep.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  EpisodeStatistics,
  Key,
  Model,
  NativeVectorEnvironment,
  NormalizeObservation,
  NormalizeReward,
  normal,
  PPO,
  RunningMoments,
  SyncVectorEnvironment,
  type VectorEnvironment,
} from '../../../lib/index.js';
import { expectError, expectRejection } from '../../support/errors.js';
import { Walk } from '../workers/environments.js';

const walks = (count = 4, autoreset?: 'next-step') =>
  new SyncVectorEnvironment({ make: (row) => new Walk(row), count, key: 3, ...(autoreset && { autoreset }) });

/** Mean and population variance of a column, by definition. */
function momentsOf(rows: number[][], column: number): [mean: number, variance: number] {
  const values = rows.map((row) => row[column] as number);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return [mean, values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length];
}

const rowsOf = (array: Float32Array, width: number): number[][] =>
  Array.from({ length: array.length / width }, (_, row) => [...array.subarray(row * width, (row + 1) * width)]);

describe('RunningMoments', () => {
  it('are those of all rows, however they come', () => {
    const values = normal(new Key(1), [300, 2]).map((z, i) => (i % 2 === 0 ? 1e6 + z : 3 * z));
    const moments = new RunningMoments(2);
    for (let at = 0, rows = 1; at < values.length; at += 2 * rows++) moments.update(values.subarray(at, at + 2 * rows));
    expect(moments.count).toBe(300);
    for (const column of [0, 1]) {
      const [mean, variance] = momentsOf(rowsOf(values, 2), column);
      // Both sums are in float64; a mean of 1e6 costs the variance 12 of its 16 digits in one that squares first.
      expect(moments.mean[column]).toBeCloseTo(mean, 8);
      expect(moments.variance(column) / variance).toBeCloseTo(1, 9);
    }
    const copy = new RunningMoments(2);
    copy.fromArray(moments.toArray());
    copy.update([1, 2]);
    moments.update([1, 2]);
    expect(copy.toArray()).toEqual(moments.toArray());
    expectError(() => copy.fromArray(new Float64Array(4)), 'INVALID_SHAPE', 'moments');
    expectError(() => copy.fromArray(Float64Array.of(1, Number.NaN, 0, 0, 0)), 'INVALID_ARGUMENT', 'moments');
  });
});

describe('NormalizeObservation', () => {
  it('is of all observations that were acted on, and treats final ones alike', async () => {
    const [plain, inner] = [walks(), walks()];
    const normalized = new NormalizeObservation(inner);
    const seen = rowsOf(plain.observe(), 3);
    await normalized.observe();
    let finals = 0;
    for (let t = 0; t < 40; t++) {
      const action = Int32Array.from({ length: 4 }, (_, row) => (t + row) % 3);
      const raw = plain.step(action);
      seen.push(...rowsOf(raw.observation, 3));
      const step = await normalized.step(action);
      expect(step.reward).toEqual(raw.reward);
      for (let i = 0; i < 12; i++) {
        const [mean, variance] = momentsOf(seen, i % 3);
        const expected = (x: number) => (x - mean) / Math.sqrt(variance + 1e-8);
        expect(step.observation[i]).toBeCloseTo(expected(raw.observation[i] as number), 4);
        if (raw.terminated[Math.floor(i / 3)] === 0 && raw.truncated[Math.floor(i / 3)] === 0) continue;
        finals++;
        expect(step.finalObservation[i]).toBeCloseTo(expected(raw.finalObservation[i] as number), 4);
      }
      expect(await normalized.observe()).toBe(step.observation);
    }
    expect(finals).toBeGreaterThan(20);
  });

  it('is frozen for evaluation, with the moments of others', async () => {
    const trained = new NormalizeObservation(walks());
    for (let t = 0; t < 5; t++) await trained.step(new Int32Array(4));
    const judged = new NormalizeObservation(walks(2), { moments: trained.moments, update: false });
    const before = trained.moments.toArray();
    const observation = Float32Array.from(await judged.reset());
    await judged.step(new Int32Array(2));
    expect(trained.moments.toArray()).toEqual(before);
    const raw = walks(2).reset();
    const scale = Math.sqrt(trained.moments.variance(1) + 1e-8);
    expect(observation[1]).toBeCloseTo(((raw[1] as number) - (trained.moments.mean[1] as number)) / scale, 5);
    expectError(() => new NormalizeObservation(trained), 'INVALID_ARGUMENT', 'normalised already');
    expectError(
      () => new NormalizeObservation(walks(), { moments: new RunningMoments(2) }),
      'INVALID_SHAPE',
      '3 numbers',
    );
  });
});

describe('NormalizeReward', () => {
  it('divides by the deviation of discounted returns', async () => {
    const [plain, inner] = [walks(), walks()];
    const normalized = new NormalizeReward(inner, { gamma: 0.9 });
    const returns = [0, 0, 0, 0];
    const seen: number[][] = [];
    for (let t = 0; t < 40; t++) {
      const action = Int32Array.from({ length: 4 }, (_, row) => (t + row) % 3);
      const raw = plain.step(action);
      const { reward } = await normalized.step(action);
      returns.forEach((sum, row) => {
        returns[row] = sum * 0.9 + (raw.reward[row] as number);
      });
      seen.push(...returns.map((sum) => [sum]));
      const [, variance] = momentsOf(seen, 0);
      reward.forEach((x, row) => {
        expect(x).toBeCloseTo((raw.reward[row] as number) / Math.sqrt(variance + 1e-8), 4);
        if (raw.terminated[row] === 1 || raw.truncated[row] === 1) returns[row] = 0;
      });
    }
  });
});

describe('EpisodeStatistics', () => {
  it.each([undefined, 'next-step'] as const)('keeps returns and lengths of whole episodes: %s', async (autoreset) => {
    const environment = new EpisodeStatistics(walks(1, autoreset), 5);
    expect(environment.meanReturn).toBeNaN();
    const ended: { sum: number; length: number }[] = [];
    let [sum, length, resets] = [0, 0, false];
    for (let t = 0; t < 200; t++) {
      const { reward, terminated, truncated } = await environment.step(Int32Array.of(t % 3));
      if (resets) {
        resets = false;
        continue;
      }
      sum += reward[0] as number;
      length++;
      if (terminated[0] === 0 && truncated[0] === 0) continue;
      ended.push({ sum, length });
      [sum, length, resets] = [0, 0, autoreset === 'next-step'];
    }
    expect(ended.length).toBeGreaterThan(10);
    expect(environment.episodes).toBe(ended.length);
    expect(environment.returns).toEqual(ended.slice(-5).map((each) => each.sum));
    expect(environment.lengths).toEqual(ended.slice(-5).map((each) => each.length));
    expect(environment.meanLength).toBeCloseTo(ended.slice(-5).reduce((total, each) => total + each.length, 0) / 5);
  });
});

describe('a checkpoint of a trainer', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'torsor-'));
  const file = path.join(folder, 'trainer.safetensors');
  const make = (inner: VectorEnvironment) => {
    const environment = new NormalizeReward(new NormalizeObservation(inner));
    const { observationSpace } = environment;
    const options = { observationSpaceSize: observationSpace.size, discrete: true, key: 2 };
    const actionSpaceSize = observationSpace.size === 4 ? 2 : 3;
    const model = Model.create('SharedActorCritic', { ...options, actionSpaceSize });
    return { environment, trainer: new PPO({ model, environment, key: 3, horizon: 16, minibatches: 2 }) };
  };
  const train = async (trainer: PPO, steps: number) => {
    for await (const _ of trainer.run({ steps }));
    return trainer.model.parameters.get('critic.kernel');
  };
  const native = () => new NativeVectorEnvironment({ name: 'CartPole-v1', count: 4, key: 1 });

  it('keeps moments, so that training goes on bit for bit where environments can', async () => {
    const one = make(native());
    await train(one.trainer, 5 * 64);
    await one.trainer.save(file);
    const other = make(native());
    await train(other.trainer, 64);
    await other.trainer.load(file);
    expect(other.environment.saveStatistics()).toEqual(one.environment.saveStatistics());
    // The schedule of the learning rate ends with the run, so both end at the same step.
    expect(await train(other.trainer, 9 * 64)).toEqual(await train(one.trainer, 9 * 64));
    expect(other.environment.saveStatistics()).toEqual(one.environment.saveStatistics());
  });

  it('keeps them where environments start anew', async () => {
    const one = make(walks());
    await train(one.trainer, 5 * 64);
    const count = () => (one.environment.environment as NormalizeObservation).moments.count;
    const before = count();
    await one.trainer.save(file);
    const other = make(walks());
    await other.trainer.load(file);
    // The first observations of the new episodes count too.
    expect((other.environment.environment as NormalizeObservation).moments.count).toBe(before + 4);
    const plain = new PPO({ model: other.trainer.model, environment: walks(), key: 3, horizon: 16, minibatches: 2 });
    await plain.save(file);
    await expectRejection(other.trainer.load(file), 'CORRUPT_FILE', 'statistics.observation', 'is missing');
    rmSync(folder, { recursive: true });
  });
});
