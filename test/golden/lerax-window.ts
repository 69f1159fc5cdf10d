// The windows of policies with a neural differential equation: states before each case, and one step after the other.
import { NCDEActorCriticPolicy, type SpacePolicy } from '../../lib/index.js';
import type { NCDEStateInput } from '../../lib/models/ncde-state.js';
import type { Comparison } from './compare.js';
import { type Accepted, against } from './lerax-accepted.js';
import { type Case, list, type Numbers } from './lerax-file.js';

/**
 * The states before all cases, in a batch: files hold windows after the step, so that the newest observation is taken away. What a full window
 * had before its first place is not known, and does not matter: it would have been pushed out.
 */
export function statesBefore(policy: NCDEActorCriticPolicy, cases: readonly Case[]): NCDEStateInput {
  const { historyLength, observationSpaceSize } = policy.options;
  const rows = cases.length;
  const t = new Float32Array(rows);
  const ts = new Float32Array(rows * historyLength).fill(Number.NaN);
  const xs = new Float32Array(rows * historyLength * observationSpaceSize).fill(Number.NaN);
  cases.forEach((c, row) => {
    const times = list(c.window_ts as Numbers);
    const newest = times.findLastIndex((time) => !Number.isNaN(time));
    const first = row === 0 || c.reset_before === true;
    t[row] = first ? 0 : (cases[row - 1]?.t as number);
    ts.set(times.subarray(0, newest), row * historyLength);
    const values = list(c.window_xs as Numbers).subarray(0, newest * observationSpaceSize);
    xs.set(values, row * historyLength * observationSpaceSize);
  });
  const shape = [rows, historyLength];
  return {
    t: { data: t, shape: [rows] },
    cde: { ts: { data: ts, shape }, xs: { data: xs, shape: [...shape, observationSpaceSize] } },
  };
}

/** An episode step by step from `reset`: the window after every step, and the action it leads to. */
export function checkRollout(
  policy: SpacePolicy,
  cases: readonly Case[],
  accepted: (c: Case) => Accepted,
  exact: Accepted,
): Comparison[] {
  if (!(policy instanceof NCDEActorCriticPolicy)) return [];
  let state = policy.reset();
  return cases.flatMap((c, i) => {
    if (c.reset_before === true) state = policy.reset();
    const observation = Float32Array.from(list(c.observation_flat));
    const { value, state: next } = policy.actionAndValue(state, observation);
    state = next;
    const name = `case ${i}`;
    return [
      against(`${name}/t`, next.t.dataSync(), c.t as number, exact),
      against(`${name}/window_ts`, next.cde.ts.dataSync(), c.window_ts as Numbers, exact),
      against(`${name}/window_xs`, next.cde.xs.dataSync(), c.window_xs as Numbers, exact),
      against(`${name}/value step by step`, value.item(), c.expected.value as number, accepted(c)),
    ];
  });
}
