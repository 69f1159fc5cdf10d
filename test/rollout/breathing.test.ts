// Collecting and evaluating on the JavaScript thread give way to the event loop.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import {
  Discrete,
  type Environment,
  evaluatePolicy,
  Key,
  Model,
  Rollout,
  SyncVectorEnvironment,
} from '../../lib/index.js';
import { Box } from '../../lib/spaces/box.js';

/** Every step keeps the thread busy for a millisecond; episodes of 100 steps. */
class Slow implements Environment<Discrete> {
  readonly observationSpace = new Box(-1, 1, [1]);
  readonly actionSpace = new Discrete(2);
  #t = 0;

  reset(): [number[], Record<string, unknown>] {
    this.#t = 0;
    return [[0], {}];
  }

  step(): [number[], number, boolean, boolean, Record<string, unknown>] {
    for (const until = performance.now() + 1; performance.now() < until; );
    return [[0], 1, ++this.#t === 100, false, {}];
  }
}

it.each(['collect', 'evaluate'])('%s', async (what) => {
  const model = Model.create('SharedActorCritic', { observationSpaceSize: 1, actionSpaceSize: 2, discrete: true });
  const environment = new SyncVectorEnvironment({ make: () => new Slow(), count: 2 });
  const rollout = new Rollout({ model, environment, horizon: 200 });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  if (what === 'collect') await rollout.collect(new Key(1));
  else await evaluatePolicy(model, environment, { episodes: 4 });
  delay.disable();
  // 400 ms of work, in pieces of 8 ms and a step of 2; on a busy machine some of them take longer.
  expect(delay.count).toBeGreaterThan(20);
  expect(delay.percentile(50) / 1e6).toBeLessThan(20);
});
