// Monotone splines of quotients of parabolas (Durkan et al., "Neural spline flows", 2019), linear outside their range.
import { options as checkOptions, finite, oneOf, required, within } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { showShape, sizeOf } from '../tensor/shape.js';
import { broadcastShapes, broadcastTo, type NdArray, type NdArrayLike, nested, parameter, zeros } from './array.js';
import { Bijector, type Mapped } from './bijector.js';

const boundaries = ['unconstrained', 'lower_identity', 'upper_identity', 'identity', 'circular'] as const;

/** Of `RationalQuadraticSpline`. */
export interface RationalQuadraticSplineOptions {
  /** `[..., 3K + 1]`: unnormalised widths and heights of K bins, and slopes at their K + 1 knots. */
  params: NdArrayLike;
  /** The spline maps [rangeMin, rangeMax] to itself. */
  rangeMin: number;
  rangeMax: number;
  /** Slopes at the ends: as given, 1 at one or both, or the same at both. Default: `unconstrained`. */
  boundarySlopes?: (typeof boundaries)[number];
  /** Least width and height of a bin. Default: 1e-4. */
  minBinSize?: number;
  /** Least slope at a knot. Default: 1e-4. */
  minKnotSlope?: number;
}

interface Knots {
  x: Float64Array;
  y: Float64Array;
  slope: Float64Array;
}

/** Numbers to numbers; leading dimensions of `params` broadcast against them. Arithmetic in float64. */
export class RationalQuadraticSpline extends Bijector {
  readonly options: Record<string, unknown>;
  readonly #shape: readonly number[];
  readonly #knots: readonly Knots[];

  constructor(given: RationalQuadraticSplineOptions) {
    super();
    const name = 'RationalQuadraticSpline';
    const known = ['params', 'rangeMin', 'rangeMax', 'boundarySlopes', 'minBinSize', 'minKnotSlope'];
    for (const option of known.slice(0, 3)) required(name, option, checkOptions(name, given, known)[option]);
    const params = parameter('params', given.params);
    const [low, high] = [finite('rangeMin', given.rangeMin), finite('rangeMax', given.rangeMax)];
    const width = params.shape.at(-1) ?? 0;
    const bins = (width - 1) / 3;
    if (!Number.isInteger(bins) || bins < 1) {
      throw new TorsorError('INVALID_SHAPE', `params: expected [..., 3K + 1], got ${showShape(params.shape)}`);
    }
    if (!(low < high))
      throw new TorsorError('INVALID_ARGUMENT', `rangeMin, rangeMax: expected rising numbers, got ${low}, ${high}`);
    const boundary = oneOf('boundarySlopes', given.boundarySlopes ?? 'unconstrained', boundaries);
    const minBinSize = within('minBinSize', given.minBinSize ?? 1e-4, 0, (high - low) / bins);
    const minKnotSlope = within('minKnotSlope', given.minKnotSlope ?? 1e-4, 0, 0.999);
    this.options = {
      params: nested(params),
      rangeMin: low,
      rangeMax: high,
      boundarySlopes: boundary,
      minBinSize,
      minKnotSlope,
    };
    this.#shape = params.shape.slice(0, -1);
    this.#knots = Array.from({ length: sizeOf(this.#shape) }, (_, i) => {
      const row = params.data.subarray(i * width, (i + 1) * width) as Float64Array;
      return {
        x: positions(row.subarray(0, bins), low, high, minBinSize),
        y: positions(row.subarray(bins, 2 * bins), low, high, minBinSize),
        slope: slopes(row.subarray(2 * bins), minKnotSlope, boundary),
      };
    });
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const shape = broadcastShapes(x.shape, this.#shape);
    const which = { data: Float64Array.from(this.#knots, (_, i) => i), shape: this.#shape };
    const [input, rows] = [broadcastTo(x, shape).data, broadcastTo(which, shape).data];
    const [value, logDet] = [zeros(shape, x), zeros(shape, x)];
    for (let i = 0; i < input.length; i++) {
      const [v, d] = mapOne(this.#knots[rows[i] as number] as Knots, input[i] as number, inverse);
      value.data[i] = v;
      logDet.data[i] = d;
    }
    return { value, logDet };
  }
}

/** Edges of bins that share [low, high] as softmax says, none below the least size. */
function positions(raw: Float64Array, low: number, high: number, least: number): Float64Array {
  const largest = Math.max(...raw);
  const weights = raw.map((v) => Math.exp(v - largest));
  const total = weights.reduce((a, b) => a + b, 0);
  const edges = new Float64Array(raw.length + 1).fill(low);
  for (const [i, w] of weights.entries()) {
    edges[i + 1] = (edges[i] as number) + (w / total) * (high - low - raw.length * least) + least;
  }
  edges[raw.length] = high;
  return edges;
}

/** Softplus, moved so that 0 gives the slope 1. */
function slopes(raw: Float64Array, least: number, boundary: (typeof boundaries)[number]): Float64Array {
  const offset = Math.log(Math.expm1(1 - least));
  const result = raw.map((v) => Math.max(v + offset, 0) + Math.log1p(Math.exp(-Math.abs(v + offset))) + least);
  const last = result.length - 1;
  if (boundary === 'lower_identity' || boundary === 'identity') result[0] = 1;
  if (boundary === 'upper_identity' || boundary === 'identity') result[last] = 1;
  if (boundary === 'circular') result[last] = result[0] as number;
  return result;
}

/** Value and log-det of one number. */
function mapOne({ x, y, slope }: Knots, input: number, inverse: boolean): [number, number] {
  const [from, to] = inverse ? [y, x] : [x, y];
  const last = from.length - 1;
  const end = input <= (from[0] as number) ? 0 : input >= (from[last] as number) ? last : -1;
  if (end >= 0) {
    const factor = inverse ? 1 / (slope[end] as number) : (slope[end] as number);
    return [(to[end] as number) + (input - (from[end] as number)) * factor, Math.log(factor)];
  }
  if (Number.isNaN(input)) return [input, input];
  let bin = 0;
  while (input >= (from[bin + 1] as number)) bin++;
  const [x0, y0, s0] = [x[bin] as number, y[bin] as number, slope[bin] as number];
  const [x1, y1, s1] = [x[bin + 1] as number, y[bin + 1] as number, slope[bin + 1] as number];
  const mean = (y1 - y0) / (x1 - x0);
  const bend = s0 + s1 - 2 * mean;
  // With z the place in the bin: y = y0 + height (mean z^2 + s0 z (1 - z)) / (mean + bend z (1 - z)); the inverse is
  // the root of a quadratic equation, in the form that does not cancel.
  let z = (input - x0) / (x1 - x0);
  if (inverse) {
    const w = (input - y0) / (y1 - y0);
    const b = s0 - bend * w;
    z = (2 * mean * w) / (b + Math.sqrt(b * b + 4 * (mean - b) * mean * w));
  }
  const across = z * (1 - z);
  const denominator = mean + bend * across;
  const logDet =
    2 * Math.log(mean) + Math.log(s1 * z * z + 2 * mean * across + s0 * (1 - z) ** 2) - 2 * Math.log(denominator);
  if (inverse) return [x0 + z * (x1 - x0), -logDet];
  return [y0 + ((y1 - y0) * (mean * z * z + s0 * across)) / denominator, logDet];
}
