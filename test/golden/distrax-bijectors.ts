// distrax_bijectors.json: every bijector of distrax, at listed points.
import { addon } from '../../lib/addon/load.js';
import type { NdArray } from '../../lib/bijectors/array.js';
import type { Bijector } from '../../lib/bijectors/bijector.js';
import { Block, DiagLinear } from '../../lib/bijectors/block.js';
import { Chain } from '../../lib/bijectors/chain.js';
import { MaskedCoupling, SplitCoupling } from '../../lib/bijectors/coupling.js';
import { Inverse } from '../../lib/bijectors/inverse.js';
import { Lambda } from '../../lib/bijectors/lambda.js';
import {
  DiagPlusLowRankLinear,
  LowerUpperTriangularAffine,
  TriangularLinear,
  UnconstrainedAffine,
} from '../../lib/bijectors/matrix-affine.js';
import {
  RationalQuadraticSpline,
  type RationalQuadraticSplineOptions,
} from '../../lib/bijectors/rational-quadratic-spline.js';
import { ScalarAffine, Shift } from '../../lib/bijectors/scalar-affine.js';
import { Sigmoid } from '../../lib/bijectors/sigmoid.js';
import { ActionSpace } from '../../lib/spaces/action-space.js';
import { traits } from './action-space-bijectors.js';
import { array, compareTable, type Table } from './bijector-table.js';
import { type Comparison, comparePair, same, tolerance, unsupported } from './compare.js';
import { isPair, type Pair } from './format.js';

type Parameters = Record<string, Pair | number | boolean | string>;

interface Case {
  name: string;
  event_ndims_in: number;
  event_ndims_out: number;
  is_constant_jacobian: boolean;
  is_constant_log_det: boolean;
  params?: Parameters;
  table?: Table;
  x: Pair;
  [quantity: string]: unknown;
}

/** Parameters of the reference in float64: `r.shift`, `r.range_min`. */
function reader(parameters: Parameters | undefined, single: boolean) {
  const get = (name: string): NdArray => {
    const value = parameters?.[name];
    if (isPair(value)) return array(single ? value.f32 : value.f64, false);
    if (typeof value === 'number') return { data: Float64Array.of(value), shape: [] };
    throw new Error(`no array ${name} among the parameters`);
  };
  return {
    get,
    has: (name: string) => parameters?.[name] !== undefined,
    raw: (name: string) => parameters?.[name] as never,
  };
}

/** An affine map whose shift and log-scale are s and tanh(t) of the pairs (s, t) = kept · W. */
function affineCoupling(w: NdArray) {
  const [rows, columns] = w.shape as [number, number];
  const conditioner = (kept: NdArray): NdArray => {
    const data = new Float64Array((kept.data.length / rows) * columns);
    for (let i = 0; i < data.length; i++) {
      const start = Math.floor(i / columns) * rows;
      for (let k = 0; k < rows; k++) {
        (data[i] as number) += (kept.data[start + k] as number) * (w.data[k * columns + (i % columns)] as number);
      }
    }
    return { data, shape: [...kept.shape.slice(0, -1), columns / 2, 2] };
  };
  const bijector = ({ data, shape }: NdArray): Bijector => {
    const half = (k: number, f: (v: number) => number): NdArray => ({
      data: Float64Array.from({ length: data.length / 2 }, (_, i) => f(data[2 * i + k] as number)),
      shape: shape.slice(0, -1),
    });
    return new ScalarAffine({ shift: half(0, (v) => v), logScale: half(1, Math.tanh) });
  };
  return { conditioner, bijector };
}

/** Sigmoid of a shifted and stretched vector: the file's chain of three. */
const chainOfThree = (diag: NdArray, shift: NdArray): Bijector =>
  new Chain({
    bijectors: [
      new Block({ bijector: new Sigmoid(), ndims: 1 }),
      new DiagLinear({ diag }),
      new Block({ bijector: new Shift({ shift }), ndims: 1 }),
    ],
  });

/** Functions the file names; they are not in it. */
const lambdas: Record<string, () => Bijector> = {
  'x->tanh(2x+1)': () => new Lambda({ forward: (x) => Math.tanh(2 * x + 1), inverse: (y) => (Math.atanh(y) - 1) / 2 }),
  'softplus via log(exp+1)': () =>
    new Lambda({ forward: (x) => Math.log(Math.exp(x) + 1), inverse: (y) => Math.log(Math.expm1(y)) }),
};

/** A bijector by the name of its case, `Block(Tanh,1)`; undefined for one we do not know. */
function bijectorOf(name: string, parameters: Parameters | undefined, single: boolean): Bijector | undefined {
  const { get, has, raw } = reader(parameters, single);
  const given = (...names: [string, string][]) =>
    Object.fromEntries(names.flatMap(([theirs, ours]) => (has(theirs) ? [[ours, get(theirs)]] : [])));
  const affine = () => new ScalarAffine(given(['shift', 'shift'], ['scale', 'scale'], ['log_scale', 'logScale']));
  const matrix = () => get('matrix');
  const [, lambda] = /^Lambda\((.*)\)$/.exec(name) ?? [];
  if (lambda) return lambdas[lambda]?.();
  const [, block, ndims] = /^Block\((\w+),(\d)\)$/.exec(name) ?? [];
  if (block) return new Block({ bijector: ActionSpace.create(block), ndims: Number(ndims) });
  switch (name.replace(/ .*/, '')) {
    case 'Tanh':
    case 'Sigmoid':
    case 'GumbelCDF':
      return ActionSpace.create(name);
    case 'ScalarAffine':
      return affine();
    case 'Shift':
      return new Shift({ shift: get('shift') });
    case 'DiagLinear':
      return new DiagLinear({ diag: get('diag') });
    case 'TriangularLinear':
      return new TriangularLinear({ matrix: matrix(), isLower: raw('is_lower') });
    case 'LowerUpperTriangularAffine':
      return new LowerUpperTriangularAffine({ matrix: matrix(), bias: get('bias') });
    case 'UnconstrainedAffine':
      return new UnconstrainedAffine({ matrix: matrix(), bias: get('bias') });
    case 'DiagPlusLowRankLinear':
      return new DiagPlusLowRankLinear({ diag: get('diag'), uMatrix: get('u_matrix'), vMatrix: get('v_matrix') });
    case 'Chain[Tanh,ScalarAffine]':
      return new Chain({ bijectors: [ActionSpace.create('tanh'), affine()] });
    case 'Chain[Block(Sigmoid,1),DiagLinear,Block(Shift,1)]':
      return chainOfThree(get('diag'), get('shift'));
    case 'Inverse(Chain)':
      return new Inverse({ bijector: chainOfThree(get('diag'), get('shift')) });
    case 'Inverse(Sigmoid)':
      return new Inverse({ bijector: new Sigmoid() });
    case 'MaskedCoupling': {
      const mask = String(raw('mask'))
        .split(',')
        .map((word) => Number(word === 'true'));
      return new MaskedCoupling({ mask, ...affineCoupling(get('W')) });
    }
    case 'SplitCoupling':
      return new SplitCoupling({ splitIndex: raw('split_index'), swap: raw('swap'), ...affineCoupling(get('W')) });
    case 'RationalQuadraticSpline':
      return new RationalQuadraticSpline({
        params: get('params'),
        rangeMin: raw('range_min'),
        rangeMax: raw('range_max'),
        boundarySlopes: raw('boundary_slopes') as NonNullable<RationalQuadraticSplineOptions['boundarySlopes']>,
        minBinSize: raw('min_bin_size'),
        minKnotSlope: raw('min_knot_slope'),
      });
    default:
      return undefined;
  }
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

/**
 * Gradient of sum(y) + sum(log-det): exact where there is a native chain, else by differences in float64; at
 * `corners`, where a spline becomes linear, by those of the outer side, as in the reference.
 */
function gradient(bijector: Bijector, x: NdArray, corners: readonly unknown[]): Float64Array {
  const n = x.shape.at(-1) as number;
  if (bijector.eventNdimsIn === 1 && sum(bijector.forward(x).shape) === sum(x.shape)) {
    try {
      const exact = new Float64Array(x.data.length).fill(1);
      addon().chainGradient(bijector.native(n), n, false, x.data, exact);
      return exact;
    } catch {
      // No native form.
    }
  }
  const total = (data: Float64Array): number => {
    const { y, logDet } = bijector.forwardAndLogDet({ data, shape: x.shape });
    return sum(y.data) + sum(logDet.data);
  };
  const h = 1e-6;
  return Float64Array.from(x.data, (v, i) => {
    const moved = (by: number): number => total(Float64Array.from(x.data, (each, k) => (k === i ? v + by : each)));
    const outward = corners.includes(v) ? Math.sign(v) * h : 0;
    if (outward !== 0) return (4 * moved(outward) - moved(2 * outward) - 3 * moved(0)) / (2 * outward);
    return (moved(h) - moved(-h)) / (2 * h);
  });
}

function compareCase(name: string, entry: Case, single: boolean): Comparison[] {
  const bijector = bijectorOf(name, entry.params, single) as Bijector;
  const label = (quantity: string): string => `${name}/${quantity} ${single ? 'float32' : 'float64'}`;
  const at = array(single ? entry.x.f32 : entry.x.f64, single);
  const { y, logDet } = bijector.forwardAndLogDet(at);
  const back = bijector.inverseAndLogDet(y);
  const exact = array(entry.x.f64, false);
  const corners = [entry.params?.range_min, entry.params?.range_max];
  const results: Record<string, ArrayLike<number>> = {
    forward: y.data,
    forward_log_det: logDet.data,
    inverse_of_forward: back.x.data,
    inverse_log_det: back.logDet.data,
    'grad_x_of_sum(y)+sum(log_det)': gradient(bijectorOf(name, entry.params, false) as Bijector, exact, corners),
  };
  return Object.keys(entry)
    .filter((key) => isPair(entry[key]) && key !== 'x')
    .map((key) => {
      const result = results[key];
      if (result === undefined) throw new Error(`${name}: nothing computes ${key}`);
      const gradients = key.startsWith('grad');
      const accepted = gradients ? tolerance.gradient : single ? tolerance.value : 1e-9;
      return comparePair(label(key), result, entry[key] as Pair, accepted);
    });
}

export function checkDistraxBijectors(json: unknown): Comparison[] {
  const cases = json as Record<string, Case>;
  return Object.keys(cases).flatMap((name) => {
    const entry = cases[name] as Case;
    const bijector = bijectorOf(name, entry.params, false);
    if (bijector === undefined) return [unsupported(name, `the bijector ${name}`, name)];
    const known = [...traits(name, bijector, entry), same(`${name}/name`, typeof entry.name, 'string')];
    // Distrax approximates the sigmoid below -9, also in float64.
    if (entry.table) return [...known, ...compareTable(name, bijector, entry.table, tolerance.value)];
    return [...known, ...[false, true].flatMap((single) => compareCase(name, entry, single))];
  });
}
