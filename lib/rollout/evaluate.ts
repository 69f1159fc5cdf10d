// evaluatePolicy: the returns of whole episodes.
import { boolean, options, positiveInteger, required } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { VectorEnvironment } from '../envs/environment.js';
import type { Model } from '../models/model.js';
import { Key } from '../random/key.js';
import { breather } from './breather.js';
import { allocateActions, checkFits } from './fits.js';

export interface EvaluationOptions {
  /** Whole episodes to run. Default 100. */
  episodes?: number;
  /** The mode of the policy instead of a sample. Default true. */
  deterministic?: boolean;
  /** Noise of a stochastic policy. Default seed 1. */
  key?: Key | number | bigint;
  signal?: AbortSignal;
}

export interface Evaluation {
  meanReturn: number;
  /** Of the mean: sample standard deviation / sqrt(episodes); NaN for one episode. */
  standardError: number;
  /** Undiscounted return and number of steps of each episode, in the order they ended. */
  returns: number[];
  lengths: number[];
}

/**
 * Runs whole episodes and reports their returns. All running episodes of `environment` are broken off first: give it one of its own,
 * not the one a trainer uses. Every environment runs its share of the episodes, fixed beforehand: taking those that end
 * first would favour short ones.
 *
 * @throws TorsorError ABORTED when `signal` fires.
 */
export async function evaluatePolicy(
  model: Model<object>,
  environment: VectorEnvironment,
  settings: EvaluationOptions = {},
): Promise<Evaluation> {
  options('evaluatePolicy', settings, ['episodes', 'deterministic', 'key', 'signal']);
  required('evaluatePolicy', 'model', model);
  required('evaluatePolicy', 'environment', environment);
  const episodes = positiveInteger('episodes', settings.episodes ?? 100);
  const deterministic = boolean('deterministic', settings.deterministic ?? true);
  const { count } = environment;
  checkFits(model, environment);
  const observation = Float32Array.from(environment.reset());
  const action = allocateActions(model, count);
  const [logProb, value] = [new Float32Array(count), new Float32Array(count)];
  const key = Key.from(settings.key ?? 1);
  const policy = model.bind({ observation, action, logProb, value, key, deterministic });
  const left = Array.from({ length: count }, (_, row) => Math.floor((episodes + count - 1 - row) / count));
  const running = Array.from({ length: count }, () => ({ sum: 0, length: 0 }));
  const returns: number[] = [];
  const lengths: number[] = [];
  const breathe = breather();
  while (returns.length < episodes) {
    if (settings.signal?.aborted) {
      throw new TorsorError('ABORTED', `evaluation was aborted after ${returns.length} of ${episodes} episodes`, {
        cause: settings.signal.reason,
      });
    }
    policy.step();
    const { reward, terminated, truncated, observation: next } = environment.step(action);
    observation.set(next);
    for (let row = 0; row < count; row++) {
      const episode = running[row] as { sum: number; length: number };
      episode.sum += reward[row] as number;
      episode.length++;
      if (!terminated[row] && !truncated[row]) continue;
      if ((left[row] as number) > 0) {
        left[row] = (left[row] as number) - 1;
        returns.push(episode.sum);
        lengths.push(episode.length);
      }
      episode.sum = 0;
      episode.length = 0;
      policy.reset(row);
    }
    await breathe();
  }
  return { ...summary(returns), returns, lengths };
}

function summary(returns: readonly number[]): { meanReturn: number; standardError: number } {
  const n = returns.length;
  const meanReturn = returns.reduce((sum, x) => sum + x, 0) / n;
  const squares = returns.reduce((sum, x) => sum + (x - meanReturn) ** 2, 0);
  return { meanReturn, standardError: Math.sqrt(squares / (n - 1) / n) };
}
