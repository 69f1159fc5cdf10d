// One or more instances of every bijector, for laws that all obey.
import type { Bijector } from '../../lib/bijectors/bijector.js';
import { Block, DiagLinear } from '../../lib/bijectors/block.js';
import { Box } from '../../lib/bijectors/box.js';
import { Chain } from '../../lib/bijectors/chain.js';
import { Exp } from '../../lib/bijectors/exp.js';
import { GumbelCDF } from '../../lib/bijectors/gumbel-cdf.js';
import { Free, Identity } from '../../lib/bijectors/identity.js';
import { Inverse } from '../../lib/bijectors/inverse.js';
import { MaxNorm } from '../../lib/bijectors/max-norm.js';
import { ScalarAffine, Shift } from '../../lib/bijectors/scalar-affine.js';
import { Sigmoid } from '../../lib/bijectors/sigmoid.js';
import { Softplus } from '../../lib/bijectors/softplus.js';
import { Tanh } from '../../lib/bijectors/tanh.js';

export interface Example {
  name: string;
  bijector: Bijector;
  /** Numbers at which inverse(forward(x)) is well-conditioned; events of three are made of them. Default: -3 … 3. */
  points?: readonly number[];
}

const inside = [0.02, 0.1, 0.3, 0.5, 0.6, 0.75, 0.9, 0.97, 0.25];
const positive = [0.02, 0.1, 0.3, 0.5, 0.8, 1.3, 2, 3.5, 7];

export const examples: readonly Example[] = [
  { name: 'Identity', bijector: new Identity() },
  { name: 'Free', bijector: new Free() },
  { name: 'Box', bijector: new Box({ low: -1, high: 1 }) },
  { name: 'Box, narrow', bijector: new Box({ low: -2, high: 2, width: 0.9 }) },
  { name: 'Box, limits per dimension', bijector: new Box({ low: [-1, -2, 0.5], high: [1, 3, 2.5], width: 1.3 }) },
  { name: 'Box, coarse eps', bijector: new Box({ low: -0.3, high: 0.1, eps: 1e-3 }) },
  { name: 'MaxNorm', bijector: new MaxNorm() },
  { name: 'MaxNorm 6', bijector: new MaxNorm({ maxNorm: 6, eps: 1e-8 }) },
  { name: 'Tanh', bijector: new Tanh() },
  { name: 'Sigmoid', bijector: new Sigmoid() },
  { name: 'Softplus', bijector: new Softplus() },
  { name: 'Exp', bijector: new Exp() },
  { name: 'GumbelCDF', bijector: new GumbelCDF(), points: [-1.5, -1, -0.5, -0.1, 0.2, 0.7, 1.5, 3, 5] },
  { name: 'ScalarAffine', bijector: new ScalarAffine({ scale: -2.5, shift: 0.7 }) },
  { name: 'ScalarAffine, log scale', bijector: new ScalarAffine({ logScale: [0.2, -1, 3], shift: [1, 2, 3] }) },
  { name: 'Shift', bijector: new Shift({ shift: [0.1, -4, 2] }) },
  { name: 'DiagLinear', bijector: new DiagLinear({ diag: [0.5, -2, 3] }) },
  { name: 'Block', bijector: new Block({ bijector: new Tanh(), ndims: 1 }) },
  { name: 'Inverse(Sigmoid)', bijector: new Inverse({ bijector: new Sigmoid() }), points: inside },
  { name: 'Inverse(Softplus)', bijector: new Inverse({ bijector: new Softplus() }), points: positive },
  { name: 'Inverse(Exp)', bijector: new Inverse({ bijector: new Exp() }), points: positive },
  { name: 'Inverse(GumbelCDF)', bijector: new Inverse({ bijector: new GumbelCDF() }), points: inside },
  { name: 'Inverse(Box)', bijector: new Inverse({ bijector: new Box({ low: -4, high: 5 }) }) },
  { name: 'Inverse(MaxNorm)', bijector: new Inverse({ bijector: new MaxNorm({ maxNorm: 6 }) }) },
  {
    name: 'Chain(Tanh, ScalarAffine)',
    bijector: new Chain({ bijectors: [new Tanh(), new ScalarAffine({ scale: 0.5, shift: 0.2 })] }),
  },
  {
    name: 'Chain(DiagLinear, MaxNorm, Block(Shift))',
    bijector: new Chain({
      bijectors: [
        new DiagLinear({ diag: [2, 3, -4] }),
        new MaxNorm({ maxNorm: 2 }),
        new Block({ bijector: new Shift({ shift: 0.3 }), ndims: 1 }),
      ],
    }),
  },
  {
    name: 'Inverse(Chain(Block(Sigmoid), DiagLinear))',
    bijector: new Inverse({
      bijector: new Chain({
        bijectors: [new Block({ bijector: new Sigmoid(), ndims: 1 }), new DiagLinear({ diag: [1, 2, 0.5] })],
      }),
    }),
    points: inside,
  },
];
