// Running statistics of observations: learned by training alone, alike for the policy that acts and the one that is trained, kept in files.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  Box,
  type Environment,
  gaussian,
  Model,
  type ModelOutputs,
  NativeVectorEnvironment,
  type Node,
  PPO,
  type PPOOptions,
  RunningMoments,
  type RunningStatistics,
  readCheckpoint,
  SyncVectorEnvironment,
  setThreads,
  threads,
  writeCheckpoint,
} from '../../lib/index.js';
import { expectError, expectRejection } from '../support/errors.js';

const used = threads();
afterEach(() => setThreads(used));

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-normalize-'));
afterAll(() => rmSync(folder, { recursive: true }));

const own: Record<string, object> = {
  ActorCritic: { actorArchitecture: [8], criticArchitecture: [8] },
  LSTMActorCritic: { hiddenFeatures: 8, lstmFeatures: 8 },
  MinGRUActorCritic: { hiddenFeatures: 8, gruFeatures: 8 },
};

/** Of Pendulum-v1. */
function makeModel(name = 'ActorCritic'): Model {
  const spaces = { observationSpace: new Box(-8, 8, [3]), actionSpace: new Box(-2, 2, [1]) };
  const sizes = { observationSpaceSize: 3, actionSpaceSize: 1 };
  const given = name.endsWith('Policy') ? spaces : sizes;
  return Model.create(name, { ...given, ...own[name], normalizeObservations: true, key: 2 } as never);
}

const settings = { horizon: 32, epochs: 2, minibatches: 4, learningRate: 1e-3, gamma: 0.95, rewardScale: 0.1 };

function makeTrainer(more: Partial<PPOOptions> = {}): PPO {
  const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 20, key: 1 });
  return new PPO({ model: makeModel(), environment, key: 3, ...settings, ...more });
}

const statisticsOf = ({ model }: { model: Model<object> }): RunningStatistics => model.statistics.get('observation');

async function iterate(trainer: PPO, times: number, each: (metrics: { approxKl: number }) => void = () => {}) {
  const steps = trainer.steps + times * trainer.rollout.size;
  for await (const metrics of trainer.run({ steps })) each(metrics);
}

/** Mean and variance of all rows, float64, to within what 48 bits and other orders of the sums leave. */
function expectMoments({ count, mean, variance }: RunningStatistics, want: RunningMoments): void {
  expect(count).toBe(want.count);
  for (let k = 0; k < want.size; k++) {
    expect(Math.abs((mean[k] as number) - (want.mean[k] as number))).toBeLessThan(1e-11 * (1 + Math.abs(mean[k] ?? 0)));
    expect(Math.abs((variance[k] as number) / want.variance(k) - 1)).toBeLessThan(1e-10);
  }
}

describe('what training learns', () => {
  it.each(['adam', 'muon'] as const)('are the moments of all observations, which %s leaves alone', async (name) => {
    const trainer = makeTrainer({ optimizer: { name, weightDecay: 0.1 } });
    const want = new RunningMoments(3);
    expect(statisticsOf(trainer)).toEqual({ count: 0, mean: new Float64Array(3), variance: Float64Array.of(1, 1, 1) });
    await iterate(trainer, 4, () => {
      want.update(trainer.rollout.read('observation'));
      expectMoments(statisticsOf(trainer), want);
    });
    expect(want.count).toBe(4 * 640);
  });

  // With other statistics than the rollout had, log-probabilities would differ by far more than rounding.
  it.each(Model.names.map((name) => [makeModelName(name)]))(
    '%s: before an update the policy is that of the rollout',
    async (name) => {
      const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 20, key: 1 });
      const model = makeModel(name);
      const trainer = new PPO({ model, environment, key: 3, ...settings, epochs: 1, minibatches: 1 });
      const divergences: number[] = [];
      await iterate(trainer, 3, ({ approxKl }) => divergences.push(approxKl));
      expect(statisticsOf(trainer).count).toBe(3 * 640);
      for (const divergence of divergences) expect(divergence).toBeLessThan(1e-9);
    },
  );

  it('does not depend on the number of threads', async () => {
    const results = [];
    for (const count of [1, 2, 3]) {
      setThreads(count);
      const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 200, key: 1 });
      const trainer = new PPO({ model: makeModel(), environment, key: 3, ...settings, horizon: 64 });
      await iterate(trainer, 2);
      results.push({ statistics: statisticsOf(trainer), parameters: trainer.model.parameters.flat() });
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('goes on bit for bit from a file', async () => {
    const whole = makeTrainer();
    await iterate(whole, 2);
    const file = path.join(folder, 'resumed.safetensors');
    await whole.save(file);
    await iterate(whole, 2);
    const second = makeTrainer({ key: 99 });
    await second.load(file);
    await iterate(second, 2);
    expect(statisticsOf(second)).toEqual(statisticsOf(whole));
    expect(second.model.parameters.flat()).toEqual(whole.model.parameters.flat());
  });

  it('stays as it is where an update stops at numbers that are not finite', async () => {
    const trainer = makeTrainer();
    await iterate(trainer, 1);
    const before = statisticsOf(trainer);
    trainer.model.parameters.set('critic.layers.2.bias', Float32Array.of(3e38));
    await expectRejection(iterate(trainer, 1), 'NON_FINITE');
    expect(statisticsOf(trainer)).toEqual(before);
  });
});

function makeModelName(registered: string): string {
  const names = ['ActorCritic', 'SharedActorCritic', 'LSTMActorCritic', 'MinGRUActorCritic'];
  return [...names, 'MLPActorCriticPolicy', 'NCDEActorCriticPolicy'].find(
    (name) => name.toLowerCase() === registered,
  ) as string;
}

/** A constant, a large mean, a choice as one number each, of which one never comes. */
class Nuisances implements Environment<Box> {
  readonly observationSpace = new Box(-10_000, 10_000, [5]);
  readonly actionSpace = new Box(-100, 100, [5]);
  #t = 0;

  reset(): [number[], Record<string, unknown>] {
    return [this.#look(), {}];
  }

  step(): [number[], number, boolean, boolean, Record<string, unknown>] {
    this.#t++;
    return [this.#look(), Math.sin(this.#t), false, this.#t % 50 === 0, {}];
  }

  #look(): number[] {
    const choice = this.#t % 17 === 0;
    return [0.1, 4096 + (this.#t % 4) / 256, choice ? 1 : 0, choice ? 0 : 1, 0];
  }
}

/** Its mean is what it sees. */
class Seen extends Model<{ clip: number }> {
  static override readonly defaults = { clip: 10 };
  build(observation: Node): ModelOutputs {
    const { clip } = this.options;
    const constant = observation.slice(0, 1).normalize({ name: 'constant' });
    const choices = observation.slice(1).slice(1, 4).normalize({ clip });
    const mean = constant.concat(choices, observation.slice(1, 2).normalize({ name: 'far' }));
    return { policy: gaussian(mean, { logStd: mean.parameter('log_std', [5]) }), value: observation.linear(1) };
  }
}

describe('what a model makes of it', () => {
  it('is each column of the observation, or of slices of it, of mean 0 and variance 1', async () => {
    const environment = new SyncVectorEnvironment({ make: () => new Nuisances(), count: 4, key: 1 });
    const model = new Seen({ observationSpaceSize: 5, actionSpaceSize: 5 });
    const trainer = new PPO({ model, environment, key: 3, horizon: 64, learningRate: 1e-6 });
    await iterate(trainer, 2);
    const rows = trainer.rollout.read('observation');
    const seen = model.act({ data: rows, shape: [256, 5] }, { deterministic: true }).latent.dataSync();
    const want = (column: number, name: string, k: number, row: number): number => {
      const { mean, variance } = model.statistics.get(name);
      const z = ((rows[5 * row + column] as number) - (mean[k] as number)) / Math.sqrt((variance[k] as number) + 1e-8);
      return Math.max(-10, Math.min(10, z));
    };
    for (let row = 0; row < 256; row++) {
      const got = Array.from(seen.subarray(5 * row, 5 * row + 5));
      expect(Math.abs(got[0] as number)).toBeLessThan(1e-3);
      [2, 3, 4].forEach((column, k) => {
        expect(got[1 + k]).toBeCloseTo(want(column, 'normalize_0', k, row), 4);
      });
      expect(got[4]).toBeCloseTo(want(1, 'far', 0, row), 4);
    }
    expect(Math.max(...seen.map(Math.abs))).toBeLessThan(5);
    const { mean, variance } = model.statistics.get('far');
    expect(mean[0]).toBeCloseTo(4096 + 1.5 / 256, 6);
    expect((variance[0] as number) / (1.25 / 256 ** 2)).toBeCloseTo(1, 2);
  });

  it('is clipped, and leaves constants near 0', () => {
    const model = new Seen({ observationSpaceSize: 5, actionSpaceSize: 5, clip: 3 });
    model.statistics.set('normalize_0', {
      count: 7,
      mean: Float64Array.of(0.1, 1 / 3, 0),
      variance: Float64Array.of(0, 4, 1),
    });
    const see = (...observation: number[]): number[] =>
      Array.from(model.act([observation], { deterministic: true }).latent.dataSync().subarray(1, 4));
    expect(see(0, 0, Math.fround(0.1), 1 / 3, 0)[0]).toBeCloseTo(0, 3);
    expect(see(0, 0, 5, 7, -9)).toEqual([3, 3, -3]);
    expect(see(0, 0, 0.1, 2 + 1 / 3, 0.5)[1]).toBeCloseTo(1, 6);
  });

  it('changes only in training', () => {
    const model = makeModel('LSTMActorCritic');
    const before = statisticsOf({ model });
    const observation = Float32Array.from({ length: 30 }, (_, k) => k);
    model.act({ data: observation, shape: [10, 3] }, { key: 1 });
    model.evaluate({ data: observation, shape: [10, 3] }, { data: new Float32Array(10), shape: [10, 1] });
    model.forward({ data: observation, shape: [10, 3] });
    expect(statisticsOf({ model })).toEqual(before);
  });

  it('is no parameter: names, counts and gradients are those of the model without', () => {
    const [model, bare] = [makeModel(), Model.create('ActorCritic', { ...sizesOf('ActorCritic') })];
    expect(model.parameters.names).toEqual(bare.parameters.names);
    expect(model.parameters.count).toBe(bare.parameters.count);
    expect(model.parameters.flat()).toEqual(bare.parameters.flat());
    const ones = new Float32Array(1).fill(1);
    const gradients = model.gradient([[1, 2, 3]], [[0.5]], { dLogProb: ones, dValue: ones }).parameters;
    expect(Object.keys(gradients)).toEqual([...bare.parameters.names]);
    expect(bare.statistics.names).toEqual([]);
    expect('normalizeObservations' in bare.metadata).toBe(false);
  });
});

function sizesOf(name: string) {
  return { observationSpaceSize: 3, actionSpaceSize: 1, ...own[name], key: 2 };
}

describe('files', () => {
  it('keep it to the bit, for the class and for the program alone', async () => {
    const trainer = makeTrainer();
    await iterate(trainer, 2);
    const file = path.join(folder, 'model.safetensors');
    await trainer.model.save(file);
    const { tensors, metadata } = await readCheckpoint(file);
    expect(tensors.get('observation.variance')?.data).toEqual(statisticsOf(trainer).variance);
    expect(tensors.get('observation.count')).toEqual({ shape: [], data: Float64Array.of(1280) });
    const alone = path.join(folder, 'alone.safetensors');
    await writeCheckpoint(alone, { tensors, metadata: { ...metadata, typeName: 'of somebody else' } });
    for (const name of [file, alone]) {
      const loaded = await Model.load(name);
      expect(statisticsOf({ model: loaded })).toEqual(statisticsOf(trainer));
      const act = (model: Model<object>) => model.act([[1, -2, 3]], { key: 5 }).action.dataSync();
      expect(act(loaded)).toEqual(act(trainer.model));
      const again = path.join(folder, 'again.safetensors');
      await loaded.save(again);
      expect((await readCheckpoint(again)).tensors).toEqual(tensors);
    }
  });

  it('that are damaged are refused', async () => {
    const file = path.join(folder, 'damaged.safetensors');
    await makeModel().save(file);
    const { tensors, metadata } = await readCheckpoint(file);
    const damages: [RegExp, string, Float64Array | undefined][] = [
      [/"observation\.mean": expected 3 numbers of float64/, 'observation.mean', undefined],
      [/"observation\.mean": expected 3 numbers of float64/, 'observation.mean', new Float64Array(2)],
      [/a variance is negative/, 'observation.variance', Float64Array.of(1, -1, 1)],
      [/a mean is not finite/, 'observation.mean', Float64Array.of(1, 1e60, 1)],
      [/a count of rows/, 'observation.count', Float64Array.of(0.5)],
    ];
    for (const [message, name, data] of damages) {
      const broken = new Map(tensors);
      if (data) broken.set(name, { shape: [data.length], data });
      else broken.delete(name);
      await writeCheckpoint(file, { tensors: broken, metadata });
      await expect(Model.load(file)).rejects.toThrow(message);
    }
  });

  it('of lerax cannot hold it', async () => {
    const policy = makeModel('MLPActorCriticPolicy') as never as { serialize(path: string): Promise<string> };
    await expectRejection(policy.serialize(path.join(folder, 'x.eqx')), 'UNSUPPORTED', 'statistics');
  });
});

describe('what is refused', () => {
  it('values other than the observation, and names that are taken', () => {
    const build = (make: (observation: Node) => Node): (() => unknown) => {
      class Mine extends Model {
        build(observation: Node): ModelOutputs {
          const mean = make(observation);
          return { policy: gaussian(mean, { logStd: mean.parameter('log_std', [2]) }), value: mean.linear(1) };
        }
      }
      return () => new Mine({ observationSpaceSize: 2, actionSpaceSize: 2 }).program;
    };
    expectError(
      build((x) => x.linear(2).normalize()),
      'INVALID_ARGUMENT',
      'expected the observation',
      'linear',
    );
    expectError(
      build((x) => x.normalize({ epsilon: 0 })),
      'INVALID_ARGUMENT',
      'epsilon',
    );
    expectError(
      build((x) => x.normalize({ clip: -1 })),
      'INVALID_ARGUMENT',
      'clip',
    );
    expectError(
      build((x) => x.normalize({ name: 'a' }).add(x.normalize({ name: 'a' }))),
      'DUPLICATE_NAME',
      'a.mean',
    );
    const twice = (x: Node): Node => x.normalize({ name: 'a' }).add(x.parameter('a.count', [2]));
    expectError(build(twice), 'DUPLICATE_NAME', 'a.count');
    const wrong = { ...sizesOf('ActorCritic'), normalizeObservations: 1 } as never;
    expectError(() => Model.create('ActorCritic', wrong), 'INVALID_ARGUMENT', 'normalizeObservations');
  });

  it('statistics that are none', () => {
    const { statistics } = makeModel();
    const [mean, variance] = [new Float64Array(3), new Float64Array(3)];
    expectError(() => statistics.get('x'), 'UNKNOWN_NAME', 'observation');
    expectError(() => statistics.set('observation', { count: -1, mean, variance }), 'INVALID_ARGUMENT', 'count');
    const short = { count: 1, mean: new Float64Array(2), variance };
    expectError(() => statistics.set('observation', short), 'INVALID_SHAPE', 'mean');
  });
});
