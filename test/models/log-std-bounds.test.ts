// Bounds of the logarithm of the standard deviation: what is computed within and beyond them, and which way gradients go.
import { describe, expect, test } from 'vitest';
import { Model, type ModelOptions } from '../../lib/index.js';
import { expectError } from '../support/errors.js';

const bounds = [-1, 0.5] as const;
const observation = Float32Array.from({ length: 15 }, (_, k) => Math.sin(k));
const latent = Float32Array.from({ length: 10 }, (_, k) => Math.cos(3 * k));
const rows = { data: observation, shape: [5, 3] };
const actions = { data: latent, shape: [5, 2] };

function make(name: string, more: object): Model {
  const options: ModelOptions = { observationSpaceSize: 3, actionSpaceSize: 2, key: 1 };
  return Model.create(name, { ...options, ...more });
}

const names = ['SharedActorCritic', 'ActorCritic', 'LSTMActorCritic', 'MinGRUActorCritic'];

function evaluate(model: Model): Float32Array[] {
  const { logProb, entropy } = model.evaluate(rows, actions, { latent: true });
  return [logProb.dataSync(), entropy.dataSync()];
}

/** Gradients of the sum of log-probabilities and entropies. */
function scaleGradient(model: Model, parameter: string): Float32Array {
  const ones = new Float32Array(5).fill(1);
  return model.gradient(rows, actions, { dLogProb: ones, dEntropy: ones }).parameters[parameter] as Float32Array;
}

describe.each(names)('%s', (name) => {
  test('a parameter beyond them counts as the nearest, and within them as it is', () => {
    const [bounded, free] = [make(name, { logStdBounds: bounds }), make(name, {})];
    free.parameters.set('_log_std', Float32Array.of(-1, 0.5));
    bounded.parameters.set('_log_std', Float32Array.of(-3, 2));
    expect(evaluate(bounded)).toEqual(evaluate(free));
    for (const model of [bounded, free]) model.parameters.set('_log_std', Float32Array.of(-0.9, 0.3));
    expect(evaluate(bounded)).toEqual(evaluate(free));
  });

  test('a head beyond them counts as the nearest', () => {
    const [low, high] = [-1.6, -1.5];
    const [bounded, free] = [true, false].map((b) =>
      make(name, { actorSigmaHead: true, ...(b && { logStdBounds: [low, high] }) }),
    ) as [Model, Model];
    // softplus(-1) = 0.313, whose logarithm is -1.16: beyond the upper bound wherever the features are.
    const entropy = 2 * (0.5 * Math.log(2 * Math.PI * Math.E) + high);
    for (const value of evaluate(bounded)[1] as Float32Array) expect(value).toBeCloseTo(entropy, 5);
    expect(evaluate(bounded)[1]).not.toEqual(evaluate(free)[1]);
  });

  test('their gradient is 0 beyond, or that of the nearest', () => {
    const at = (more: object, ...logStd: number[]): Float32Array => {
      const model = make(name, more);
      model.parameters.set('_log_std', Float32Array.from(logStd));
      return scaleGradient(model, '_log_std');
    };
    const inside = at({}, -1, 0.5);
    expect(Math.min(...inside.map(Math.abs))).toBeGreaterThan(1e-2);
    expect([...at({ logStdBounds: bounds }, -3, 2)]).toEqual([0, 0]);
    expect(at({ logStdBounds: bounds, logStdGradient: 'pass' }, -3, 2)).toEqual(inside);
    expect(at({ logStdBounds: bounds }, -0.9, 0.3)).toEqual(at({}, -0.9, 0.3));
  });
});

test.each([[[1, 1]], [[1]], [[0, Number.NaN]], ['wide'], [[0, 1, 2]]])('%j are refused', (logStdBounds) => {
  expectError(() => make('SharedActorCritic', { logStdBounds }), 'INVALID_ARGUMENT', 'logStdBounds');
});

test('a gradient of another name is refused', () => {
  const more = { logStdBounds: bounds, logStdGradient: 'through' };
  expectError(() => make('SharedActorCritic', more), 'UNKNOWN_NAME', 'logStdGradient');
});

test('files keep them', async () => {
  const { metadata } = make('SharedActorCritic', { logStdBounds: bounds, logStdGradient: 'pass' });
  expect(metadata).toMatchObject({ logStdBounds: [-1, 0.5], logStdGradient: 'pass' });
});
