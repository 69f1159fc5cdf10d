// Policies with every published bijector, alone, in chains and backwards, against the float64 oracle.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import type { Bijector } from '../../lib/bijectors/bijector.js';
import { Block, DiagLinear } from '../../lib/bijectors/block.js';
import { Box } from '../../lib/bijectors/box.js';
import { Chain } from '../../lib/bijectors/chain.js';
import { Exp } from '../../lib/bijectors/exp.js';
import { Groups } from '../../lib/bijectors/groups.js';
import { GumbelCDF } from '../../lib/bijectors/gumbel-cdf.js';
import { Identity } from '../../lib/bijectors/identity.js';
import { Inverse } from '../../lib/bijectors/inverse.js';
import { MaxNorm } from '../../lib/bijectors/max-norm.js';
import { ScalarAffine, Shift } from '../../lib/bijectors/scalar-affine.js';
import { Sigmoid } from '../../lib/bijectors/sigmoid.js';
import { Softplus } from '../../lib/bijectors/softplus.js';
import { Tanh } from '../../lib/bijectors/tanh.js';
import type { Node } from '../../lib/graph/node.js';
import { gaussian, type ModelOutputs } from '../../lib/models/heads.js';
import { makeCase } from './case.js';
import { compareWithOracle } from './suite.js';

const chain = (...bijectors: Bijector[]): Bijector => new Chain({ bijectors });
const inverse = (bijector: Bijector): Bijector => new Inverse({ bijector });
const groups = (bijector: Bijector, size: number): Bijector => new Groups({ bijector, size });
const block = (bijector: Bijector): Bijector => new Block({ bijector, ndims: 1 });
/** Forward and back through another map, so that every latent has an image: the inverse of the first alone has a smaller domain. */
const into = (low: number, high: number): Bijector => new Box({ low, high });

/** Space and number of dimensions. */
const spaces: Record<string, [Bijector, number]> = {
  identity: [new Identity(), 2],
  box: [new Box({ low: -2, high: 3 }), 2],
  'box with limits per dimension': [new Box({ low: [-1, -2, 0.5], high: [1, 3, 2.5], width: 1.3, eps: 1e-3 }), 3],
  'maxnorm, one dimension': [new MaxNorm({ maxNorm: 1.5 }), 1],
  'maxnorm, three dimensions': [new MaxNorm({ maxNorm: 0.7, eps: 1e-3 }), 3],
  'maxnorm, more dimensions than a grid takes': [new MaxNorm({ maxNorm: 2 }), 7],
  'maxnorm of groups': [new Groups({ bijector: new MaxNorm({ maxNorm: 0.7, eps: 1e-3 }), size: 2 }), 6],
  'groups of a chain with limits per dimension': [
    new Groups({
      bijector: chain(block(new Box({ low: [-1, -2], high: [1, 3] })), new MaxNorm({ maxNorm: 2 })),
      size: 2,
    }),
    4,
  ],
  'inverse of groups': [
    chain(inverse(groups(new MaxNorm({ maxNorm: 3 }), 2)), groups(new MaxNorm({ maxNorm: 2 }), 2)),
    4,
  ],
  'groups, then all': [chain(new MaxNorm({ maxNorm: 2 }), groups(new MaxNorm({ maxNorm: 3 }), 2)), 4],
  'all, then groups': [chain(groups(new MaxNorm({ maxNorm: 3 }), 2), new MaxNorm({ maxNorm: 2 })), 4],
  tanh: [new Tanh(), 3],
  sigmoid: [new Sigmoid(), 2],
  softplus: [new Softplus(), 2],
  exp: [new Exp(), 1],
  'scalar affine': [new ScalarAffine({ scale: -2.5, shift: 0.7 }), 2],
  'scalar affine per dimension': [new ScalarAffine({ logScale: [0.2, -1, 0.5], shift: [1, 2, 3] }), 3],
  shift: [new Shift({ shift: [0.1, -4] }), 2],
  'diagonal linear': [new DiagLinear({ diag: [0.5, -2] }), 2],
  'gumbel cdf': [new GumbelCDF(), 2],
  'tanh of an affine map': [chain(new Tanh(), new ScalarAffine({ scale: 0.5, shift: 0.2 })), 2],
  'affine map of tanh': [chain(new ScalarAffine({ scale: 3, shift: -1 }), new Tanh()), 2],
  'maxnorm between maps of numbers': [
    chain(block(new Tanh()), new MaxNorm({ maxNorm: 2 }), new DiagLinear({ diag: [2, 3, -0.5] })),
    3,
  ],
  'box of maxnorm': [chain(block(new Box({ low: -1, high: 4 })), new MaxNorm({ maxNorm: 2 })), 2],
  'two of maxnorm': [chain(new MaxNorm({ maxNorm: 1 }), new MaxNorm({ maxNorm: 3 })), 2],
  'eight in a chain': [
    chain(...Array.from({ length: 4 }, () => [new ScalarAffine({ scale: 0.9, shift: 0.1 }), new Softplus()]).flat()),
    2,
  ],
  'inverse of identity': [inverse(new Identity()), 2],
  'inverse of an affine map': [inverse(new ScalarAffine({ scale: [0.5, -2], shift: 0.3 })), 2],
  'inverse of tanh': [chain(inverse(new Tanh()), into(-0.9, 0.9)), 2],
  'inverse of sigmoid': [chain(inverse(new Sigmoid()), into(0.05, 0.9)), 2],
  'inverse of softplus': [chain(inverse(new Softplus()), new Exp()), 2],
  'inverse of exp': [chain(inverse(new Exp()), new Softplus()), 2],
  'inverse of gumbel cdf': [chain(inverse(new GumbelCDF()), into(0.1, 0.9)), 2],
  'inverse of box': [chain(inverse(new Box({ low: [-4, -2], high: [5, 3] })), into(-1.5, 2)), 2],
  'inverse of maxnorm': [chain(inverse(new MaxNorm({ maxNorm: 3 })), new MaxNorm({ maxNorm: 2 })), 3],
  'inverse of a chain': [
    chain(inverse(chain(block(new Sigmoid()), new DiagLinear({ diag: [2, -1] }))), block(into(0.1, 0.8))),
    2,
  ],
};

const scales: Record<string, (f: Node, n: number) => Parameters<typeof gaussian>[1]> = {
  'log-std': (f, n) => ({ logStd: f.parameter('log_std', [n]).scale(1, -0.7) }),
  std: (f, n) => ({ std: f.linear(n).softplus().scale(0.5, 0.1) }),
};

const built = Object.entries(spaces).map(([name, [space, dims]]) => ({ name, space, dims }));
const cases = built.flatMap(({ name, space, dims }) =>
  Object.entries(scales).map(([form, scale]) =>
    makeCase(
      `${name}, ${form}`,
      (x): ModelOutputs => {
        const f = x.linear(4).tanh();
        return { policy: gaussian(f.linear(dims), { ...scale(f, dims), actionSpace: space }), value: f.linear(1) };
      },
      { observationSize: 2, rows: dims > 3 ? 2 : 5, mixtures: 2 },
    ),
  ),
);

describe('every published bijector has a case', () => {
  const used = (backwards: boolean): string[] => {
    const steps = cases.flatMap(({ program }) => program.head.bijectors ?? []);
    return [...new Set(steps.filter(({ inverse: i }) => i === backwards).map(({ name }) => name))].sort();
  };
  const published = [...addon().vocabulary.bijectors].sort();
  test('forward', () => expect(used(false)).toEqual(published));
  test('backwards', () => expect(used(true)).toEqual(published));
});

compareWithOracle(cases);
