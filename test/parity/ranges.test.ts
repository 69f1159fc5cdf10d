// On the device cuda (emulated, unless TORSOR_PARITY=device) too, a rollout filled in ranges of rows is that of all rows at once, bit for bit.
import { beforeAll, describe, expect, it } from 'vitest';
import { Model } from '../../lib/index.js';
import { choices, observationSize, trainInRanges } from '../support/in-ranges.js';
import { buildTimeout, useCuda } from './emulated.js';

beforeAll(useCuda, buildTimeout);

describe.each(['SharedActorCritic', 'LSTMActorCritic'])('%s', (name) => {
  it('cuts change nothing', async () => {
    const sizes = { observationSpaceSize: observationSize, actionSpaceSize: choices, discrete: true, key: 3 };
    const model = () => Model.create(name, { ...sizes, device: 'cuda' } as never) as Model<object>;
    const settings = { masks: true, seed: 0, burnIn: name === 'SharedActorCritic' ? 0 : 3 };
    const expected = await trainInRanges(model(), [0], settings);
    expect(await trainInRanges(model(), [0, 1, 20, 37], settings)).toEqual(expected);
  });
});
