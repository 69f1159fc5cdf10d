// Prioritised sampling: who is drawn and how often, and that nothing but the key decides it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import type { NativePpoConfig } from '../../lib/addon/native-training.js';
import { Model, NativeVectorEnvironment, PPO, type PPOOptions, setThreads, threads } from '../../lib/index.js';
import { expectError } from '../support/errors.js';

const used = threads();
afterEach(() => setThreads(used));
const folder = mkdtempSync(path.join(tmpdir(), 'torsor-prioritized-'));
afterAll(() => rmSync(folder, { recursive: true }));

const models = ['SharedActorCritic', 'LSTMActorCritic'] as const;

function makeTrainer(name: (typeof models)[number], more: Partial<PPOOptions> = {}): PPO {
  const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 24, key: 1 });
  const model = Model.create(name, {
    observationSpaceSize: 4,
    actionSpaceSize: 2,
    discrete: true,
    ...(name === 'LSTMActorCritic' ? { hiddenFeatures: 8, lstmFeatures: 8 } : { architecture: [16] }),
    key: 2,
  });
  const settings = { horizon: 16, epochs: 2, minibatches: 3, learningRate: 0.01, sampling: 'prioritized' } as const;
  return new PPO({ model, environment, key: 3, ...settings, ...more });
}

async function train(trainer: PPO, iterations: number, of = iterations): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of trainer.run({ steps: of * trainer.rollout.size })) {
    losses.push(loss);
    if (losses.length === iterations) break;
  }
  return losses;
}

/** Rewards by hand and a policy without parameters: advantages are what a test wants them to be. */
function drawer(priorities: readonly number[]) {
  const { Model: NativeModel, Rollout, Trainer } = addon();
  const count = priorities.length;
  const model = new NativeModel({
    widths: [1, 1],
    instructions: [{ op: 'scale', inputs: [0], output: 1, parameters: [], constants: [0, 0] }],
    head: { kind: 'categorical', inputs: [1] },
    value: 1,
    parameterCount: 0,
  });
  const rollout = new Rollout(model, 1, count);
  rollout.write('reward', Float32Array.from(priorities));
  rollout.write('terminated', new Float32Array(count).fill(1));
  const adam = { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, nesterov: false, weightDecay: 0 };
  const trainer = new Trainer(model, adam, new Int32Array());
  const config = (draw: number, minibatches: number): NativePpoConfig => ({
    ...{ epochs: 1, minibatches, gamma: 1, lambda: 1, rhoClip: 1, cClip: 1, clipRatio: 1, clipValue: 1 },
    ...{ valueCoefficient: 1, entropyCoefficient: 0, maxGradNorm: 1, normalizeAdvantage: false, targetKl: 0 },
    draw: { count: draw, segment: 1, alpha: 1, beta: 0.5 },
  });
  return async (draw: number, counter: number, minibatches = 1): Promise<number[]> => {
    const key = { seedLow: 7, seedHigh: 1, stream: 2, counter };
    await trainer.update(rollout, config(draw, minibatches), 0, key);
    const segments = new Float32Array(draw);
    trainer.readDraw('segment', segments);
    return [...segments];
  };
}

describe('a draw', () => {
  it('takes a segment first as often as its priority says', async () => {
    const priorities = [1, 2, 3, 4, 10];
    const draw = drawer(priorities);
    const draws = 4000;
    const counts = priorities.map(() => 0);
    for (let k = 0; k < draws; k++) {
      const [first] = (await draw(1, k)) as [number];
      counts[first] = (counts[first] as number) + 1;
    }
    const chi2 = priorities.reduce((sum, p, i) => {
      const expected = (draws * p) / 20;
      return sum + ((counts[i] as number) - expected) ** 2 / expected;
    }, 0);
    expect(chi2).toBeLessThan(18.5); // 99.9 % of a chi-squared with 4 degrees of freedom
  });

  it('takes the second among those that are left', async () => {
    const draw = drawer([1, 1, 2]);
    let [third, both] = [0, 0];
    for (let k = 0; k < 3000; k++) {
      const [first, second] = await draw(2, k);
      if (first !== 2) continue;
      third++;
      if (second === 0) both++;
    }
    expect(third / 3000).toBeCloseTo(0.5, 1);
    expect(Math.abs(both / third - 0.5)).toBeLessThan(3.3 * Math.sqrt(0.25 / third));
  });

  it('never takes one twice, and all where all are wanted', async () => {
    const draw = drawer(Array.from({ length: 3000 }, (_, k) => 1 + (k % 7)));
    for (const count of [1, 700, 3000]) expect(new Set(await draw(count, 0)).size).toBe(count);
  });

  it('of another minibatch, or another pass, is another draw', async () => {
    const draw = drawer(new Array(50).fill(1));
    const drawn = [await draw(10, 0), await draw(10, 1), await draw(10, 0, 2), await draw(10, 0, 3)];
    expect(new Set(drawn.map(String)).size).toBe(4);
    expect(await draw(10, 0)).toEqual(drawn[0]);
  });
});

describe.each(models)('training of %s', (name) => {
  it('gives equal bits, whatever the number of threads', async () => {
    const results: unknown[] = [];
    for (const count of [1, 3]) {
      setThreads(count);
      const trainer = makeTrainer(name);
      results.push([await train(trainer, 3), trainer.model.parameters.sha256]);
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('goes on from a file bit for bit, with every new setting', async () => {
    const settings = { dripDecay: 0.3, anneal: 'cosine', annealUpdates: 40, updateAccumulation: 2 } as const;
    const whole = makeTrainer(name, settings);
    const expected = await train(whole, 6);
    const first = makeTrainer(name, settings);
    await train(first, 3, 6);
    const file = path.join(folder, `${name}.safetensors`);
    await first.save(file);
    const second = makeTrainer(name, { ...settings, key: 99 });
    await second.load(file);
    expect(await train(second, 3, 6)).toEqual(expected.slice(3));
    expect(second.model.parameters.sha256).toBe(whole.model.parameters.sha256);
  });

  it('in parts of minibatches is the same up to rounding', async () => {
    const [whole, parts] = [makeTrainer(name), makeTrainer(name, { gradientAccumulation: 3 })];
    const losses = [await train(whole, 1), await train(parts, 1)] as [number[], number[]];
    losses[0].forEach((loss, i) => {
      expect(Math.abs(loss - (losses[1][i] as number))).toBeLessThan(1e-5);
    });
    const [a, b] = [whole.model.parameters.flat(), parts.model.parameters.flat()];
    // Adam's first steps have the size of the learning rate whatever the gradient, so rounding of the smallest shows.
    expect(Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number))))).toBeLessThan(1e-3);
    expect(parts.model.parameters.sha256).not.toBe(makeTrainer(name).model.parameters.sha256);
  });

  it('weighs what it draws as the schedule says', async () => {
    const [ramp, constant] = [
      makeTrainer(name, { priorityBeta: { from: 0.2, to: 1 } }),
      makeTrainer(name, { priorityBeta: 0.2 }),
    ];
    expect(await train(ramp, 1, 2)).toEqual(await train(constant, 1, 2));
    expect(await train(ramp, 1, 2)).not.toEqual(await train(constant, 1, 2));
  });

  it('takes segments as long as the horizon, unless it is told', () => {
    expect(makeTrainer(name).settings.segmentLength).toBe(16);
    expect(makeTrainer(name, { segmentLength: 4 }).settings.segmentLength).toBe(4);
  });
});

describe('settings', () => {
  it.each([
    [{ sampling: 'uniform' }, 'UNKNOWN_NAME', 'sampling'],
    [{ priorityAlpha: -1 }, 'INVALID_ARGUMENT', 'priorityAlpha'],
    [{ priorityAlpha: 2 ** 31 }, 'INVALID_ARGUMENT', 'priorityAlpha: expected a number from 0 to 4'],
    [{ priorityBeta: 2 ** 31 }, 'INVALID_ARGUMENT', 'priorityBeta: expected a number from 0 to 1'],
    [{ priorityBeta: { from: 0, to: 1.5 } }, 'INVALID_ARGUMENT', 'priorityBeta.to: expected a number from 0 to 1'],
    [{ priorityBeta: { from: -1, to: 1 } }, 'INVALID_ARGUMENT', 'priorityBeta.from'],
    [{ minibatchSize: 8 }, 'INVALID_ARGUMENT', 'from one to all 24 segments of 16 steps, got 8'],
    [{ minibatches: 25 }, 'INVALID_ARGUMENT', 'got 25 minibatches'],
    [{ sampling: 'shuffle', minibatchSize: 64 }, 'INVALID_ARGUMENT', "expected with sampling 'prioritized' alone"],
    [{ gradientAccumulation: 0 }, 'INVALID_ARGUMENT', 'gradientAccumulation'],
    [{ updateAccumulation: 4 }, 'INVALID_ARGUMENT', 'expected a divisor of epochs x minibatches = 6, got 4'],
    [{ dripDecay: 1.5 }, 'INVALID_ARGUMENT', 'dripDecay'],
    [{ normalizeAdvantage: 'epoch' }, 'UNKNOWN_NAME', 'normalizeAdvantage'],
  ] as const)('%j is refused', (more, code, words) => {
    expectError(() => makeTrainer('SharedActorCritic', more as never), code, words);
  });
});
