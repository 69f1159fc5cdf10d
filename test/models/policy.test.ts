// forward, act and evaluate: shapes for any leading dimensions, and that the three agree with each other.
import { describe, expect, test } from 'vitest';
import type { NdArray } from '../../lib/bijectors/array.js';
import {
  Categorical,
  type Distribution,
  Key,
  Model,
  MultivariateNormalDiag,
  Tensor,
  Transformed,
} from '../../lib/index.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { filled, normals } from '../support/numbers.js';

const observationSpaceSize = 4;
const options = { observationSpaceSize, architecture: [8, 7], key: 3 };
const box = { type: 'box', kw: { low: [-1, -2], high: [1, 3] } };
/** Parameters as after some training: initial ones hide what biases and small critics do wrong. */
function trained(name: string, more: Record<string, unknown>): Model<object> {
  const { architecture, ...rest } = options;
  const widths =
    name === 'ActorCritic' ? { actorArchitecture: architecture, criticArchitecture: [6] } : { architecture };
  const model = Model.create(name, { ...rest, ...widths, actionSpaceSize: 2, ...more });
  const next = normals(5);
  for (const parameter of model.parameters.names) {
    const values = model.parameters.get(parameter);
    model.parameters.set(
      parameter,
      values.map((x) => x + 0.2 * next()),
    );
  }
  return model;
}

const models: [string, Model<object>][] = ['SharedActorCritic', 'ActorCritic'].flatMap((name) => [
  [`${name}, free`, trained(name, {})],
  [`${name}, box, sigma head`, trained(name, { actionSpace: box, actorSigmaHead: true })],
  [`${name}, maxnorm`, trained(name, { actionSpace: 'maxnorm' })],
  [`${name}, discrete`, trained(name, { discrete: true, actionSpaceSize: 5 })],
]);

const observations = (...batch: number[]) => ({
  data: filled(sizeOf(batch) * observationSpaceSize, normals(9)),
  shape: [...batch, observationSpaceSize],
});

const numbers = (tensor: Tensor): number[] => [...tensor.dataSync()];
const close = (a: readonly number[], b: readonly number[], tolerance = 1e-6): void => {
  expect(a.length).toBe(b.length);
  for (const [i, x] of a.entries())
    expect(Math.abs(x - (b[i] as number)) / (1 + Math.abs(x)), `${i}`).toBeLessThan(tolerance);
};

describe.each(models)('%s', (_, model) => {
  const { discrete, actionSpaceSize: n } = model.options;
  const event = discrete ? [] : [n];

  test.each([[[]], [[1]], [[5]], [[3, 2]], [[2, 3, 2]], [[0]], [[2, 0]]])('batches of shape %j', (batch: number[]) => {
    const input = observations(...batch);
    const { policy, value } = model.forward(input);
    const { action, latent, logProb, value: again } = model.act(input, { key: 1 });
    const evaluated = model.evaluate(input, action);
    expect(policy.batchShape).toEqual(batch);
    expect(policy.eventShape).toEqual(event);
    expect([value.shape, again.shape, evaluated.value.shape]).toEqual(Array(3).fill([...batch, 1]));
    expect([action.shape, latent.shape]).toEqual(Array(2).fill([...batch, ...event]));
    expect([logProb.shape, evaluated.logProb.shape, evaluated.entropy.shape]).toEqual(Array(3).fill(batch));
    expect(action.dtype).toBe(discrete ? 'int32' : 'float32');
    expect(numbers(value)).toEqual(numbers(again));
  });

  test('leading dimensions are only a way to write rows', () => {
    const input = observations(2, 3, 2);
    const flat = { data: input.data, shape: [12, observationSpaceSize] };
    const [a, b] = [model.act(input, { key: 8 }), model.act(flat, { key: 8 })];
    for (const name of ['action', 'latent', 'logProb', 'value'] as const)
      expect(numbers(a[name])).toEqual(numbers(b[name]));
  });

  test('observations may come in any form', () => {
    const { data, shape } = observations(3);
    const nested = Array.from({ length: 3 }, (_, r) => [...data.subarray(r * 4, r * 4 + 4)]);
    const shared = new Float32Array(new SharedArrayBuffer(data.byteLength));
    shared.set(data);
    const tensor = Tensor.from(data, { shape });
    const forms = [data, nested, shared, tensor, { data, shape }, Tensor.view(data, shape)];
    const values = forms.map((form) => numbers(model.forward(form).value));
    for (const value of values) expect(value).toEqual(values[0]);
    expect(model.forward(data.subarray(0, 4)).value.shape).toEqual([1]);
  });

  test('a latent action has the log-probability that act gave it', () => {
    const input = observations(70);
    const { latent, logProb, value } = model.act(input, { key: 2 });
    const evaluated = model.evaluate(input, latent, { latent: true });
    close(numbers(evaluated.logProb), numbers(logProb));
    close(numbers(evaluated.value), numbers(value));
  });

  test('so has the action itself, as far as its rounding allows', () => {
    const input = observations(70);
    const { action, logProb } = model.act(input, { key: 2 });
    close(numbers(model.evaluate(input, action).logProb), numbers(logProb), discrete ? 1e-6 : 2e-3);
  });

  test('the distribution of forward agrees with act and evaluate', () => {
    const input = observations(20);
    const { policy } = model.forward(input);
    const { action, latent, logProb } = model.act(input, { key: 2 });
    const { entropy } = model.evaluate(input, action);
    expect(policy).toBeInstanceOf(
      discrete ? Categorical : model.options.actionSpace ? Transformed : MultivariateNormalDiag,
    );
    close([...(policy as Distribution).entropy().data], numbers(entropy), 2e-5);
    const given = { data: Float32Array.from(numbers(latent)), shape: latent.shape };
    const logDet = policy instanceof Transformed ? policy.bijector.forwardLogDet(given).data : new Float32Array(20);
    const ofLatent = discrete
      ? (policy as Categorical).logProb(numbers(latent))
      : (policy instanceof Transformed ? policy.distribution : (policy as MultivariateNormalDiag)).logProb(given);
    const expected = [...ofLatent.data].map((p, i) => p - (logDet[i] as number));
    close(expected, numbers(logProb), 2e-5);
  });

  test('without noise, the mode', () => {
    const input = observations(20);
    const { policy } = model.forward(input);
    const base = policy instanceof Transformed ? policy.distribution : policy;
    const { action, latent } = model.act(input, { deterministic: true });
    const mode = base.mode();
    close(numbers(latent), [...mode.data]);
    const image = policy instanceof Transformed ? policy.bijector.forward(mode as NdArray) : mode;
    close(numbers(action), [...image.data], 1e-5);
    expect(numbers(model.act(input, { deterministic: true, key: 99 }).action)).toEqual(numbers(action));
  });

  test('the same key gives the same action, another one another', () => {
    const input = observations(20);
    const draw = (key: Key): number[] => numbers(model.act(input, { key }).latent);
    expect(draw(new Key(4))).toEqual(draw(new Key(4)));
    expect(draw(new Key(4))).not.toEqual(draw(new Key(4).next()));
    expect(draw(new Key(4))).not.toEqual(draw(new Key(5)));
  });

  test('a row draws the same noise alone and in a batch', () => {
    const input = observations(100);
    const many = numbers(model.act(input, { key: 6 }).latent);
    const one = numbers(model.act({ data: input.data.subarray(0, 4), shape: [4] }, { key: 6 }).latent);
    close(one, many.slice(0, one.length), 1e-5);
  });
});

describe('masks', () => {
  const model = trained('SharedActorCritic', { discrete: true, actionSpaceSize: 3 });
  const input = observations(200);
  const mask = Tensor.from(
    Array.from({ length: 200 }, (_, row) => [row % 2, 1, (row + 1) % 2]),
    { dtype: 'uint8' },
  );
  const forbidden = (row: number): number => (row % 2 === 0 ? 0 : 2);

  test('what they forbid is never chosen, with or without noise', () => {
    for (const given of [{ key: 1 }, { key: 2 }, { deterministic: true }]) {
      const chosen = numbers(model.act(input, { ...given, mask }).action);
      expect(chosen.every((action, row) => action !== forbidden(row))).toBe(true);
    }
  });

  test('the rest is shared out among what they allow', () => {
    const { logProb, action } = model.act(input, { key: 1, mask });
    close(numbers(model.evaluate(input, action, { mask }).logProb), numbers(logProb));
    const probability = [0, 1, 2].map((k) => {
      const all = Int32Array.from({ length: 200 }, () => k);
      return numbers(model.evaluate(input, all, { mask }).logProb).map(Math.exp);
    }) as [number[], number[], number[]];
    for (let row = 0; row < 200; row++) {
      expect((probability[forbidden(row)] as number[])[row]).toBe(0);
      expect(probability.reduce((sum, p) => sum + (p[row] as number), 0)).toBeCloseTo(1, 5);
    }
  });

  test('a mask that allows everything changes nothing', () => {
    const [without, withAll] = [
      model.act(input, { key: 1 }),
      model.act(input, { key: 1, mask: new Uint8Array(600).fill(1) }),
    ];
    expect(numbers(withAll.logProb)).toEqual(numbers(without.logProb));
  });

  test('may be booleans', () => {
    const { action } = model.act([1, 2, 3, 4], { deterministic: true, mask: [false, true, false] });
    expect(action.item()).toBe(1);
  });
});
