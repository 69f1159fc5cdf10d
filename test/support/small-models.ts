// Every model of ours in small sizes, under every head.
import { Box, Discrete, MultiBinary, MultiDiscrete } from '../../lib/index.js';

/** By normalised name: options that keep the models small, in widths that fill no tile or block of any kernel. */
export const smallOptions: Readonly<Record<string, object>> = {
  actorcritic: { actorArchitecture: [37, 21], criticArchitecture: [19] },
  sharedactorcritic: { architecture: [33, 18] },
  lstmactorcritic: { lstmFeatures: 11, hiddenFeatures: 13 },
  mingruactorcritic: { gruFeatures: 9, numLayers: 2, hiddenFeatures: 14 },
  mlpactorcriticpolicy: { featureSize: 9, featureWidth: 21, valueWidth: 13, actionWidth: 18 },
  ncdeactorcriticpolicy: { stepping: { substeps: 2 } },
};

/** Models that are made from spaces. */
const overSpaces = new Set(['mlpactorcriticpolicy', 'ncdeactorcriticpolicy']);

/** What becomes of the action: the heads, and bijectors of either kind (of one dimension, and mixing dimensions). */
const sized: Record<string, object> = {
  gaussian: {},
  'gaussian, head for sigma': { actorSigmaHead: true },
  'gaussian, box': { actionSpace: { type: 'box', kw: { low: -2, high: 3 } } },
  'gaussian, maxnorm': { actionSpace: { type: 'maxnorm', kw: {} } },
  categorical: { discrete: true },
};
const spaces: Record<string, object> = {
  gaussian: new Box(-1, 1, [3]),
  categorical: new Discrete(5),
  'multi-categorical': new MultiDiscrete([3, 2, 6]),
  bernoulli: new MultiBinary(5),
};

export const headsOf = (name: string): string[] => Object.keys(overSpaces.has(name.toLowerCase()) ? spaces : sized);

/** Options of a small model; one over spaces has actions of a size of its own. */
export function smallModel(name: string, head: string, observationSize: number, actionSpaceSize: number): object {
  const normalised = name.toLowerCase();
  const sizes = overSpaces.has(normalised)
    ? { observationSpace: new Box(-2, 2, [observationSize]), actionSpace: spaces[head] }
    : { observationSpaceSize: observationSize, actionSpaceSize, ...sized[head] };
  return { ...sizes, ...smallOptions[normalised] };
}
