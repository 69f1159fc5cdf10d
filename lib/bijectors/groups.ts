// The same map for groups of numbers, each by itself.
import type { NativeBijector } from '../addon/native-model.js';
import { options as checkOptions, positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type NdArray, sumLast } from './array.js';
import { Bijector, type Mapped } from './bijector.js';
import { bijectorOption } from './chain.js';

/**
 * Applies a bijector of vectors to every `size` consecutive numbers of a vector: to the action of each agent, where one policy steers several.
 * Log-dets are the sums over the groups.
 *
 *     new Groups({ bijector: new MaxNorm({ maxNorm: 2 }), size: 3 }) // [agents · 3]: each agent inside a ball of its own
 */
export class Groups extends Bijector {
  readonly bijector: Bijector;
  readonly size: number;

  constructor(given: { bijector: Bijector; size: number }) {
    checkOptions('Groups', given, ['bijector', 'size']);
    const inner = bijectorOption('Groups', 'bijector', given?.bijector);
    const size = positiveInteger('size', given.size);
    if (inner.eventNdimsIn !== 1 || inner.eventNdimsOut !== 1) {
      throw new TorsorError(
        'INVALID_SHAPE',
        `bijector of Groups: expected a map of vectors, ${inner.constructor.name} takes events of ${inner.eventNdimsIn} dimensions`,
      );
    }
    super({ ...inner });
    this.bijector = inner;
    this.size = size;
  }

  get options(): Record<string, unknown> {
    return { bijector: this.bijector.metadata, size: this.size };
  }

  override native(dims: number): NativeBijector[] {
    const groups = this.#groupsIn(dims);
    return this.bijector.native(this.size).map((step) => ({
      ...step,
      parameters: step.parameters.map((values) => (values.length === 1 ? values : repeated(values, groups))),
      size: step.size ?? this.size,
    }));
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const batch = x.shape.slice(0, -1);
    const groups = this.#groupsIn(x.shape.at(-1) as number);
    const apart: NdArray = { data: x.data, shape: [...batch, groups, this.size] };
    const { value, logDet } = this.bijector.mapChecked(apart, inverse);
    return { value: { data: value.data, shape: x.shape }, logDet: sumLast(logDet, 1) };
  }

  override sameAs(other: Bijector): boolean {
    return other instanceof Groups && other.size === this.size && this.bijector.sameAs(other.bijector);
  }

  #groupsIn(dims: number): number {
    if (dims % this.size === 0) return dims / this.size;
    throw new TorsorError('INVALID_SHAPE', `groups of ${this.size} do not make up an event of ${dims} numbers`);
  }
}

function repeated(values: Float64Array, times: number): Float64Array {
  return Float64Array.from({ length: values.length * times }, (_, i) => values[i % values.length] as number);
}
