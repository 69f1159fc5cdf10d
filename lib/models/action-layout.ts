// What the actions of a head are: their shape, and for discrete ones how many values each index takes and what a mask covers.
import type { HeadSpec } from '../graph/heads.js';

/** Masks hold one number per logit of a row. */
export interface MaskLayout {
  width: number;
  /** Lengths of the runs of a row in each of which something has to be allowed: those of the categoricals. A bit that may not be set is 0. */
  groups: readonly number[];
}

export interface ActionLayout {
  /** Shape of one action: [] for a single index. */
  shape: readonly number[];
  /** Numbers in one action. */
  size: number;
  /** How many values each index of an action takes; null for continuous actions. */
  choices: readonly number[] | null;
  /** Null for continuous actions, which take none. */
  mask: MaskLayout | null;
}

/** `width`: dimensions of a continuous action, or number of logits. */
export function actionLayout({ kind, sizes = [] }: HeadSpec, width: number): ActionLayout {
  switch (kind) {
    case 'gaussian':
      return { shape: [width], size: width, choices: null, mask: null };
    case 'categorical':
      return { shape: [], size: 1, choices: [width], mask: { width, groups: [width] } };
    case 'multi_categorical':
      return { shape: [sizes.length], size: sizes.length, choices: sizes, mask: { width, groups: sizes } };
    case 'bernoulli':
      return { shape: [width], size: width, choices: new Array(width).fill(2), mask: { width, groups: [] } };
  }
}
