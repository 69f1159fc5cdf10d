// checkEnvironment: what is wrong with an environment, in words, before anything is trained on it.
import { atMost, nonNegativeInteger, options, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { Box } from '../spaces/box.js';
import { bringsMask, maskLayout, writeMask } from './action-mask.js';
import { checkFlag, checkObservation, checkReward, checkTuple } from './check-result.js';
import { isActionSpace } from './check-spaces.js';
import type { Environment, Info } from './environment.js';

/** All that both runs returned is kept, to be compared. */
const mostSteps = 2 ** 20;

/** How long `checkEnvironment` looks, and at which episodes. */
export interface CheckEnvironmentOptions {
  /** Steps of random actions. Default 200. */
  steps?: number;
  /** Of the resets and the actions. Default seed 1. */
  key?: Key | number | bigint;
}

/** What a run looked like, to be compared with another one of the same seeds and actions. */
type Trace = readonly unknown[];

/**
 * Resets an environment, steps it with random actions and looks at all it returns, as Gymnasium's check_env: kinds of spaces; lengths and limits of
 * observations; finite numbers; flags; infos; masks; that two runs with the same seed are equal, and that the environment can be reset after an end.
 *
 * @throws TorsorError INVALID_ARGUMENT whose message lists every problem.
 */
export function checkEnvironment(environment: Environment, settings: CheckEnvironmentOptions = {}): void {
  options('checkEnvironment', settings, ['steps', 'key']);
  const steps = atMost('steps', mostSteps, nonNegativeInteger('steps', settings.steps ?? 200));
  const key = Key.from(settings.key ?? 1);
  const problems = new Set<string>();
  const found = (check: () => void): boolean => {
    try {
      check();
      return true;
    } catch (error) {
      problems.add(error instanceof TorsorError ? error.message : `it threw ${error}`);
      return false;
    }
  };
  if (checkKinds(environment, problems)) {
    let [first, second]: [Trace, Trace] = [[], []];
    const ran = found(() => {
      first = run(environment, steps, key, problems, found);
      second = run(environment, steps, key, problems, found);
    });
    const differs = ran ? first.findIndex((each, k) => String(each) !== String(second[k])) : -1;
    if (differs >= 0) {
      const when = differs === 0 ? 'reset' : `step ${differs}`;
      problems.add(
        `${when} gave [${first[differs]}] and, with the same seed and actions, [${second[differs]}]; draw all that is random from the seed of reset`,
      );
    }
  }
  if (problems.size === 0) return;
  const list = [...problems].map((problem, k) => `\n  ${k + 1}. ${problem}`).join('');
  throw new TorsorError('INVALID_ARGUMENT', `${show(environment)} does not do as environments should:${list}`);
}

function checkKinds(environment: Environment, problems: Set<string>): boolean {
  const before = problems.size;
  const { observationSpace, actionSpace } = environment ?? {};
  if (!(observationSpace instanceof Box))
    problems.add(`observationSpace: expected a Box, got ${show(observationSpace)}`);
  if (!isActionSpace(actionSpace)) {
    problems.add(`actionSpace: expected a Box, Discrete, MultiDiscrete or MultiBinary, got ${show(actionSpace)}`);
  }
  for (const method of ['reset', 'step'] as const) {
    if (typeof environment?.[method] !== 'function')
      problems.add(`${method}: expected a function, got ${show(environment?.[method])}`);
  }
  return problems.size === before;
}

/** Resets and steps; every observation, reward and pair of flags in turn. */
function run(
  environment: Environment,
  steps: number,
  key: Key,
  problems: Set<string>,
  found: (check: () => void) => boolean,
): Trace {
  const { observationSpace, actionSpace } = environment;
  const trace: unknown[] = [];
  let masked: boolean | null = null;
  const mask = new Uint8Array(maskLayout(actionSpace)?.width ?? 0);
  const observed = (origin: string, observation: ArrayLike<number>, info: Info, over: boolean) => {
    const sound = found(() => checkObservation(observation, observationSpace.size, () => origin, 0));
    const outside = sound ? Array.from(observation).findIndex((x, i) => !isInside(observationSpace, x, i)) : -1;
    if (outside >= 0) {
      const [low, high] = [observationSpace.low[outside], observationSpace.high[outside]];
      problems.add(
        `observation[${outside}] from ${origin} is ${observation[outside]}, outside of its space [${low}, ${high}]`,
      );
    }
    if (typeof info !== 'object' || info === null) {
      problems.add(`info from ${origin}: expected an object, {} where there is nothing to tell, got ${show(info)}`);
    } else if (!over) {
      masked ??= bringsMask(info);
      if (bringsMask(info) !== masked)
        problems.add(`action_mask from ${origin}: expected one in every reset and step or in none`);
      else if (masked) found(() => writeMask(() => origin, 0, maskLayout(actionSpace), info, mask));
    }
  };
  const reset = (episode: number) => {
    const result = environment.reset({ seed: key.at(episode).word() });
    checkTuple(result, 2, '[observation, info]', () => 'reset', 0);
    observed('reset', result[0], result[1], false);
    trace.push(Array.from(result[0]));
  };
  reset(0);
  for (let t = 0, episode = 0; t < steps; t++) {
    const allowed = masked ? Array.from(mask) : undefined;
    // The same action a policy would be given memory for: what the environment keeps of it must not change what it does.
    const action = actionSpace.sample(new Key(key.seed, 1, t), splitMask(actionSpace, allowed) as never);
    const result = environment.step(action as never);
    checkTuple(result, 5, '[observation, reward, terminated, truncated, info]', () => 'step', 0);
    const [observation, reward, terminated, truncated, info] = result;
    found(() => checkReward(reward, () => 'step', 0));
    found(() => checkFlag('terminated', terminated, () => 'step', 0));
    found(() => checkFlag('truncated', truncated, () => 'step', 0));
    const over = terminated || truncated;
    observed('step', observation, info, over);
    trace.push([...Array.from(observation), reward, terminated, truncated]);
    if (over) reset(++episode);
  }
  return trace;
}

function isInside({ low, high }: Box, value: number, i: number): boolean {
  // Limits are float32, as everything the policy sees.
  const seen = Math.fround(value);
  return seen >= (low[i] as number) && seen <= (high[i] as number);
}

/** A flat mask in the form `sample` of a space takes: one part for each choice of a MultiDiscrete. */
function splitMask(space: Environment['actionSpace'], mask: number[] | undefined): unknown {
  if (mask === undefined || !('nvec' in space)) return mask;
  const ends: number[] = [];
  for (const n of space.nvec) ends.push((ends.at(-1) ?? 0) + n);
  return ends.map((end, part) => mask.slice(ends[part - 1] ?? 0, end));
}
