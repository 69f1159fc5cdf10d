// Device memory of models: counted, given back by dispose, and with the garbage where nobody disposed.
import { beforeEach, expect, test } from 'vitest';
import { Model, memory } from '../../lib/index.js';
import { collectGarbage } from '../support/garbage.js';

beforeEach(collectGarbage);

const create = () => Model.create('ActorCritic', { observationSpaceSize: 3, actionSpaceSize: 2, key: 1 });

/** Everything a model can do, so that everything it keeps for later is there. */
function use(model: Model<object>): void {
  const observation = { data: new Float32Array(3 * 300), shape: [300, 3] };
  model.forward(observation);
  const { latent } = model.act(observation, { key: 1 });
  model.evaluate(observation, latent, { latent: true });
  model.gradient(observation, latent, { dValue: new Float32Array(300).fill(1) });
  const floats = (length: number): Float32Array => new Float32Array(length);
  model.bind({ observation: floats(3), action: floats(2), logProb: floats(1), value: floats(1), key: 1 }).step();
}

test('dispose gives back all of it, at once', () => {
  const before = memory();
  const models = Array.from({ length: 5 }, create);
  models.forEach(use);
  expect(memory().bytes - before.bytes).toBeGreaterThan(5 * 4 * (models[0] as Model).parameters.count);
  for (const model of models) model.dispose();
  expect(memory()).toEqual(before);
});

test('use again and again takes no more', () => {
  const model = create();
  use(model);
  const after = memory();
  for (let i = 0; i < 50; i++) use(model);
  expect(memory()).toEqual(after);
  model.dispose();
});

test('a model nobody refers to goes with the garbage', async () => {
  const before = memory();
  (() => Array.from({ length: 5 }, create).forEach(use))();
  expect(memory().buffers).toBeGreaterThan(before.buffers);
  await collectGarbage();
  expect(memory()).toEqual(before);
});

test('a model that could not be made keeps nothing', async () => {
  const before = memory();
  for (let i = 0; i < 5; i++) {
    expect(() =>
      Model.create('ActorCritic', { observationSpaceSize: 3, actionSpaceSize: 2, actorArchitecture: [0] }),
    ).toThrow();
  }
  await collectGarbage();
  expect(memory()).toEqual(before);
});
