// rollout: the loop over batches is the same as class Rollout, column by column.
import { expect, it } from 'vitest';
import { Key, Model, NativeVectorEnvironment, Rollout, rollout } from '../../lib/index.js';
import { expectError, expectRejection } from '../support/errors.js';

const make = () => new NativeVectorEnvironment({ name: 'CartPole-v1', count: 5, key: 3 });
const model = Model.create('SharedActorCritic', {
  observationSpaceSize: 4,
  actionSpaceSize: 2,
  discrete: true,
  key: 1,
});

it('gives batch after batch with the shapes it says', async () => {
  const expected = new Rollout({ model, environment: make(), horizon: 30 });
  let kept: { rollout: Rollout } | undefined;
  let [batches, ended] = [0, 0];
  for await (const batch of rollout(make(), model, { horizon: 30, key: 7 })) {
    const { observation, latent, logProb, value, reward, terminated, truncated, episodes } = batch;
    expect(await expected.collect(new Key(7).at(30 * batch.index))).toEqual(episodes);
    expect([observation.shape, latent.shape, reward.shape]).toEqual([
      [30, 5, 4],
      [30, 5, 1],
      [30, 5],
    ]);
    expect(observation.dataSync()).toEqual(expected.read('observation'));
    expect(latent.dataSync()).toEqual(expected.read('latent'));
    expect(logProb.dataSync()).toEqual(expected.read('log_prob'));
    expect(value.dataSync()).toEqual(expected.read('value'));
    expect(terminated.dataSync()).toEqual(expected.read('terminated'));
    expect(truncated.dataSync()).toEqual(expected.read('truncated'));
    ended += episodes.count;
    kept = batch;
    if (++batches === 3) break;
  }
  expect(ended).toBeGreaterThan(3);
  // Leaving the loop frees it.
  expectError(() => kept?.rollout.read('value'), 'DISPOSED');
});

it('checks its options', async () => {
  await expectRejection(rollout(make(), model, { horizon: 0 }).next(), 'INVALID_ARGUMENT', 'horizon');
  await expectRejection(rollout(make(), model, { horizont: 4 } as never).next(), 'UNKNOWN_OPTION', 'horizont');
});
