// Scans: sequences of few rows run many steps at once, and give what single steps give.
import { describe, expect, it, test } from 'vitest';
import type { Node } from '../../lib/graph/node.js';
import {
  MinGRUActorCritic,
  Model,
  NativeVectorEnvironment,
  PPO,
  setThreads,
  Tensor,
  type TrainingMetrics,
} from '../../lib/index.js';
import { categorical, type ModelOutputs } from '../../lib/models/heads.js';
import { filled, generator, normals } from '../support/numbers.js';

/** The same gated layer twice: with a scan, or with sums and products, which the core cannot tell from any other program. */
class Gated extends Model<{ scanned: boolean }> {
  static override readonly defaults = { scanned: true };

  build(observation: Node): ModelOutputs {
    const width = 9;
    const gate = observation.linear(width, { name: 'gate' }).sigmoid();
    const input = observation.linear(width, { name: 'input' });
    const state = observation.state('s', width);
    const decay = gate.scale(-1, 1);
    const next = this.options.scanned ? state.scan(decay, gate.mul(input)) : decay.mul(state).add(gate.mul(input));
    state.becomes(next);
    const features = next.add(input).tanh();
    return {
      policy: categorical(features.linear(4, { name: 'policy' })),
      value: features.linear(1, { name: 'value' }),
    };
  }
}

const twins = (): [Gated, Gated] => {
  const common = { observationSpaceSize: 4, actionSpaceSize: 4, discrete: true, key: 8 };
  return [new Gated({ ...common, scanned: true }), new Gated({ ...common, scanned: false })];
};

type Numbers = Tensor<'float32'> | Float32Array | undefined;

const close = async (gotten: Numbers, wanted: Numbers, tolerance: number): Promise<void> => {
  const [got, want] = (await Promise.all([gotten, wanted].map((x) => (x instanceof Tensor ? x.data() : x)))) as [
    Float32Array,
    Float32Array,
  ];
  expect(want.length).toBeGreaterThan(0);
  expect(got.length).toBe(want.length);
  const scale = want.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1);
  const worst = want.reduce((error, x, i) => Math.max(error, Math.abs((got[i] as number) - x)), 0);
  expect(worst).toBeLessThan(tolerance * scale);
};

// Rows that fill a tile once or many times, tiles with a rest, and more rows than a tile takes several steps of.
const shapes = [
  [1, 1],
  [2, 1],
  [64, 1],
  [201, 1],
  [100, 3],
  [37, 7],
  [9, 32],
  [5, 33],
  [6, 70],
] as const;

describe.each(shapes)('%i steps of %i rows', (steps, rows) => {
  const next = generator(steps + rows);
  const observation = { data: filled(steps * rows * 4, normals(1)), shape: [steps, rows, 4] };
  const done = {
    data: Uint8Array.from({ length: steps * rows }, () => (next() < 0.1 ? 1 : 0)),
    shape: [steps, rows],
  };
  const start = { s: { data: filled(rows * 9, normals(2)), shape: [rows, 9] } };
  const choices = { data: Int32Array.from({ length: steps * rows }, (_, i) => i % 3), shape: [steps, rows] };
  const weights = filled(steps * rows, normals(3));
  const sequence = { sequence: true, initialCarry: start, done } as const;

  it('give what steps one by one give', async () => {
    const [scanned, stepwise] = twins();
    const got = scanned.evaluate(observation, choices, sequence);
    const want = stepwise.evaluate(observation, choices, sequence);
    // Sums in another order: rounding of float32 over the steps a decay lets through.
    await close(got.logProb, want.logProb, 1e-5);
    await close(got.entropy, want.entropy, 1e-5);
    await close(got.value, want.value, 1e-5);
    await close(got.carry?.s, want.carry?.s, 1e-5);
  });

  it('have the same gradients, whatever is computed again', async () => {
    const [scanned, stepwise] = twins();
    const options = { ...sequence, dLogProb: weights, dEntropy: weights, dValue: weights };
    const got = scanned.gradient(observation, choices, options);
    const want = stepwise.gradient(observation, choices, options);
    for (const name of Object.keys(want.parameters)) {
      await close(got.parameters[name] as Float32Array, want.parameters[name] as Float32Array, 2e-5);
    }
    await close(got.observation, want.observation, 2e-5);
    await close(got.carry?.s, want.carry?.s, 2e-5);
    expect(scanned.gradient(observation, choices, { ...options, remat: true })).toEqual(got);
  });
});

test('the number of threads changes no bit', () => {
  const model = new MinGRUActorCritic({ observationSpaceSize: 3, actionSpaceSize: 2, key: 1 });
  const observation = { data: filled(50 * 9 * 3, normals(4)), shape: [50, 9, 3] };
  const latent = { data: filled(50 * 9 * 2, normals(5)), shape: [50, 9, 2] };
  const results = [1, 2, 5].map((threads) => {
    setThreads(threads);
    return model.gradient(observation, latent, { sequence: true, dValue: filled(450, normals(6)) });
  });
  setThreads(1);
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test.each([0, 6, 7])(
  'a burn-in of %i steps: an update of few rows has the metrics of steps one by one',
  async (burnIn) => {
    // 3 environments and 4 segments of 16 steps, in 4 minibatches: 3 rows each, which take 21 steps in a tile, 11 with a burn-in of 6 or 7.
    const metrics = await Promise.all(
      twins().map(async (model) => {
        const environment = new NativeVectorEnvironment({ name: 'RepeatPrevious-k2', count: 3, key: 2 });
        const options = { horizon: 64, segmentLength: 16, burnIn, minibatches: 4, epochs: 1, learningRate: 1e-9 };
        const trainer = new PPO({ model, environment, key: 5, ...options });
        return (await trainer.run({ steps: 192 }).next()).value;
      }),
    );
    const [got, want] = metrics as [TrainingMetrics, TrainingMetrics];
    for (const name of ['loss', 'policyLoss', 'valueLoss', 'entropy', 'gradNorm'] as const) {
      expect(Math.abs(got[name] - want[name]), name).toBeLessThan(1e-5 * (1 + Math.abs(want[name])));
    }
    expect(want.gradNorm).toBeGreaterThan(0);
  },
);
