// NCDEActorCriticPolicy: its window, its states, the tanh that value() leaves out, sizes.
import { describe, expect, test } from 'vitest';
import { Box, Discrete, Key, Model, type NCDEActorCriticPolicy, type NCDEState, type Space } from '../../lib/index.js';
import { naiveLinear, naiveMlp } from '../support/naive-mlp.js';

const observationSpace = new Box(-1, 1, [3]);
const create = (more: object = {}, actionSpace: Space = new Box(-1, 1, [2])) =>
  Model.create('NCDEActorCriticPolicy', { observationSpace, actionSpace, key: 1, ...more });

/** Observations of an episode, [steps][3]. */
const episode = (steps: number, key = 1): number[][] =>
  Array.from({ length: steps }, (_, t) => [...new Box(-2, 2, [3]).sample(new Key(key).at(t))]);

test.each([
  [3, new Box(-1, 1, [2]), 52 * 3 + 241 + 6 * 2],
  [4, new Discrete(2), 52 * 4 + 241 + 5 * 2],
] as [number, Space, number][])('%i numbers, actions in %s: %i parameters', (n, actionSpace, count) => {
  expect(create({ observationSpace: new Box(-1, 1, [n]) }, actionSpace).parameters.count).toBe(count);
});

test('names of parameters', () => {
  const layers = [
    'encoder.initial.layers.0',
    'encoder.initial.layers.1',
    'encoder.term.layers.0',
    'encoder.term.layers.1',
  ];
  const heads = [
    'value_head.layers.0',
    'value_head.layers.1',
    'action_head.mlp.layers.0',
    'action_head.action_dist.mapping',
  ];
  const all = [...layers, ...heads].flatMap((name) => [`${name}.kernel`, `${name}.bias`]);
  expect([...create().parameters.names].sort()).toEqual([...all, 'action_head.log_std'].sort());
});

describe('the state', () => {
  test('starts empty, at time 0', () => {
    const { t, cde } = create({ historyLength: 3 }).reset({ batch: [2] });
    expect([t.shape, cde.ts.shape, cde.xs.shape]).toEqual([[2], [2, 3], [2, 3, 3]]);
    expect([...t.dataSync()]).toEqual([0, 0]);
    expect([...cde.ts.dataSync(), ...cde.xs.dataSync()].every(Number.isNaN)).toBe(true);
  });

  test('is filled from the left, then shifted; every method takes one step', () => {
    const policy = create({ historyLength: 3, dt: 0.5 });
    const seen = episode(5);
    const steps = [
      (s: NCDEState, x: number[]) => policy.call(s, x).state,
      (s: NCDEState, x: number[]) => policy.actionAndValue(s, x, { key: 1 }).state,
      (s: NCDEState, x: number[]) => policy.evaluateAction(s, x, [0, 0]).state,
      (s: NCDEState, x: number[]) => policy.value(s, x).state,
      (s: NCDEState, x: number[]) => policy.call(s, x).state,
    ];
    let state = policy.reset();
    steps.forEach((step, i) => {
      state = step(state, seen[i] as number[]);
      const first = Math.max(0, i - 2);
      const places = [0, 1, 2].map((k) => (first + k <= i ? first + k : Number.NaN));
      expect(state.t.item()).toBe(0.5 * (i + 1));
      expect([...state.cde.ts.dataSync()]).toEqual(places.map((at) => 0.5 * (at + 1)));
      const xs = places.flatMap((at) =>
        Number.isNaN(at) ? [at, at, at] : [...Float32Array.from(seen[at] as number[])],
      );
      expect([...state.cde.xs.dataSync()]).toEqual(xs);
    });
  });

  test('given back as plain numbers', () => {
    const policy = create();
    const [first, second] = episode(2) as [number[], number[]];
    const { state } = policy.call(policy.reset(), first);
    const plain = {
      t: state.t.item(),
      cde: { ts: [...state.cde.ts.dataSync()], xs: { data: state.cde.xs.dataSync(), shape: [4, 3] } },
    };
    expect(policy.call(plain as never, second)).toEqual(policy.call(state, second));
  });

  test('in a batch every row has its own', () => {
    const policy = create();
    const seen = [episode(4, 1), episode(4, 2)] as [number[][], number[][]];
    const alone = seen.map((observations) =>
      observations.reduce((state, x) => policy.call(state, x).state, policy.reset()),
    );
    const together = [0, 1, 2, 3].reduce(
      (state, i) => policy.call(state, [seen[0][i] as number[], seen[1][i] as number[]]).state,
      policy.reset({ batch: 2 }),
    );
    const value = policy
      .value(together, [
        [0, 0, 0],
        [1, 1, 1],
      ])
      .value.dataSync();
    expect(value[0]).toBe(policy.value(alone[0] as typeof together, [0, 0, 0]).value.item());
    expect(value[1]).toBe(policy.value(alone[1] as typeof together, [1, 1, 1]).value.item());
  });

  test('is not what the model itself remembers', () => {
    const policy = create();
    policy.act(episode(1), { deterministic: true });
    const before = policy.carry;
    policy.call(policy.reset(), [1, 2, 3]);
    expect(policy.carry).toEqual(before);
    policy.reset([1, 3]);
    expect(Object.values(policy.carry ?? {}).every((array) => array.dataSync().every((x) => x === 0))).toBe(true);
  });

  test('late in an episode, where float32 has no room for times, the own memory goes on', () => {
    const policy = create();
    const late = episode(6).map((x) => [x]);
    const [early, later] = [0, 2 ** 25].map((t) => {
      policy.reset([1, 3]);
      const { carry } = policy;
      policy.carry = {
        ...(carry as object),
        t: { data: Float32Array.of(t), shape: [1, 1].slice(0, carry?.t?.shape.length) },
      } as never;
      return late.map((x) => policy.act(x, { deterministic: true }).value.dataSync()[0]);
    });
    expect(later).toEqual(early);
  });
});

describe('the value', () => {
  const [plain, squashed] = [create(), create({ squashValue: true })];
  const state = episode(3).reduce((s, x) => plain.call(s, x).state, plain.reset());
  const next = [0.5, -1, 1];

  test('leaves the tanh out in value(), as lerax does, unless squashValue', () => {
    const { value } = plain.actionAndValue(state, next);
    expect(plain.value(state, next).value.item()).not.toBe(value.item());
    expect(squashed.value(state, next).value.item()).toBe(squashed.actionAndValue(state, next).value.item());
    expect(squashed.actionAndValue(state, next).value.item()).toBe(value.item());
  });

  test('is the same in every other method', () => {
    const { value, action } = plain.actionAndValue(state, next);
    expect(plain.evaluateAction(state, next, action).value).toEqual(value);
  });
});

test.each([
  ['relu', {}, (v: number) => Math.max(0, v)],
  ['tanh', { activation: 'tanh' }, Math.tanh],
])('hidden layers are %s', (_, options, activation) => {
  const policy = create({ initialDepth: 2, valueDepth: 2, actionDepth: 3, ...options });
  const x = [0.4, -0.6, 0.1];
  // Of a single observation the latent stays where it starts.
  const features = naiveMlp(policy, 'encoder.initial', x, activation).map(Math.tanh);
  const mean = naiveLinear(
    policy,
    'action_head.action_dist.mapping',
    naiveMlp(policy, 'action_head.mlp', features, activation),
  );
  const { action, value } = policy.actionAndValue(policy.reset(), x);
  // float32 sums of at most 16 terms of about 1
  expect(value.item()).toBeCloseTo(naiveMlp(policy, 'value_head', features, activation)[0] as number, 5);
  action.dataSync().forEach((a, i) => {
    expect(a).toBeCloseTo(mean[i] as number, 5);
  });
});

test('a constant observation leaves the latent where it starts', () => {
  const policy = create();
  const x = [0.4, -0.6, 0.1];
  const first = policy.actionAndValue(policy.reset(), x);
  let step = first;
  for (let i = 0; i < 5; i++) step = policy.actionAndValue(step.state, x);
  expect(step.action.dataSync()).toEqual(first.action.dataSync());
  expect(step.value.item()).toBe(first.value.item());
});

test.each([['euler'], ['heun'], ['midpoint'], ['bosh3'], ['dopri5']])(
  'solver %s, within its error of tsit5',
  (solver) => {
    const value = (policy: NCDEActorCriticPolicy): number => {
      const state = episode(2).reduce((s, x) => policy.call(s, x).state, policy.reset());
      return policy.value(state, [0.1, 0.2, 0.3]).value.item();
    };
    const fine = { stepping: { substeps: 64 } };
    expect(value(create({ solver, ...fine }))).toBeCloseTo(value(create(fine)), solver === 'euler' ? 1 : 3);
  },
);
