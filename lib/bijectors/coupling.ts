// Couplings: one part of an event is mapped by a bijector whose parameters come from the other part, which stays.
import { boolean, options as checkOptions, nonNegativeInteger, required, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { showShape, sizeOf } from '../tensor/shape.js';
import { broadcastTo, type NdArray, type NdArrayLike, parameter, sumLast, zeros } from './array.js';
import { Bijector, type Mapped } from './bijector.js';
import { bijectorOption } from './chain.js';

/** Parameters from the part that stays. */
export type Conditioner = (x: NdArray) => NdArray;
/** The bijector with these parameters. */
export type Conditional = (parameters: NdArray) => Bijector;

/**
 * What both have; functions cannot be kept in a file, so a coupling has no metadata, and is the same only as itself.
 */
abstract class Coupling extends Bijector {
  readonly #conditioner: Conditioner;
  readonly #conditional: Conditional;

  constructor(eventNdims: number, conditioner: unknown, conditional: unknown) {
    super({ eventNdimsIn: eventNdims });
    this.#conditioner = functionOption('conditioner', conditioner) as Conditioner;
    this.#conditional = functionOption('bijector', conditional) as Conditional;
  }

  get options(): Record<string, unknown> {
    throw new TorsorError(
      'UNSUPPORTED',
      `${this.constructor.name} is made of functions, which cannot be kept in a file`,
    );
  }

  protected inner(kept: NdArray): Bijector {
    return bijectorOption(this.constructor.name, 'result of bijector', this.#conditional(this.#conditioner(kept)));
  }

  override sameAs(other: Bijector): boolean {
    return other === this;
  }
}

function functionOption(name: string, value: unknown): unknown {
  if (typeof value === 'function') return value;
  throw new TorsorError('INVALID_ARGUMENT', `${name}: expected a function, got ${show(value)}`);
}

/**
 * Elements where `mask` is 1 stay; the others are mapped by a bijector of numbers that sees the event with zeros in
 * their place.
 */
export class MaskedCoupling extends Coupling {
  readonly #mask: NdArray;

  constructor(given: { mask: NdArrayLike; conditioner: Conditioner; bijector: Conditional }) {
    checkOptions('MaskedCoupling', given, ['mask', 'conditioner', 'bijector']);
    required('MaskedCoupling', 'mask', given?.mask);
    const mask = parameter('mask', given.mask);
    super(mask.shape.length, given.conditioner, given.bijector);
    this.#mask = mask;
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const mask = broadcastTo(this.#mask, x.shape).data;
    const stays = (i: number): boolean => mask[i] !== 0;
    const kept = { data: x.data.map((v, i) => (stays(i) ? v : 0)) as NdArray['data'], shape: x.shape };
    const { value, logDet } = this.inner(kept).mapChecked(x, inverse);
    if (showShape(logDet.shape) !== showShape(x.shape)) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `MaskedCoupling: expected a bijector of numbers, its log-det has the shape ${showShape(logDet.shape)}`,
      );
    }
    const mapped = {
      data: value.data.map((v, i) => (stays(i) ? (x.data[i] as number) : v)) as NdArray['data'],
      shape: x.shape,
    };
    const moved = { data: logDet.data.map((v, i) => (stays(i) ? 0 : v)) as NdArray['data'], shape: x.shape };
    return { value: mapped, logDet: sumLast(moved, this.eventNdimsIn) };
  }
}

/** Of `SplitCoupling`. */
export interface SplitCouplingOptions {
  /** Elements of the last dimension before this one are the first part. */
  splitIndex: number;
  /** Dimensions of an event. Default: 1. */
  eventNdims?: number;
  /** Parameters of the bijector from the part that stays. */
  conditioner: Conditioner;
  /** The bijector of the other part, from those parameters. */
  bijector: Conditional;
  /** The first part is mapped given the second. Default: false, the second given the first. */
  swap?: boolean;
}

/** The event is cut in two along its last dimension. */
export class SplitCoupling extends Coupling {
  readonly #index: number;
  readonly #swap: boolean;

  constructor(given: SplitCouplingOptions) {
    checkOptions('SplitCoupling', given, ['splitIndex', 'eventNdims', 'conditioner', 'bijector', 'swap']);
    required('SplitCoupling', 'splitIndex', given?.splitIndex);
    super(nonNegativeInteger('eventNdims', given.eventNdims ?? 1), given.conditioner, given.bijector);
    this.#index = nonNegativeInteger('splitIndex', given.splitIndex);
    this.#swap = boolean('swap', given.swap ?? false);
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const width = x.shape.at(-1) ?? 0;
    if (this.#index > width) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `splitIndex: ${this.#index} is beyond the last dimension of ${showShape(x.shape)}`,
      );
    }
    const first = part(x, 0, this.#index);
    const second = part(x, this.#index, width);
    const [kept, given] = this.#swap ? [second, first] : [first, second];
    const bijector = this.inner(kept);
    const { value, logDet } = bijector.mapChecked(given, inverse);
    const result = zeros(x.shape, x);
    const [left, right] = this.#swap ? [value, kept] : [kept, value];
    for (let row = 0; row * width < result.data.length; row++) {
      const start = row * this.#index;
      const rest = row * (width - this.#index);
      result.data.set(left.data.subarray(start, start + this.#index), row * width);
      result.data.set(right.data.subarray(rest, rest + width - this.#index), row * width + this.#index);
    }
    return { value: result, logDet: sumLast(logDet, this.eventNdimsIn - bijector.eventNdimsIn) };
  }
}

/** Columns from … to of the last dimension. */
function part(x: NdArray, from: number, to: number): NdArray {
  const width = x.shape.at(-1) as number;
  const shape = [...x.shape.slice(0, -1), to - from];
  const result = zeros(shape, x);
  const rows = sizeOf(x.shape.slice(0, -1));
  for (let row = 0; row < rows; row++) {
    result.data.set(x.data.subarray(row * width + from, row * width + to), row * (to - from));
  }
  return result;
}
