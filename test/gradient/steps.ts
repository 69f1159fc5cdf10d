// What a policy step drew, against the oracle: it could be drawn, and its log-probability is that of what was drawn.
import type { BijectorSpec } from '../../lib/graph/heads.js';
import { transform } from '../reference/bijectors.js';
import { likeliestAction } from '../reference/discrete-heads.js';
import { Oracle } from '../reference/oracle.js';
import type { Case } from './case.js';
import { accepted, type Deviation, row, worst } from './deviation.js';
import type { NativeResults, NativeStepResults } from './native.js';

export function stepDeviations(c: Case, { likeliest, sampled, evaluatedAction }: NativeResults): Deviation[] {
  const value = (what: string, got: ArrayLike<number>, want: number[], more?: number[]): Deviation => ({
    what,
    error: worst(got, want, (b, i) => accepted.value * (1 + Math.abs(b)) + (more?.[i] ?? 0)),
  });
  const [drawn, best] = [wantedOf(c, sampled), wantedOf(c, likeliest)];
  return [
    value(
      'log-probability of a sample',
      sampled.logProb,
      drawn.map(({ logProb }) => logProb),
    ),
    value(
      'sampled action',
      sampled.action,
      drawn.flatMap(({ action }) => action),
    ),
    value(
      'value of a step',
      sampled.value,
      drawn.map((r) => r.value),
    ),
    value(
      'likeliest latent',
      likeliest.latent,
      best.flatMap((r) => r.likeliest),
    ),
    value(
      'likeliest action',
      likeliest.action,
      best.flatMap(({ action }) => action),
    ),
    value(
      'its log-probability',
      likeliest.logProb,
      best.map(({ logProb }) => logProb),
    ),
    value(
      'log-probability of an action',
      evaluatedAction.logProb,
      drawn.map((r) => r.ofAction.logProb),
      drawn.map((r) => r.ofAction.rounding),
    ),
  ];
}

interface Wanted {
  logProb: number;
  value: number;
  action: number[];
  /** What a deterministic step takes as latent. */
  likeliest: number[];
  ofAction: { logProb: number; rounding: number };
}

function wantedOf(c: Case, step: NativeStepResults): Wanted[] {
  const oracle = new Oracle(c.program);
  const [arena, observation] = [Float64Array.from(c.arena), Float64Array.from(c.observation)];
  const [width, latentWidth] = [c.program.widths[0] as number, c.latent.length / c.rows];
  const maskWidth = (c.mask?.length ?? 0) / c.rows;
  // The core keeps the parameters of bijectors in float32; where the inverse clips, that is the limit it clips at.
  const chain = (c.program.head.bijectors ?? []).map((b) => ({
    ...b,
    parameters: b.parameters.map((values) => values.map(Math.fround)),
  }));
  return Array.from({ length: c.rows }, (_, r) => {
    const mask = c.mask ? row(c.mask, r, maskWidth) : undefined;
    const latent = [...row(step.latent, r, latentWidth)];
    const want = oracle.evaluate(arena, row(observation, r, width), latent, mask);
    if (mask) {
      const ofAction = { logProb: want.logProb, rounding: 0 };
      const likeliest = likeliestAction(c.program.head, want.outputs[0] as number[], mask);
      return { ...want, action: latent, likeliest, ofAction };
    }
    const action = Array.from(step.action.subarray(r * latentWidth, (r + 1) * latentWidth));
    const logProbOf = (y: readonly number[]): number => {
      const back = transform(chain, y, true);
      const { mean, std } = oracle.normal(want);
      return back.logDet + normalLogProb(back.y, mean, std);
    };
    return {
      ...want,
      action: transform(chain, latent).y,
      likeliest: oracle.normal(want).mean,
      ofAction: { logProb: logProbOf(action), rounding: roundingOf(logProbOf, action, chain) },
    };
  });
}

/** By how much the log-probability moves where the action moves by its rounding: the inverse of a saturated action is ill-conditioned. */
function roundingOf(logProbOf: (y: readonly number[]) => number, action: number[], chain: BijectorSpec[]): number {
  if (chain.length === 0) return 0;
  const at = logProbOf(action);
  return action.reduce((sum, y, d) => {
    const moved = (by: number): number => {
      const there = logProbOf(action.map((value, k) => (k === d ? y * (1 + by) : value)));
      return Number.isFinite(there) ? Math.abs(there - at) : 0;
    };
    return sum + Math.max(moved(2 ** -22), moved(-(2 ** -22)));
  }, 0);
}

function normalLogProb(x: readonly number[], mean: readonly number[], std: readonly number[]): number {
  return x.reduce((sum, value, d) => {
    const sd = std[d] as number;
    return sum - ((value - (mean[d] as number)) / sd) ** 2 / 2 - Math.log(sd) - Math.log(2 * Math.PI) / 2;
  }, 0);
}
