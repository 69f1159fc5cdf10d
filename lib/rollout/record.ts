// recordEpisode: an episode as an animated SVG, to look at what a policy does.
import { atMost, boolean, options, positive, positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { VectorEnvironment } from '../envs/environment.js';
import { asSameStep } from '../envs/same-step.js';
import type { Model } from '../models/model.js';
import { Key } from '../random/key.js';
import { animate } from './animation.js';
import { Breather } from './breather.js';
import { allocateActions, checkFits, checkParts } from './fits.js';

/** A picture is about a thousand characters, and Node's strings end at 512 million. */
const mostSteps = 2 ** 17;

/** Options of `recordEpisode`. */
export interface RecordingOptions {
  /** The mode of the policy instead of a sample. Default true. */
  deterministic?: boolean;
  /** Noise of a stochastic policy. Default seed 1. */
  key?: Key | number | bigint;
  /** The most steps that are shown. Default 1000. */
  maxSteps?: number;
  /** Default 30. */
  framesPerSecond?: number;
}

/** One episode as a picture that moves. */
export interface Recording {
  /** An SVG file, whose first frame is the first observation of the episode. */
  svg: string;
  /** Pictures in it: one for each step, of what the policy saw before it. */
  frames: number;
  return: number;
  length: number;
}

/**
 * Runs one episode of the first environment and draws every observation that the policy saw. Running episodes are broken off: give it environments
 * of their own. Native CartPole-v1 and Pendulum-v1 can be drawn, and environments with `render`.
 *
 * @throws TorsorError UNSUPPORTED where there is nothing that draws.
 */
export async function recordEpisode(
  model: Model<object>,
  environment: VectorEnvironment,
  settings: RecordingOptions = {},
): Promise<Recording> {
  options('recordEpisode', settings, ['deterministic', 'key', 'maxSteps', 'framesPerSecond']);
  checkParts('recordEpisode', model, environment);
  const deterministic = boolean('deterministic', settings.deterministic ?? true);
  const maxSteps = atMost('maxSteps', mostSteps, positiveInteger('maxSteps', settings.maxSteps ?? 1000));
  const framesPerSecond = positive('framesPerSecond', settings.framesPerSecond ?? 30);
  checkFits(model, environment);
  if (environment.render === undefined) {
    throw new TorsorError(
      'UNSUPPORTED',
      `environment: ${environment.name} has no render, so there is nothing to record`,
    );
  }
  const stepped = asSameStep(environment);
  const { count } = stepped;
  const observation = Float32Array.from(await stepped.reset());
  const mask = stepped.actionMask ? Uint8Array.from(stepped.actionMask) : null;
  const action = stepped.action ?? allocateActions(model, count);
  const [logProb, value] = [new Float32Array(count), new Float32Array(count)];
  const buffers = { observation, action, logProb, value, ...(mask && { mask }) };
  const policy = model.bind({ ...buffers, key: Key.from(settings.key ?? 1), deterministic });
  const frames = [environment.render(0)];
  const breather = new Breather();
  let [sum, length] = [0, 0];
  for (let ended = false; !ended && length < maxSteps; length++) {
    policy.step();
    const step = await stepped.step(action);
    sum += step.reward[0] as number;
    ended = step.terminated[0] === 1 || step.truncated[0] === 1;
    observation.set(step.observation);
    if (mask !== null) mask.set(stepped.actionMask as Uint8Array);
    if (!ended) frames.push(environment.render(0));
    if (breather.due) await breather.turn();
  }
  const title = `${environment.name}: return ${Number(sum.toFixed(2))} in ${length} steps`;
  const svg = animate(frames, { width: 600, height: 400, framesPerSecond, title });
  return { svg, frames: frames.length, return: sum, length };
}
