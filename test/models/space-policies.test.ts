// What the policies over spaces have in common: spaces in and out, masks, states, metadata and files.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  evaluatePolicy,
  Key,
  Model,
  MultiBinary,
  MultiDiscrete,
  NativeVectorEnvironment,
  type Space,
  type SpacePolicy,
  type SpacePolicyOptions,
  Tensor,
  Tuple,
} from '../../lib/index.js';
import { expectRejection } from '../support/errors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-spaces-'));
afterAll(() => rmSync(folder, { recursive: true }));

const names = ['MLPActorCriticPolicy', 'NCDEActorCriticPolicy'] as const;
type Policy = SpacePolicy<SpacePolicyOptions, unknown>;
const vector = new Box(-1, 1, [3]);
const create = (name: string, actionSpace: Space, more: object = {}): Policy =>
  Model.create(name, { observationSpace: vector, actionSpace, key: 1, ...more } as never) as unknown as Policy;

const rows = (shape: number[], key = 3): { data: Float32Array; shape: number[] } => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { data: new Box(-1, 1, [size]).sample(new Key(key)), shape };
};

const actionSpaces: [string, Space, number[], number][] = [
  ['a Box', new Box(-1, 1, [2]), [2], 2],
  ['a scalar Box', new Box(-1, 1, []), [], 1],
  ['a Box of two dimensions', new Box(-1, 1, [2, 3]), [2, 3], 6],
  ['a Discrete', new Discrete(4), [], 4],
  ['a MultiDiscrete', new MultiDiscrete([3, 2]), [2], 5],
  ['a MultiBinary', new MultiBinary([2, 2]), [2, 2], 4],
];

describe.each(names)('%s', (name) => {
  describe.each(actionSpaces)('actions in %s', (_, actionSpace, shape, logits) => {
    const policy = create(name, actionSpace);

    test.each([[[]], [[4]], [[2, 3]], [[0]], [[3, 0, 2]]])('leading dimensions %j', (batch) => {
      const state = policy.reset({ batch });
      const observation = rows([...batch, 3]);
      const acted = policy.actionAndValue(state, observation, { key: 5 });
      expect(acted.action.shape).toEqual([...batch, ...shape]);
      expect(acted.action.dtype).toBe(actionSpace instanceof Box ? 'float32' : 'int32');
      const judged = policy.evaluateAction(state, observation, acted.action);
      for (const result of [acted.value, acted.logProb, judged.value, judged.logProb, judged.entropy]) {
        expect(result.shape).toEqual(batch);
      }
      expect(judged.value.dataSync()).toEqual(acted.value.dataSync());
      judged.logProb.dataSync().forEach((p, i) => {
        expect(p).toBeCloseTo(acted.logProb.dataSync()[i] as number, 5); // from the noise there, from the action here
      });
      expect(policy.value(state, observation).value.shape).toEqual(batch);
    });

    test('without a key actions are the mode, whose probability no sample exceeds', () => {
      const state = policy.reset({ batch: 50 });
      const observation = { data: new Float32Array(150).fill(0.5), shape: [50, 3] };
      const mode = policy.actionAndValue(state, observation);
      expect(policy.call(state, observation).action.dataSync()).toEqual(mode.action.dataSync());
      const best = mode.logProb.dataSync()[0] as number;
      const { logProb, action } = policy.actionAndValue(state, observation, { key: 1 });
      expect(Math.max(...logProb.dataSync())).toBeLessThanOrEqual(best + 1e-6);
      expect(action.dataSync()).not.toEqual(mode.action.dataSync());
    });

    test('a mask', () => {
      const state = policy.reset({ batch: 20 });
      const observation = rows([20, 3]);
      // Everything but the last logit.
      const actionMask = {
        data: Uint8Array.from({ length: 20 * logits }, (_, i) => Number((i + 1) % logits > 0)),
        shape: [20, logits],
      };
      if (actionSpace instanceof Box) return;
      const { action } = policy.call(state, observation, { key: 1, actionMask });
      const size = action.size / 20;
      const last = action.dataSync().filter((_, i) => i % size === size - 1);
      expect(Math.max(...last)).toBe(actionSpace instanceof Discrete ? 2 : 0);
      const { logProb, entropy } = policy.evaluateAction(state, observation, action, { actionMask });
      expect([...logProb.dataSync(), ...entropy.dataSync()].every(Number.isFinite)).toBe(true);
    });

    test('metadata make the same policy', () => {
      const again = Model.create(policy.typeName, JSON.parse(JSON.stringify(policy.metadata)));
      expect(again.program).toEqual(policy.program);
      expect(again.metadata).toEqual(policy.metadata);
      expect((again as unknown as Policy).actionSpace.equals(actionSpace)).toBe(true);
    });

    test('a file', async () => {
      const file = path.join(folder, 'policy.safetensors');
      await policy.save(file);
      const loaded = (await Model.load(file)) as unknown as Policy;
      const observation = rows([4, 3]);
      const state = policy.reset({ batch: 4 });
      expect(loaded.call(state, observation, { key: 9 }).action).toEqual(
        policy.call(state, observation, { key: 9 }).action,
      );
    });
  });

  const observationSpaces: [string, Space][] = [
    ['a scalar Box', new Box(-1, 1, [])],
    ['an image', new Box(0, 1, [2, 3])],
    ['a Discrete', new Discrete(5)],
    ['a MultiDiscrete', new MultiDiscrete([3, 4])],
    ['bits', new MultiBinary([2, 2])],
    ['a Tuple', new Tuple([new Box(-1, 1, [2]), new Discrete(3)])],
    ['a Dict', new Dict({ camera: new Box(0, 1, [2, 2]), at: new Tuple([new Discrete(3), new MultiBinary(2)]) })],
    ['a Dict with data and shape', new Dict({ data: new Box(0, 1, [2]), shape: new Discrete(3) })],
  ];

  test.each(observationSpaces)('observations in %s: values, and rows that are flat already', (_, observationSpace) => {
    const policy = create(name, new Discrete(3), { observationSpace });
    const value = observationSpace.sample(new Key(4));
    const flat = observationSpace.flatten(value);
    const structured = policy.value(policy.reset(), value as never).value;
    expect(structured.shape).toEqual([]);
    // An array for a scalar Box is one of elements: it has no dimension of its own.
    const shape = observationSpace instanceof Box && observationSpace.size === 1 ? [1] : [1, flat.length];
    const batched = policy.value(policy.reset({ batch: 1 }), Tensor.from(flat, { shape }));
    expect(batched.value.shape).toEqual([1]);
    expect(batched.value.dataSync()).toEqual(structured.dataSync());
    expect(policy.value(policy.reset(), flat).value).toEqual(structured);
  });

  test("an environment's spaces make a policy that acts in it", async () => {
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 4, key: 1 });
    const policy = create(name, environment.actionSpace, { observationSpace: environment.observationSpace });
    expect((await evaluatePolicy(policy, environment, { episodes: 8 })).returns).toHaveLength(8);
  });

  test('states are not changed, and results are theirs alone', () => {
    const policy = create(name, new Discrete(3));
    const state = policy.reset({ batch: 2 });
    const before = JSON.stringify(state);
    const observation = rows([2, 3]);
    const first = policy.actionAndValue(state, observation);
    policy.evaluateAction(first.state, observation, Int32Array.of(0, 1));
    policy.value(first.state, observation);
    expect(JSON.stringify(state)).toBe(before);
    expect(policy.actionAndValue(state, observation)).toEqual(first);
  });

  test('one key, one policy', () => {
    const parameters = (key: number) => create(name, new Discrete(3), { key }).parameters.flat();
    expect(parameters(1)).toEqual(parameters(1));
    expect(parameters(2)).not.toEqual(parameters(1));
  });

  test('choices in observations, one-hot', async () => {
    const observationSpace = new Dict({ gear: new Discrete(3), speed: new Box(-1, 1, [1]) });
    const policy = create(name, new Discrete(2), { observationSpace, oneHot: true });
    expect(policy.options.observationSpaceSize).toBe(4);
    const state = policy.reset({ batch: 2 });
    const structured = policy.value(state, { gear: [2, 0], speed: [[0.5], [-0.5]] }).value.dataSync();
    const flat = { data: Float32Array.of(0, 0, 1, 0.5, 1, 0, 0, -0.5), shape: [2, 4] };
    expect(structured).toEqual(policy.value(state, flat).value.dataSync());
    const again = Model.create(name, policy.metadata as never);
    expect(again.options.observationSpaceSize).toBe(4);
    await expectRejection(policy.serialize(path.join(folder, 'one-hot')), 'UNSUPPORTED', 'one-hot');
  });

  describe("compat: 'lerax'", () => {
    test('actions of a Box of two dimensions are flat, those of a scalar stay', () => {
      const policy = create(name, new Box(-1, 1, [2, 3]), { compat: 'lerax' });
      const state = policy.reset({ batch: 4 });
      const { action, logProb } = policy.actionAndValue(state, rows([4, 3]), { key: 1 });
      expect(action.shape).toEqual([4, 6]);
      const judged = policy.evaluateAction(state, rows([4, 3]), action);
      expect(judged.logProb.dataSync()[3]).toBeCloseTo(logProb.dataSync()[3] as number, 5);
      const scalar = create(name, new Box(-1, 1, []), { compat: 'lerax' });
      expect(scalar.call(state, rows([4, 3])).action.shape).toEqual([4]);
    });

    test('entropies of bits stay apart; they add up to that of the whole', () => {
      const space = new MultiBinary([2, 2]);
      const [ours, theirs] = [create(name, space), create(name, space, { compat: 'lerax' })];
      const state = ours.reset({ batch: 3 });
      const action = new Int32Array(12);
      const actionMask = { data: Uint8Array.from({ length: 12 }, (_, i) => Number(i % 4 > 0)), shape: [3, 4] };
      for (const options of [{}, { actionMask }]) {
        const whole = ours.evaluateAction(state, rows([3, 3]), action, options).entropy.dataSync();
        const { entropy } = theirs.evaluateAction(state, rows([3, 3]), action, options);
        expect(entropy.shape).toEqual([3, 2, 2]);
        const bits = entropy.dataSync();
        whole.forEach((sum, row) => {
          expect(bits.subarray(4 * row, 4 * row + 4).reduce((a, b) => a + b)).toBeCloseTo(sum, 6);
        });
        if ('actionMask' in options) expect(bits[0]).toBe(0);
      }
    });

    test('a mask for a Box is ignored', () => {
      const policy = create(name, new Box(-1, 1, [2]), { compat: 'lerax' });
      const state = policy.reset();
      const masked = policy.call(state, [0, 0, 0], { actionMask: [true, false] }).action;
      expect(masked).toEqual(policy.call(state, [0, 0, 0]).action);
    });
  });
});
