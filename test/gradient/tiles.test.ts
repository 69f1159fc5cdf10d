// Sizes: every way rows are cut into tiles and outputs into blocks, and batches large enough for several chunks and threads.
import { describe } from 'vitest';
import type { Node } from '../../lib/graph/node.js';
import { bernoulli, categorical, gaussian, type ModelOutputs, multiCategorical } from '../../lib/models/heads.js';
import { makeCase } from './case.js';
import { compareWithOracle } from './suite.js';

const widths = [1, 6, 7, 16, 17, 65];
/** Up to 6 rows go one by one, up to 48 in small tiles of 16, more in tiles of 64. */
const rows = [1, 5, 16, 17, 48, 64, 65, 130];

/** The action as wide as everything else, so that the head meets all sizes too; the residual makes a linear add to a gradient. */
function continuous(width: number): (x: Node) => ModelOutputs {
  return (x) => {
    const y = x.linear(width).gelu();
    const z = y.linear(width).tanh().add(y);
    const std = z.linear(width).softplus().add(0.3);
    return { policy: gaussian(z.linear(width), { std }), value: z.concat(y).layerNorm().linear(1) };
  };
}

function discrete(width: number): (x: Node) => ModelOutputs {
  return (x) => {
    const y = x.linear(width).silu().linear(width, { bias: false });
    return { policy: categorical(y.slice(0, Math.ceil(width / 2)).concat(y)), value: y.linear(1) };
  };
}

/** Categoricals of 3 logits each, and what is left. */
function several(width: number): (x: Node) => ModelOutputs {
  const whole = Array.from({ length: Math.floor(width / 3) }, () => 3);
  const sizes = width % 3 === 0 ? whole : [...whole, width % 3];
  return (x) => ({ policy: multiCategorical(x.linear(width).tanh().linear(width), sizes), value: x.linear(1) });
}

function bits(width: number): (x: Node) => ModelOutputs {
  return (x) => ({ policy: bernoulli(x.linear(width).tanh().linear(width)), value: x.linear(1) });
}

const sizes = widths.flatMap((width) =>
  rows.filter((count) => width < 65 || [1, 17, 65].includes(count)).map((count) => ({ width, count })),
);

describe('continuous actions', () =>
  compareWithOracle(
    sizes.map(({ width, count }) =>
      makeCase(`width ${width}, ${count} rows`, continuous(width), {
        observationSize: width,
        rows: count,
        mixtures: 1,
      }),
    ),
  ));

describe('discrete actions', () =>
  compareWithOracle(
    sizes.map(({ width, count }) =>
      makeCase(`${width} features, ${count} rows`, discrete(width), {
        observationSize: Math.max(1, width - 2),
        rows: count,
        mixtures: 1,
      }),
    ),
  ));

describe.each(Object.entries({ several, bits }))('%s', (name, head) =>
  compareWithOracle(
    sizes.map(({ width, count }) =>
      makeCase(`${name}, ${width} logits, ${count} rows`, head(width), {
        observationSize: 4,
        rows: count,
        mixtures: 1,
      }),
    ),
  ),
);

describe('several chunks of tiles, on several threads', () =>
  compareWithOracle([makeCase('1100 rows', continuous(16), { observationSize: 7, rows: 1100, mixtures: 1 })]));
