// PPO: repeatable to the bit, resumable to the bit, stoppable, and off the JavaScript thread.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import {
  Key,
  Model,
  NativeVectorEnvironment,
  PPO,
  type PPOOptions,
  setThreads,
  type TrainingMetrics,
  threads,
  writeCheckpoint,
} from '../../lib/index.js';
import { expectError, expectRejection } from '../support/errors.js';

const used = threads();
afterEach(() => setThreads(used));

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-ppo-'));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = { horizon: 32, epochs: 2, minibatches: 4, learningRate: 1e-3, gamma: 0.95, rewardScale: 0.1 };

function makeTrainer(name = 'Pendulum-v1', more: Partial<PPOOptions> = {}): PPO {
  const discrete = name === 'CartPole-v1';
  const environment = new NativeVectorEnvironment({ name, count: 20, key: 1 });
  const model = Model.create('SharedActorCritic', {
    observationSpaceSize: environment.observationSpace.size,
    actionSpaceSize: discrete ? 2 : 1,
    discrete,
    architecture: [32, 32],
    key: 2,
  });
  return new PPO({ model, environment, key: 3, ...settings, ...more });
}

/** What does not depend on the clock. */
function timeless({ seconds, stepsPerSecond, ...metrics }: TrainingMetrics): Partial<TrainingMetrics> {
  return metrics;
}

async function train(trainer: PPO, steps: number): Promise<Partial<TrainingMetrics>[]> {
  const metrics: Partial<TrainingMetrics>[] = [];
  for await (const each of trainer.run({ steps })) metrics.push(timeless(each));
  return metrics;
}

describe('repeatability', () => {
  it.each(['Pendulum-v1', 'CartPole-v1'])('on %s: equal bits, whatever the number of threads', async (name) => {
    const results = [];
    for (const count of [1, 2, 3]) {
      setThreads(count);
      const trainer = makeTrainer(name);
      const metrics = await train(trainer, 4 * 640);
      results.push({ metrics, parameters: trainer.model.parameters.flat() });
    }
    expect(results[0]?.metrics).toHaveLength(4);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('another key gives another run', async () => {
    const [one, other] = [makeTrainer(), makeTrainer('Pendulum-v1', { key: 4 })];
    await train(one, 640);
    await train(other, 640);
    expect(other.model.parameters.flat()).not.toEqual(one.model.parameters.flat());
  });

  it('draws no noise twice', async () => {
    const at = vi.spyOn(Key.prototype, 'at');
    await train(makeTrainer(), 3 * 640);
    const used = at.mock.calls.map(([counter], i) => [(at.mock.contexts[i] as Key).seed, counter]);
    vi.restoreAllMocks();
    const [actions, shuffles] = [used[0]?.[0], used[1]?.[0]];
    expect(actions).not.toBe(shuffles);
    // One counter for each step of a rollout, one for each pass of an update.
    expect(used).toEqual(
      [0, 1, 2].flatMap((i) => [
        [actions, i * settings.horizon],
        [shuffles, i * settings.epochs],
      ]),
    );
  });

  it.each(['Pendulum-v1', 'CartPole-v1'])('on %s: a loaded trainer goes on bit for bit', async (name) => {
    const whole = makeTrainer(name);
    const expected = await train(whole, 8 * 640);
    const file = path.join(folder, `${name}.safetensors`);
    const first = makeTrainer(name);
    for await (const { iteration } of first.run({ steps: 8 * 640 })) if (iteration === 3) break;
    await first.save(file);
    const second = makeTrainer(name, { key: 99 });
    await second.load(file);
    expect(second.iteration).toBe(3);
    expect(await train(second, 8 * 640)).toEqual(expected.slice(3));
    expect(second.model.parameters.flat()).toEqual(whole.model.parameters.flat());
  });
});

describe('run', () => {
  it('reports every iteration', async () => {
    const trainer = makeTrainer('CartPole-v1');
    const all: TrainingMetrics[] = [];
    for await (const metrics of trainer.run({ steps: 3000 })) all.push(metrics);
    expect(all.map(({ steps }) => steps)).toEqual([640, 1280, 1920, 2560, 3200]);
    expect(trainer.steps).toBe(3200);
    expect(all.map(({ learningRate }) => learningRate)).toEqual(
      [0, 640, 1280, 1920, 2560].map((steps) => 1e-3 * (1 - steps / 3000)),
    );
    const last = all.at(-1) as TrainingMetrics;
    expect(Object.values(last).every((value) => Number.isFinite(value))).toBe(true);
    expect(last.meanReturn).toBe(last.meanLength);
    expect(last.meanReturn).toBeGreaterThan(8);
    expect(last.epochs).toBe(2);
    expect(last.seconds).toBeGreaterThan(0);
  });

  it('counts steps since the trainer was made', async () => {
    const trainer = makeTrainer();
    expect(await train(trainer, 640)).toHaveLength(1);
    expect(await train(trainer, 1280)).toHaveLength(1);
    expect(await train(trainer, 1280)).toHaveLength(0);
  });

  it('ends after the iteration in which its signal fires, ready to go on', async () => {
    const trainer = makeTrainer();
    const controller = new AbortController();
    let count = 0;
    for await (const { iteration } of trainer.run({ steps: 1e6, signal: controller.signal })) {
      count++;
      if (iteration === 2) controller.abort();
    }
    expect(count).toBe(2);
    for await (const _ of trainer.run({ steps: 1e6, signal: controller.signal })) expect.unreachable();
    expect(await train(trainer, 3 * 640)).toHaveLength(1);
  });

  it('stops an update early at targetKl', async () => {
    const trainer = makeTrainer('Pendulum-v1', { epochs: 20, learningRate: 3e-2, targetKl: 1e-3 });
    const [metrics] = await train(trainer, 640);
    expect(metrics?.epochs).toBeLessThan(20);
  });

  it('cannot run twice at once, nor load while it runs', async () => {
    const trainer = makeTrainer();
    const run = trainer.run({ steps: 6400 });
    await run.next();
    await expectRejection(trainer.run({ steps: 6400 }).next(), 'INVALID_ARGUMENT', 'running');
    await expectRejection(trainer.load('x'), 'INVALID_ARGUMENT', 'running');
    await run.return();
    expect(await train(trainer, 1280)).toHaveLength(1);
  });

  it('is not saved within an iteration, but between two of them', async () => {
    const trainer = makeTrainer();
    const run = trainer.run({ steps: 2 * trainer.rollout.size });
    const first = run.next();
    await expectRejection(trainer.save(path.join(folder, 'within.safetensors')), 'INVALID_ARGUMENT', 'under way');
    await first;
    expect(trainer.checkpoint().tensors.size).toBeGreaterThan(0);
    await run.next();
    expect(trainer.checkpoint().tensors.size).toBeGreaterThan(0);
  });

  it('says so when the loss is not finite, and leaves the parameters finite', async () => {
    const trainer = makeTrainer('Pendulum-v1', { learningRate: 1e30, maxGradNorm: Infinity, anneal: 'constant' });
    await expectRejection(train(trainer, 640 * 50), 'NON_FINITE');
    trainer.dispose();
    await expectRejection(train(trainer, 640 * 51), 'DISPOSED');
  });

  it('leaves the event loop free: its delay stays below 20 ms', async () => {
    const trainer = makeTrainer('Pendulum-v1', { horizon: 128, epochs: 10 });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const began = performance.now();
    delay.enable();
    for await (const _ of trainer.run({ steps: 1e9 })) if (performance.now() - began > 1500) break;
    delay.disable();
    expect(delay.count).toBeGreaterThan(100);
    // The histogram counts the millisecond of its own timer.
    expect(delay.percentile(99) / 1e6 - 1).toBeLessThan(20);
  });
});

describe('files', () => {
  it('of a trainer are models too', async () => {
    const trainer = makeTrainer();
    await train(trainer, 640);
    const file = path.join(folder, 'model.safetensors');
    await trainer.save(file);
    const model = await Model.load(file);
    expect(model.parameters.flat()).toEqual(trainer.model.parameters.flat());
    expect(model.typeName).toBe(trainer.model.typeName);
  });

  it('that do not fit change nothing', async () => {
    const file = path.join(folder, 'pendulum.safetensors');
    const pendulum = makeTrainer();
    await train(pendulum, 640);
    await pendulum.save(file);
    const model = path.join(folder, 'only-model.safetensors');
    await pendulum.model.save(model);
    const cartpole = makeTrainer('CartPole-v1');
    const before = cartpole.model.parameters.flat();
    await expectRejection(cartpole.load(file), 'INVALID_ARGUMENT', 'another model');
    expect(cartpole.model.parameters.flat()).toEqual(before);
    expect(cartpole.iteration).toBe(0);
    await expectRejection(makeTrainer().load(model), 'INVALID_ARGUMENT', 'without the state of a trainer');
    const fewer = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 4 });
    await expectRejection(
      makeTrainer('Pendulum-v1', { environment: fewer }).load(file),
      'INVALID_ARGUMENT',
      '20 of Pendulum-v1',
    );
  });

  it('that are damaged are refused', async () => {
    const { readCheckpoint } = await import('../../lib/index.js');
    const file = path.join(folder, 'whole.safetensors');
    const trainer = makeTrainer();
    await trainer.save(file);
    const damage = async (change: (checkpoint: Awaited<ReturnType<typeof readCheckpoint>>) => void) => {
      const checkpoint = await readCheckpoint(file);
      change(checkpoint);
      const damaged = path.join(folder, 'damaged.safetensors');
      await writeCheckpoint(damaged, checkpoint);
      return makeTrainer().load(damaged);
    };
    await expectRejection(
      damage(({ tensors }) => tensors.delete('trainer/optimizer.first')),
      'CORRUPT_FILE',
      'optimizer.first',
    );
    await expectRejection(
      damage(({ metadata }) => {
        metadata.trainer = '{"iteration":-1}';
      }),
      'CORRUPT_FILE',
      'trainer',
    );
  });
});

describe('settings', () => {
  it.each([
    [{ horizon: 0 }, 'INVALID_ARGUMENT', 'horizon'],
    [{ epochs: 1.5 }, 'INVALID_ARGUMENT', 'epochs'],
    [{ minibatches: 641 }, 'INVALID_ARGUMENT', 'at most horizon x environments = 640, got 641'],
    [{ gamma: 1.1 }, 'INVALID_ARGUMENT', 'gamma'],
    [{ lambda: Number.NaN }, 'INVALID_ARGUMENT', 'lambda'],
    [{ clipRatio: 0 }, 'INVALID_ARGUMENT', 'clipRatio'],
    [{ learningRate: Infinity }, 'INVALID_ARGUMENT', 'learningRate'],
    [{ rewardScale: -1 }, 'INVALID_ARGUMENT', 'rewardScale'],
    [{ normalizeAdvantage: 1 }, 'INVALID_ARGUMENT', 'normalizeAdvantage'],
    [{ anneal: 'lineal' }, 'UNKNOWN_NAME', 'did you mean "linear"'],
    [{ optimizer: 'sgd' }, 'UNKNOWN_NAME', 'adam, adamw, muon'],
    [{ optimizer: { name: 'adam', beta1: 1 } }, 'INVALID_ARGUMENT', 'beta1'],
    [{ learningrate: 1e-3 }, 'UNKNOWN_OPTION', 'learningRate'],
    [{ model: undefined }, 'MISSING_OPTION', 'model'],
    [{ environment: undefined }, 'MISSING_OPTION', 'environment'],
    [{ model: 'x' }, 'INVALID_ARGUMENT', 'model: expected one of Model.create or Model.load, got "x"'],
    [{ model: null }, 'INVALID_ARGUMENT', 'model: expected one of Model.create or Model.load, got null'],
    [{ environment: {} }, 'INVALID_ARGUMENT', 'environment: expected a VectorEnvironment'],
    [{ environment: null }, 'INVALID_ARGUMENT', 'environment: expected a VectorEnvironment'],
    [{ anneal: null }, 'INVALID_ARGUMENT', 'anneal: expected one of'],
    [{ burnIn: null }, 'INVALID_ARGUMENT', 'burnIn: expected an integer of at least 0, got null'],
    [{ epochs: 2 ** 20 + 1 }, 'OUT_OF_RANGE', 'epochs: expected at most 1048576, got 1048577'],
    [{ gradientAccumulation: 2 ** 21 }, 'OUT_OF_RANGE', 'gradientAccumulation: expected at most 1048576'],
    [{ rhoClip: -1 }, 'INVALID_ARGUMENT', 'rhoClip: expected a number from 0 to Infinity, got -1'],
    [{ cClip: Number.NaN }, 'INVALID_ARGUMENT', 'cClip: expected a number from 0'],
  ] as const)('%j is refused', (more, code, words) => {
    expectError(() => makeTrainer('Pendulum-v1', more as never), code, words);
  });

  it('steps are needed', async () => {
    await expectRejection(
      makeTrainer()
        .run(undefined as never)
        .next(),
      'MISSING_OPTION',
      'steps',
    );
    await expectRejection(makeTrainer().run({ steps: 0 }).next(), 'INVALID_ARGUMENT', 'steps');
  });

  it.each([1, null, { aborted: false }])('a signal that is %j is none', async (signal) => {
    const running = makeTrainer().run({ steps: 1, signal: signal as never });
    await expectRejection(running.next(), 'INVALID_ARGUMENT', 'signal: expected an AbortSignal, got');
  });

  it('clips of V-trace may be 0: advantages are then those of one step, or none', async () => {
    const advantages = async (more: Partial<PPOOptions>): Promise<Float32Array> => {
      const trainer = makeTrainer('Pendulum-v1', { learningRate: 1e-9, ...more });
      await train(trainer, 640);
      return trainer.rollout.read('advantage');
    };
    expect(await advantages({ cClip: 0 })).toEqual(await advantages({ lambda: 0 }));
    const unlimited = { rhoClip: Number.POSITIVE_INFINITY, cClip: Number.POSITIVE_INFINITY };
    expect(await advantages(unlimited)).toEqual(await advantages({}));
    expect((await advantages({ rhoClip: 0, cClip: 0 })).every((a) => a === 0)).toBe(true);
    expect((await advantages({ cClip: 0 })).every((a) => a === 0)).toBe(false);
  });

  it.each([
    ['adamw', { name: 'adam', weightDecay: 0.01 }],
    [
      { name: 'adamw', weightDecay: 0.5, epsilon: 1e-8 },
      { name: 'adam', weightDecay: 0.5, epsilon: 1e-8 },
    ],
  ] as const)('%j is adam that decays its weights', async (given, same) => {
    const trained = async (optimizer: PPOOptions['optimizer']): Promise<string> => {
      const trainer = makeTrainer('Pendulum-v1', optimizer && { optimizer });
      await train(trainer, 640);
      return trainer.model.parameters.sha256;
    };
    expect(await trained(given)).toBe(await trained(same));
    expect(await trained(given)).not.toBe(await trained('adam'));
  });

  it('muon trains too', async () => {
    const trainer = makeTrainer('Pendulum-v1', { optimizer: 'muon' });
    const before = trainer.model.parameters.flat();
    await train(trainer, 1280);
    const after = trainer.model.parameters.flat();
    expect(after).not.toEqual(before);
    expect(after.every(Number.isFinite)).toBe(true);
  });
});
