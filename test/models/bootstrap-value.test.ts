// A model with an estimate of its own for where a rollout stops.
import { expect, test } from 'vitest';
import {
  Box,
  categorical,
  Discrete,
  type Environment,
  Key,
  Model,
  type ModelOutputs,
  type Node,
  Rollout,
  SyncVectorEnvironment,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';

/** Value and bootstrap value from hidden layers of their own, or the value alone. */
class Estimates extends Model<{ own: boolean; memory: boolean }> {
  static override readonly defaults = { own: true, memory: false };

  build(observation: Node): ModelOutputs {
    const { own, memory, actionSpaceSize } = this.options;
    let features = observation.linear(8, { name: 'features' }).tanh();
    if (memory) features = features.lstm(8, { name: 'cell' });
    const value = features.linear(1, { name: 'value' });
    const other = features.linear(5, { name: 'hidden' }).relu().linear(1, { name: 'bootstrap' });
    const policy = categorical(features.linear(actionSpaceSize, { name: 'policy' }));
    return own ? { policy, value, bootstrapValue: other } : { policy, value };
  }
}
Model.register('estimates')(Estimates);

const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, key: 1 };
const observations = [
  [0.1, -0.2, 0.3, 0.4],
  [0.5, 0.6, -0.7, 0.8],
];

/** The same parameters in a model with and in one without. */
function pair(memory = false): [Estimates, Estimates] {
  const [own, plain] = [true, false].map((o) => Model.create<Estimates>('estimates', { ...sizes, own: o, memory })) as [
    Estimates,
    Estimates,
  ];
  for (const name of plain.parameters.names) plain.parameters.set(name, own.parameters.get(name));
  return [own, plain];
}

test('is the value where a model has no other', () => {
  const [own, plain] = pair();
  const { value } = plain.forward(observations);
  expect(plain.bootstrapValue(observations).value.dataSync()).toEqual(value.dataSync());
  expect(plain.bootstrapValue(observations).value.shape).toEqual([2]);
  expect(own.forward(observations).value).toEqual(value);
  expect(own.bootstrapValue(observations).value.dataSync()).not.toEqual(value.dataSync());
});

test.each([false, true])(
  'costs training nothing: the gradients are the bits of a model without it (memory: %s)',
  (memory) => {
    const [own, plain] = pair(memory);
    const one = Float32Array.of(1, 1);
    const weights = { dValue: one, dLogProb: one, dEntropy: one };
    const a = own.gradient(observations, [0, 1], weights);
    const b = plain.gradient(observations, [0, 1], weights);
    for (const [name, values] of Object.entries(b.parameters)) expect(a.parameters[name]).toEqual(values);
    expect(a.observation).toEqual(b.observation);
    expect([...(a.parameters['hidden.kernel'] as Float32Array)].every((x) => x === 0)).toBe(true);
  },
);

/** Observations count the steps, from 0; after three of them the episode is cut off. */
class Counter implements Environment<Discrete> {
  readonly observationSpace = new Box(0, 3, [4]);
  readonly actionSpace = new Discrete(2);
  #step = 0;

  reset(): [number[], Record<string, unknown>] {
    this.#step = 0;
    return [observe(0), {}];
  }

  step(): [number[], number, boolean, boolean, Record<string, unknown>] {
    this.#step++;
    return [observe(this.#step), 1, false, this.#step === 3, {}];
  }
}
const observe = (step: number): number[] => [step, 0, 0, 0];

test('stands at the end of a rollout and of truncated episodes, nowhere else', async () => {
  const [model] = pair();
  const environment = new SyncVectorEnvironment({ make: () => new Counter(), count: 1 });
  const rollout = new Rollout({ model, environment, horizon: 5 });
  await rollout.collect(new Key(1));
  rollout.advantage({ gamma: 0.5, lambda: 0 });
  const value = (step: number): number => model.forward(observe(step)).value.item();
  const bootstrap = (step: number): number => model.bootstrapValue(observe(step)).value.item();
  const next = [value(1), value(2), bootstrap(3), value(1), bootstrap(2)];
  rollout.read('return').forEach((target, t) => {
    expect(target).toBeCloseTo(1 + 0.5 * (next[t] as number), 5); // value + (target - value): float32 rounds twice
  });
});

test('has width 1 and belongs to the model', () => {
  class Wide extends Model {
    build(observation: Node): ModelOutputs {
      return { policy: categorical(observation.linear(2)), value: observation.linear(1), bootstrapValue: observation };
    }
  }
  expectError(() => new Wide(sizes).network, 'INVALID_SHAPE', 'bootstrapValue', 'width 1', 'width 4');
});
