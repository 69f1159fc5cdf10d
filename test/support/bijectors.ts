// One or more instances of every bijector, for laws that all obey.
import type { NdArray } from '../../lib/bijectors/array.js';
import type { Bijector } from '../../lib/bijectors/bijector.js';
import { Block, DiagLinear } from '../../lib/bijectors/block.js';
import { Box } from '../../lib/bijectors/box.js';
import { Chain } from '../../lib/bijectors/chain.js';
import { MaskedCoupling, SplitCoupling } from '../../lib/bijectors/coupling.js';
import { Exp } from '../../lib/bijectors/exp.js';
import { Groups } from '../../lib/bijectors/groups.js';
import { GumbelCDF } from '../../lib/bijectors/gumbel-cdf.js';
import { Free, Identity } from '../../lib/bijectors/identity.js';
import { Inverse } from '../../lib/bijectors/inverse.js';
import { Lambda } from '../../lib/bijectors/lambda.js';
import {
  DiagPlusLowRankLinear,
  LowerUpperTriangularAffine,
  TriangularLinear,
  UnconstrainedAffine,
} from '../../lib/bijectors/matrix-affine.js';
import { MaxNorm } from '../../lib/bijectors/max-norm.js';
import { RationalQuadraticSpline } from '../../lib/bijectors/rational-quadratic-spline.js';
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

/** What the native core knows too. */
export const examples: readonly Example[] = [
  { name: 'Identity', bijector: new Identity() },
  { name: 'Free', bijector: new Free() },
  { name: 'Box', bijector: new Box({ low: -1, high: 1 }) },
  { name: 'Box, narrow', bijector: new Box({ low: -2, high: 2, width: 0.9 }) },
  { name: 'Box, limits per dimension', bijector: new Box({ low: [-1, -2, 0.5], high: [1, 3, 2.5], width: 1.3 }) },
  { name: 'Box, coarse eps', bijector: new Box({ low: -0.3, high: 0.1, eps: 1e-3 }) },
  { name: 'MaxNorm', bijector: new MaxNorm() },
  { name: 'MaxNorm 6', bijector: new MaxNorm({ maxNorm: 6, eps: 1e-8 }) },
  { name: 'Groups of 1', bijector: new Groups({ bijector: new MaxNorm({ maxNorm: 6, eps: 1e-8 }), size: 1 }) },
  { name: 'Groups of 3', bijector: new Groups({ bijector: new MaxNorm({ maxNorm: 6, eps: 1e-8 }), size: 3 }) },
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

const matrix = [
  [1.5, -0.4, 0.3],
  [0.2, -1.2, 0.5],
  [-0.6, 0.1, 0.8],
];
const knots = [0.3, -0.5, 1, 0, 0.2, -0.8, 0.1, 0.6, 0.4, -1, 0.5, 1.2, -0.3];
const affine = ({ data, shape }: NdArray) =>
  new ScalarAffine({
    shift: { data: data.map((v) => Math.sin(v)) as NdArray['data'], shape },
    logScale: { data: data.map((v) => 0.5 * Math.cos(v)) as NdArray['data'], shape },
  });
/** The sum of each event, once per element of `width`. */
const sums =
  (width: number) =>
  ({ data, shape }: NdArray): NdArray => {
    const n = shape.at(-1) as number;
    const total = (event: number): number =>
      Array.from(data.subarray(event * n, (event + 1) * n)).reduce((x, y) => x + y, 0);
    return {
      data: Float64Array.from(
        { length: (data.length / n) * width },
        (_, i) => total(Math.floor(i / width)) + (i % width),
      ),
      shape: [...shape.slice(0, -1), width],
    };
  };

/** What works in distributions only. `files`: made of numbers, so that it can be kept in a file. */
export const withoutNative: readonly (Example & { files: boolean })[] = [
  { name: 'TriangularLinear, lower', bijector: new TriangularLinear({ matrix }), files: true },
  { name: 'TriangularLinear, upper', bijector: new TriangularLinear({ matrix, isLower: false }), files: true },
  {
    name: 'LowerUpperTriangularAffine',
    bijector: new LowerUpperTriangularAffine({ matrix, bias: [1, -1, 0.5] }),
    files: true,
  },
  { name: 'UnconstrainedAffine', bijector: new UnconstrainedAffine({ matrix, bias: [1, -1, 0.5] }), files: true },
  {
    name: 'DiagPlusLowRankLinear',
    bijector: new DiagPlusLowRankLinear({
      diag: [1, 2, -1],
      uMatrix: [[0.1], [0.3], [0.2]],
      vMatrix: [[1], [-0.5], [0.4]],
    }),
    files: true,
  },
  ...(['unconstrained', 'lower_identity', 'upper_identity', 'identity', 'circular'] as const).map((boundarySlopes) => ({
    name: `RationalQuadraticSpline, ${boundarySlopes}`,
    bijector: new RationalQuadraticSpline({ params: knots, rangeMin: -2, rangeMax: 2, boundarySlopes }),
    files: true,
  })),
  {
    name: 'RationalQuadraticSpline per dimension',
    bijector: new RationalQuadraticSpline({
      params: [knots, knots.map((v) => 1 - v), knots.map(Math.sin)],
      rangeMin: -4,
      rangeMax: 3,
    }),
    files: true,
  },
  {
    name: 'MaskedCoupling',
    bijector: new MaskedCoupling({ mask: [1, 0, 1], conditioner: sums(3), bijector: affine }),
    files: false,
  },
  {
    name: 'SplitCoupling',
    bijector: new SplitCoupling({ splitIndex: 1, conditioner: sums(2), bijector: affine }),
    files: false,
  },
  {
    name: 'SplitCoupling, swapped',
    bijector: new SplitCoupling({ splitIndex: 1, conditioner: sums(1), bijector: affine, swap: true }),
    files: false,
  },
  {
    name: 'Lambda, with differences for its log-det',
    bijector: new Lambda({ forward: (x) => x + Math.tanh(x), inverse: (y) => newton((x) => x + Math.tanh(x), y) }),
    files: false,
  },
  {
    name: 'Lambda',
    bijector: new Lambda({
      forward: (x) => Math.sinh(x),
      inverse: (y) => Math.asinh(y),
      forwardLogDet: (x) => Math.log(Math.cosh(x)),
      inverseLogDet: (y) => -0.5 * Math.log1p(y * y),
    }),
    files: false,
  },
];

function newton(f: (x: number) => number, y: number): number {
  let x = y / 2;
  for (let i = 0; i < 60; i++) x -= (f(x) - y) / (2 - Math.tanh(x) ** 2);
  return x;
}
