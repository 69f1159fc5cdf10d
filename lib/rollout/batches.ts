// rollout: what a policy does in environments, batch after batch, as tensors.
import type { NativeEpisodes } from '../addon/native-rollout.js';
import { options } from '../core/check.js';
import type { VectorEnvironment } from '../envs/environment.js';
import type { Model } from '../models/model.js';
import { Key } from '../random/key.js';
import { Tensor } from '../tensor/tensor.js';
import { type Column, Rollout, type RolloutOptions } from './rollout.js';

/** Options of `rollout`. */
export interface RolloutLoopOptions extends Omit<RolloutOptions, 'model' | 'environment'> {
  /** Noise of actions; step t of all steps draws from its place t. Default seed 1. */
  key?: Key | number | bigint;
}

/** One rollout. Columns are copied when they are read, until the next turn of the loop. */
export class RolloutBatch {
  /** Of this batch: counted from 0. */
  readonly index: number;
  /** Sums over the episodes that ended in it. */
  readonly episodes: NativeEpisodes;
  /** What holds it: for advantages, and for training. */
  readonly rollout: Rollout;

  /** Internal: `rollout` makes it. */
  constructor(index: number, episodes: NativeEpisodes, rollout: Rollout) {
    this.index = index;
    this.episodes = episodes;
    this.rollout = rollout;
  }

  /** [horizon][environments][observation size]: what the policy saw. */
  get observation(): Tensor<'float32'> {
    return this.#column('observation');
  }

  /** [horizon][environments][action size]: what it did, before the bijector; for discrete actions the indices as floats. */
  get latent(): Tensor<'float32'> {
    return this.#column('latent');
  }

  /** [horizon][environments], as all below. */
  get logProb(): Tensor<'float32'> {
    return this.#column('log_prob');
  }

  get value(): Tensor<'float32'> {
    return this.#column('value');
  }

  get reward(): Tensor<'float32'> {
    return this.#column('reward');
  }

  /** 1 where the step ended an episode. */
  get terminated(): Tensor<'float32'> {
    return this.#column('terminated');
  }

  get truncated(): Tensor<'float32'> {
    return this.#column('truncated');
  }

  #column(name: Column): Tensor<'float32'> {
    const { horizon, environment } = this.rollout;
    const data = this.rollout.read(name);
    const rows = horizon * environment.count;
    const width = name === 'observation' || name === 'latent' ? [data.length / rows] : [];
    return Tensor.view(data, [horizon, environment.count, ...width]) as Tensor<'float32'>;
  }
}

/**
 * Rollouts without end, each going on from where the last one stopped; leaving the loop frees them, and model and environment stay.
 *
 *     for await (const { observation, reward, episodes } of rollout(environment, model, { horizon: 64, key: 1 })) …
 */
export async function* rollout(
  environment: VectorEnvironment,
  model: Model<object>,
  settings: RolloutLoopOptions,
): AsyncGenerator<RolloutBatch, void, undefined> {
  options('rollout', settings, ['horizon', 'segmentLength', 'burnIn', 'key']);
  const { key, ...rest } = settings ?? {};
  const collected = new Rollout({ ...(rest as RolloutLoopOptions), model, environment });
  const first = Key.from(key ?? 1);
  try {
    for (let index = 0; ; index++) {
      const episodes = await collected.collect(first.at(first.counter + index * collected.horizon));
      yield new RolloutBatch(index, episodes, collected);
    }
  } finally {
    collected.dispose();
  }
}
