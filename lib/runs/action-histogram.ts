// How often a policy took which action in its last rollout.
import type { Rollout } from '../rollout/rollout.js';
import { Box } from '../spaces/box.js';

/** One entry per dimension of an action, or per choice it makes. */
export interface ActionHistogram {
  /** Continuous actions: the ends of `counts.length` equal bins. Discrete ones: 0 and the number of choices. */
  dimensions: { low: number; high: number; counts: number[] }[];
  discrete: boolean;
}

const bins = 24;

/** Reads the latent actions of a rollout back and maps them to actions; continuous ones beyond the limits of a box are counted at its ends. */
export function actionHistogram(rollout: Rollout): ActionHistogram {
  const { actions, actionSpace } = rollout.model.network;
  const latent = rollout.read('latent');
  const { size, choices } = actions;
  if (choices !== null) {
    const dimensions = choices.map((high, k) => count(latent, size, k, { low: 0, high, bins: high }));
    return { dimensions, discrete: true };
  }
  const values = actionSpace?.forward({ data: latent, shape: [rollout.size, size] }).data ?? latent;
  const box = rollout.environment.actionSpace;
  const dimensions = Array.from({ length: size }, (_, k) => {
    const [low, high] = box instanceof Box ? [box.low[k], box.high[k]] : [];
    const limits =
      Number.isFinite(low) && Number.isFinite(high)
        ? { low: low as number, high: high as number }
        : range(values, size, k);
    return count(values, size, k, { ...limits, bins });
  });
  return { dimensions, discrete: false };
}

type Numbers = ArrayLike<number>;

function count(
  values: Numbers,
  size: number,
  k: number,
  { low, high, bins }: { low: number; high: number; bins: number },
) {
  const counts = new Array<number>(bins).fill(0);
  const scale = bins / (high - low || 1);
  for (let at = k; at < values.length; at += size) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(((values[at] as number) - low) * scale)));
    counts[bin] = (counts[bin] as number) + 1;
  }
  return { low, high, counts };
}

function range(values: Numbers, size: number, k: number): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = k; at < values.length; at += size) {
    low = Math.min(low, values[at] as number);
    high = Math.max(high, values[at] as number);
  }
  return { low, high };
}
