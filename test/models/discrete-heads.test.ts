// Heads of several choices and of bits: shapes, samples, masks, what forward gives, files, and what is refused.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  Bernoulli,
  bernoulli,
  Key,
  Model,
  type ModelOutputs,
  MultiCategorical,
  multiCategorical,
  type Node,
  type PolicyHead,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { filled, normals } from '../support/numbers.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-discrete-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sizes = [3, 1, 2, 5];

interface Head {
  head: (features: Node) => PolicyHead;
  /** Choices of each element of an action. */
  counts: number[];
  logits: number;
  distribution: typeof Bernoulli | typeof MultiCategorical;
}

const heads: Record<string, Head> = {
  multiCategorical: {
    head: (f) => multiCategorical(f.linear(11), sizes),
    counts: sizes,
    logits: 11,
    distribution: MultiCategorical,
  },
  bernoulli: { head: (f) => bernoulli(f.linear(6)), counts: [2, 2, 2, 2, 2, 2], logits: 6, distribution: Bernoulli },
};

function modelOf(head: (features: Node) => PolicyHead): Model {
  class Own extends Model {
    build(x: Node): ModelOutputs {
      const features = x.linear(8).tanh();
      return { policy: head(features), value: features.linear(1) };
    }
  }
  return new Own({ observationSpaceSize: 4, actionSpaceSize: 1, key: 3 });
}

const observations = (...batch: number[]) => {
  const rows = batch.reduce((a, b) => a * b, 1);
  return { data: filled(rows * 4, normals(2)), shape: [...batch, 4] };
};
const numbers = (tensor: { dataSync(): ArrayLike<number> }): number[] => Array.from(tensor.dataSync());

function close(actual: number[], expected: number[], tolerance = 2e-6): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((a, i) => {
    const b = expected[i] as number;
    expect(a === b || Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${i}: ${a}, expected ${b}`).toBe(true);
  });
}

describe.each(Object.entries(heads))('%s', (name, { head, counts, logits, distribution }) => {
  const model = modelOf(head);
  const k = counts.length;

  test.each([[[]], [[5]], [[2, 3]]])('shapes after the leading dimensions %j', (batch) => {
    const input = observations(...batch);
    const { action, latent, logProb, value } = model.act(input, { key: 1 });
    expect([action.dtype, latent.dtype]).toEqual(['int32', 'float32']);
    expect([action.shape, latent.shape]).toEqual([
      [...batch, k],
      [...batch, k],
    ]);
    expect([logProb.shape, value.shape]).toEqual([batch, [...batch, 1]]);
    expect(numbers(action)).toEqual(numbers(latent));
    const { policy } = model.forward(input);
    expect([policy.batchShape, policy.eventShape]).toEqual([batch, [k]]);
  });

  test('forward, act, evaluate and latent agree', () => {
    const input = observations(70);
    const { action, latent, logProb } = model.act(input, { key: 1 });
    const { policy } = model.forward(input);
    expect(policy).toBeInstanceOf(distribution);
    const dist = policy as MultiCategorical;
    const evaluated = model.evaluate(input, action);
    close(numbers(evaluated.logProb), numbers(logProb));
    close(numbers(model.evaluate(input, latent, { latent: true }).logProb), numbers(logProb));
    close([...dist.logProb(action as never).data], numbers(logProb));
    close([...dist.entropy().data], numbers(evaluated.entropy));
    expect(numbers(model.act(input, { deterministic: true }).action)).toEqual([...dist.mode().data]);
    // The same key gives the same noise, whoever draws it.
    expect([...dist.sample(new Key(1)).data]).toEqual(numbers(action));
  });

  test('noise does not depend on how rows are split', () => {
    const input = observations(300);
    const { action } = model.act(input, { key: 4 });
    const first = model.act({ data: input.data.subarray(0, 8), shape: [2, 4] }, { key: 4 });
    expect(numbers(first.action)).toEqual(numbers(action).slice(0, 2 * k));
  });

  test('a bound step writes what act gives', () => {
    const input = observations(20);
    const mask = Uint8Array.from({ length: 20 * logits }, (_, i) => (i % logits === 0 ? 0 : 1));
    const arrays = { action: new Int32Array(20 * k), logProb: new Float32Array(20), value: new Float32Array(20) };
    model.bind({ observation: input.data, ...arrays, mask, key: 5 }).step();
    const want = model.act(input, { key: 5, mask });
    expect([...arrays.action]).toEqual(numbers(want.action));
    expect([...arrays.logProb]).toEqual(numbers(want.logProb));
  });

  test('what a mask forbids is never drawn, is impossible, and has no gradient', () => {
    const rows = 200;
    const input = observations(rows);
    const mask = Uint8Array.from({ length: rows * logits }, (_, i) => (i % logits === 0 ? 0 : 1));
    const { action, logProb } = model.act(input, { key: 1, mask });
    const drawn = numbers(action);
    // Logit 0 is choice 0 of the first categorical, and the first bit being 1.
    const forbidden = name === 'bernoulli' ? 1 : 0;
    expect(drawn.filter((_, i) => i % k === 0)).not.toContain(forbidden);
    close(numbers(model.evaluate(input, action, { mask }).logProb), numbers(logProb));
    const against = Int32Array.from(drawn, (choice, i) => (i % k === 0 ? forbidden : choice));
    const { logProb: impossible, entropy } = model.evaluate(input, { data: against, shape: [rows, k] }, { mask });
    expect(new Set(numbers(impossible))).toEqual(new Set([Number.NEGATIVE_INFINITY]));
    const ones = new Float32Array(rows).fill(1);
    const { parameters } = model.gradient(input, action, { mask, dLogProb: ones, dEntropy: ones });
    const isBias = (key: string) => key.endsWith('bias') && parameters[key]?.length === logits;
    const bias = Object.keys(parameters).find(isBias) as string;
    expect(parameters[bias]?.[0]).toBe(0);
    expect(Object.values(parameters).every((each) => each.every(Number.isFinite))).toBe(true);
    // Not even where it was chosen.
    const chosen = model.gradient(input, { data: against, shape: [rows, k] }, { mask, dLogProb: ones }).parameters;
    expect(chosen[bias]?.[0]).toBe(0);
    // The same mask on the distribution.
    const { policy } = model.forward(input);
    const given = {
      logits: (policy as Bernoulli).logits,
      mask: { data: Float32Array.from(mask), shape: [rows, logits] },
    };
    const dist =
      name === 'bernoulli' ? new Bernoulli({ ...given, eventNdims: 1 }) : new MultiCategorical({ ...given, sizes });
    close([...dist.entropy().data], numbers(entropy));
    close([...dist.logProb({ data: Int32Array.from(drawn), shape: [rows, k] }).data], numbers(logProb));
  });

  test('refuses masks and actions that do not fit', () => {
    const input = observations(2);
    const mask = new Uint8Array(2 * logits).fill(1);
    expectError(() => model.act(input, { key: 1, mask: mask.slice(1) }), 'INVALID_SHAPE', 'mask', `[2, ${logits}]`);
    const wrong = mask.map((m, i) => (i === logits + 1 ? 3 : m));
    expectError(() => model.act(input, { key: 1, mask: wrong }), 'INVALID_MASK', 'row 1, action 1', 'got 3');
    const action = new Int32Array(2 * k);
    expectError(() => model.evaluate(input, action.subarray(1)), 'INVALID_SHAPE', 'action', `[2, ${k}]`);
    const beyond = action.map((_, i) => (i === k + 2 ? 2 : 0));
    expectError(() => model.evaluate(input, beyond), 'OUT_OF_RANGE', 'row 1, component 2', 'from 0 to 1, got 2');
    expectError(
      () =>
        model.evaluate(
          input,
          Float32Array.from(action, () => 0.5),
        ),
      'OUT_OF_RANGE',
      'got 0.5',
    );
    const short = { observation: input.data, logProb: new Float32Array(2), value: new Float32Array(2), key: 1 };
    expectError(() => model.bind({ ...short, action: new Int32Array(2) }), 'INVALID_SHAPE', 'action', `${2 * k}`);
  });

  test('comes back from a file, without its class', async () => {
    const file = path.join(folder, `${name}.safetensors`);
    await model.save(file);
    const loaded = await Model.load(file);
    expect(loaded.program).toEqual(model.program);
    const input = observations(9);
    expect(numbers(loaded.act(input, { key: 6 }).action)).toEqual(numbers(model.act(input, { key: 6 }).action));
    expect(loaded.options).toMatchObject({ discrete: true });
  });
});

test('a categorical without a choice is named by row and component; bits need none', () => {
  const input = observations(2);
  const several = modelOf((heads.multiCategorical as Head).head);
  const none = Uint8Array.from({ length: 22 }, (_, i) => (i === 11 + 4 || i === 11 + 5 ? 0 : 1));
  const refusal = ['INVALID_MASK', 'row 1', 'none of the 2 choices of component 2'] as const;
  expectError(() => several.act(input, { key: 1, mask: none }), ...refusal);
  const arrays = { action: new Int32Array(8), logProb: new Float32Array(2), value: new Float32Array(2) };
  const step = several.bind({ observation: input.data, ...arrays, mask: none, key: 1 });
  expectError(() => step.step(), ...refusal);
  const bits = modelOf((heads.bernoulli as Head).head);
  const { action, logProb } = bits.act(input, { key: 1, mask: new Uint8Array(12) });
  expect([...numbers(action), ...numbers(logProb)]).toEqual(new Array(14).fill(0));
});

test('ties: the first of the largest logits, and no bit', () => {
  const still = (head: (x: Node) => PolicyHead) => {
    const model = modelOf((f) => head(f.scale(0)));
    return numbers(model.act(observations(), { deterministic: true }).action);
  };
  expect(still((x) => multiCategorical(x, [3, 5]))).toEqual([0, 0]);
  expect(still((x) => bernoulli(x))).toEqual(new Array(8).fill(0));
});

test('logits of any size: log-probabilities and gradients are exact', () => {
  class Direct extends Model {
    build(x: Node): ModelOutputs {
      return { policy: bernoulli(x), value: x.slice(0, 1).scale(0) };
    }
  }
  const model = new Direct({ observationSpaceSize: 4, actionSpaceSize: 4 });
  const logits = [60, -300, 1e30, -1e30];
  const unlikely = model.evaluate(logits, [0, 1, 0, 0]);
  expect(numbers(unlikely.logProb)).toEqual([Math.fround(-1e30)]);
  const likely = model.evaluate(logits, [1, 0, 1, 0]);
  expect(numbers(likely.logProb)[0] as number).toBeCloseTo(-Math.exp(-60), 30);
  expect(numbers(likely.entropy)[0] as number).toBeCloseTo(61 * Math.exp(-60), 30);
  const { observation } = model.gradient(logits, [0, 1, 0, 0], {
    dLogProb: Float32Array.of(1),
    dEntropy: Float32Array.of(1),
  });
  expect([...observation]).toEqual([-1, 1, -1, 0]);
});

test('the mean of the entropies of bits, and its gradient', () => {
  const [sum, mean] = [
    modelOf((f) => bernoulli(f.linear(6))),
    modelOf((f) => bernoulli(f.linear(6), { meanEntropy: true })),
  ];
  const input = observations(5);
  const action = { data: new Int32Array(30), shape: [5, 6] };
  close(
    numbers(mean.evaluate(input, action).entropy),
    numbers(sum.evaluate(input, action).entropy).map((h) => h / 6),
  );
  const [dEntropy, zero] = [new Float32Array(5).fill(1), new Float32Array(5)];
  const [a, b] = [mean, sum].map((each) => each.gradient(input, action, { dEntropy, dLogProb: zero }).observation);
  close(
    [...(a as Float32Array)],
    [...(b as Float32Array)].map((d) => d / 6),
  );
  expect(mean.program.head).toMatchObject({ kind: 'bernoulli', meanEntropy: true });
});

test('what the heads themselves refuse', () => {
  const make = (head: (x: Node) => PolicyHead) => () => modelOf(head).program;
  expectError(
    make((x) => multiCategorical(x, [3, 4])),
    'INVALID_SHAPE',
    'sizes',
    'add up to 7',
    '8 logits',
  );
  expectError(
    make((x) => multiCategorical(x, [8, 0])),
    'INVALID_ARGUMENT',
    'sizes[1]',
    'got 0',
  );
  expectError(
    make((x) => multiCategorical(x, 8 as never)),
    'INVALID_ARGUMENT',
    'sizes',
    'got 8',
  );
  expectError(
    make(() => multiCategorical(3 as never, [3])),
    'INVALID_ARGUMENT',
    'logits of multiCategorical',
    'got 3',
  );
  expectError(
    make(() => bernoulli([1] as never)),
    'INVALID_ARGUMENT',
    'logits of bernoulli',
    'got [1]',
  );
  expectError(
    make((x) => bernoulli(x, { meanEntropy: 1 as never })),
    'INVALID_ARGUMENT',
    'meanEntropy',
    'got 1',
  );
  expectError(
    make((x) => bernoulli(x, { mean: true } as never)),
    'UNKNOWN_OPTION',
    'mean',
  );
});

test('files whose head is damaged are refused', async () => {
  const file = path.join(folder, 'damaged.safetensors');
  await modelOf((heads.multiCategorical as Head).head).save(file);
  const bytes = readFileSync(file);
  const at = bytes.indexOf('[3,1,2,5]');
  expect(at).toBeGreaterThan(0);
  bytes.write('[3,1,2,6]', at);
  writeFileSync(file, bytes);
  await expect(Model.load(file)).rejects.toMatchObject({ code: 'CORRUPT_FILE', message: /head\.sizes: 12 logits/ });
});
