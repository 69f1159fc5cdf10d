// A rollout filled in ranges of rows, each at its own step, is that of all rows at once, bit for bit, and so is what is trained on it.
import { describe, expect, it } from 'vitest';
import { Key, Model } from '../../lib/index.js';
import { Rollout } from '../../lib/rollout/rollout.js';
import { choices, madeUp, observationSize, trainInRanges } from '../support/in-ranges.js';

const modelFor = (name: string) =>
  Model.create(name, {
    observationSpaceSize: observationSize,
    actionSpaceSize: choices,
    discrete: true,
    key: 3,
  } as never) as Model<object>;

describe.each(['SharedActorCritic', 'LSTMActorCritic', 'MinGRUActorCritic'])('%s', (name) => {
  const burnIn = name === 'SharedActorCritic' ? 0 : 3;

  it.each([false, true])('with masks: %s', async (masks) => {
    const expected = await trainInRanges(modelFor(name), [0], { masks, seed: 1, burnIn });
    // Single rows, less than a vector, and more than a tile: each has kernels of its own.
    for (const cuts of [
      [0, 35],
      [0, 1, 2, 5, 69],
      [0, 3, 20, 27],
    ])
      for (const seed of [0, 1, 2])
        expect(await trainInRanges(modelFor(name), cuts, { masks, seed, burnIn }), String(cuts)).toEqual(expected);
  });
});

it('ranges lie within the environments', () => {
  const environment = madeUp(5);
  const { native } = new Rollout({ model: modelFor('SharedActorCritic'), environment, horizon: 2 });
  native.bindAct(new Float32Array(5 * observationSize), null, new Int32Array(5), new Key(1).native);
  const act = (first: number, rows?: number) => native.act(0, first, rows);
  act(4);
  act(1, 4);
  for (const [first, rows] of [
    [5, 1],
    [-1, 1],
    [2, 4],
    [2, 0],
  ] as const)
    expect(() => act(first, rows)).toThrow(rows === 1 ? /^first: / : /^rows: /);
  const flags = new Uint8Array(5);
  native.bindRecord(new Float32Array(5), flags, flags, new Float32Array(5 * observationSize));
  expect(() => native.record(0, 3, 3)).toThrow(/^rows: /);
});
