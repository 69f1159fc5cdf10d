// Discrete heads in plain float64, from the logits of one row and its mask.
import type { HeadSpec } from '../../lib/graph/heads.js';

export interface Terms {
  logProb: number;
  entropy: number;
}

function masked(logits: readonly number[], mask?: ArrayLike<number>): number[] {
  return logits.map((logit, k) => (mask?.[k] === 0 ? Number.NEGATIVE_INFINITY : logit));
}

/** The logits of each categorical of a head. */
function parts({ kind, sizes = [] }: HeadSpec, logits: number[]): number[][] {
  if (kind === 'categorical') return [logits];
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return logits.slice(end - size, end);
  });
}

function categorical(logits: number[], choice: number): Terms {
  const largest = Math.max(...logits);
  const normalizer = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  const logProbs = logits.map((logit) => logit - normalizer);
  const entropy = logProbs.reduce((sum, l) => sum - (l === Number.NEGATIVE_INFINITY ? 0 : Math.exp(l) * l), 0);
  return { logProb: logProbs[choice] as number, entropy };
}

/** A bit is a choice between the logits 0 and l. */
const bit = (logit: number, value: number): Terms => categorical([0, logit], value);

/** Log-probability of an action, and entropy. */
export function discreteTerms(
  head: HeadSpec,
  logits: readonly number[],
  action: ArrayLike<number>,
  mask?: ArrayLike<number>,
): Terms {
  const allowed = masked(logits, mask);
  const terms =
    head.kind === 'bernoulli'
      ? allowed.map((logit, d) => bit(logit, action[d] as number))
      : parts(head, allowed).map((part, c) => categorical(part, action[c] as number));
  const sum = (name: keyof Terms): number => terms.reduce((total, each) => total + each[name], 0);
  return { logProb: sum('logProb'), entropy: sum('entropy') / (head.meanEntropy ? terms.length : 1) };
}

/** What a deterministic step takes: the first of the largest logits, and bits with positive ones. */
export function likeliestAction(head: HeadSpec, logits: readonly number[], mask?: ArrayLike<number>): number[] {
  const allowed = masked(logits, mask);
  if (head.kind === 'bernoulli') return allowed.map((logit) => (logit > 0 ? 1 : 0));
  return parts(head, allowed).map((part) => part.indexOf(Math.max(...part)));
}
