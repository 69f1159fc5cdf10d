// evaluatePolicy: the returns of whole episodes.
import { abortSignal, atMost, boolean, options, positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type GroupedEnvironment, isGrouped, type VectorEnvironment } from '../envs/environment.js';
import { asSameStep } from '../envs/same-step.js';
import type { Model } from '../models/model.js';
import { Key } from '../random/key.js';
import { Breather } from './breather.js';
import { allocateActions, checkFits, checkParts } from './fits.js';
import { type Summary, summarize } from './statistics.js';
import { Tally } from './tally.js';

/** Each is kept until the end, some 100 bytes: a gigabyte and a half. */
const mostEpisodes = 2 ** 24;

/** Options of `evaluatePolicy`. */
export interface EvaluationOptions {
  /** Whole episodes to run. Default 100. */
  episodes?: number;
  /** The mode of the policy instead of a sample. Default true. */
  deterministic?: boolean;
  /** Noise of a stochastic policy. Default seed 1. */
  key?: Key | number | bigint;
  /**
   * Serves the groups of a `WorkerVectorEnvironment` as they are ready instead of all in lock-step. Results are the same where the policy is
   * deterministic; samples then depend on the groups, though not on which is ready first. Default false.
   */
  asynchronous?: boolean;
  /** Ends the evaluation before its last episode, with ABORTED. */
  signal?: AbortSignal;
}

/** What `evaluatePolicy` found, over whole episodes. */
export interface Evaluation extends Summary {
  /** Undiscounted return and number of steps of each episode, in the order they end where all environments are stepped together. */
  returns: number[];
  lengths: number[];
}

/** What the loops below share. */
interface Run {
  model: Model<object>;
  deterministic: boolean;
  key: Key;
  tally: Tally;
  /** Throws when the signal fired. */
  check(): void;
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
  options('evaluatePolicy', settings, ['episodes', 'deterministic', 'key', 'asynchronous', 'signal']);
  checkParts('evaluatePolicy', model, environment);
  const episodes = atMost('episodes', mostEpisodes, positiveInteger('episodes', settings.episodes ?? 100));
  const deterministic = boolean('deterministic', settings.deterministic ?? true);
  const asynchronous = boolean('asynchronous', settings.asynchronous ?? false);
  checkFits(model, environment);
  const tally = new Tally(environment.count, episodes);
  if (settings.signal !== undefined) abortSignal('signal', settings.signal);
  const check = () => {
    if (!settings.signal?.aborted) return;
    const cause = settings.signal.reason;
    throw new TorsorError('ABORTED', `evaluation was aborted after ${tally.count} of ${episodes} episodes`, { cause });
  };
  const run = { model, deterministic, key: Key.from(settings.key ?? 1), tally, check };
  if (asynchronous) await serveGroups(grouped(environment), run);
  else await lockStep(environment, run);
  return { ...summarize(tally.results.returns), ...tally.results };
}

async function lockStep(given: VectorEnvironment, { model, deterministic, key, tally, check }: Run): Promise<void> {
  // Steps that only reset can be left out of the count, so next-step environments need no resetRows here.
  const skips = given.autoreset === 'next-step' && given.resetRows === undefined;
  const environment = skips ? given : asSameStep(given);
  const { count } = environment;
  const observation = Float32Array.from(await environment.reset());
  const action = environment.action ?? allocateActions(model, count);
  const [logProb, value] = [new Float32Array(count), new Float32Array(count)];
  const mask = environment.actionMask ? Uint8Array.from(environment.actionMask) : null;
  const buffers = { observation, action, logProb, value, ...(mask && { mask }) };
  const policy = model.bind({ ...buffers, key, deterministic });
  const resets = new Uint8Array(count);
  const breather = new Breather();
  while (tally.wants(0, count)) {
    check();
    policy.step();
    const stepped = environment.step(action);
    const { reward, terminated, truncated, observation: next } = stepped instanceof Promise ? await stepped : stepped;
    observation.set(next);
    if (mask !== null) mask.set(environment.actionMask as Uint8Array);
    for (let row = 0; row < count; row++) {
      const ended = terminated[row] === 1 || truncated[row] === 1;
      if (resets[row] === 0) tally.add(row, reward[row] as number, ended);
      if (ended || resets[row] === 1) policy.reset(row);
      resets[row] = skips && ended ? 1 : 0;
    }
    if (breather.due) await breather.turn();
  }
}

function grouped(environment: VectorEnvironment): GroupedEnvironment {
  if (isGrouped(environment) && (environment.autoreset ?? 'same-step') === 'same-step') return environment;
  throw new TorsorError(
    'UNSUPPORTED',
    `asynchronous: ${environment.name} has to have groups, as a WorkerVectorEnvironment, and same-step autoreset`,
  );
}

/** A bound step for every group: whichever is ready acts at once, with the noise of its own key. */
async function serveGroups(environment: GroupedEnvironment, run: Run): Promise<void> {
  const { model, deterministic, tally, check } = run;
  const { groups, action, arrays, count } = environment;
  const observation = await environment.reset();
  const { actionMask = null } = environment;
  const { actions, observationSize } = model.network;
  const [logProb, value] = [new Float32Array(count), new Float32Array(count)];
  const keys = run.key.split(groups.length);
  const policies = groups.map((group, k) => {
    const rows = <A extends Float32Array | Int32Array | Uint8Array>(array: A, width: number): A =>
      array.subarray(group.first * width, (group.first + group.count) * width) as A;
    return model.bind({
      ...{ observation: rows(observation, observationSize), action: rows(action, actions.size) },
      ...{ logProb: rows(logProb, 1), value: rows(value, 1), key: keys[k] as Key, deterministic },
      ...(actionMask && { mask: rows(actionMask, actions.mask?.width ?? 0) }),
    });
  });
  let running = 0;
  const serve = (k: number) => {
    const { first, count: rows } = groups[k] as { first: number; count: number };
    if (!tally.wants(first, rows)) return;
    policies[k]?.step();
    environment.send(k);
    running++;
  };
  groups.forEach((_, k) => {
    serve(k);
  });
  const breather = new Breather();
  while (running > 0) {
    const ready = await environment.receive();
    if (breather.due) await breather.turn();
    running -= ready.length;
    check();
    for (const k of ready) {
      const { first, count: rows } = groups[k] as { first: number; count: number };
      for (let row = first; row < first + rows; row++) {
        const ended = arrays.terminated[row] === 1 || arrays.truncated[row] === 1;
        tally.add(row, arrays.reward[row] as number, ended);
        if (ended) policies[k]?.reset(row - first);
      }
      serve(k);
    }
  }
}
