// Several bijectors as one.
import type { NativeBijector } from '../addon/native-model.js';
import { options as checkOptions, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { combine, type NdArray } from './array.js';
import { Bijector, type Mapped } from './bijector.js';

/** y = f1(f2(… fN(x))): the last one listed is applied first, as in distrax. */
export class Chain extends Bijector {
  readonly bijectors: readonly Bijector[];

  constructor(given: { bijectors: readonly Bijector[] }) {
    checkOptions('Chain', given, ['bijectors']);
    const list: unknown = given?.bijectors;
    if (!Array.isArray(list) || list.length === 0) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `bijectors of Chain: expected at least one bijector, got ${show(list)}`,
      );
    }
    const bijectors = list.map((each, i) => bijectorOption('Chain', `bijectors[${i}]`, each));
    bijectors.reduce((outer, inner, i) => {
      if (outer.eventNdimsIn === inner.eventNdimsOut) return inner;
      throw new TorsorError(
        'INVALID_SHAPE',
        `Chain: bijectors[${i - 1}] takes events of ${outer.eventNdimsIn} dimensions, bijectors[${i}] gives ${inner.eventNdimsOut}; ` +
          'a Block adds dimensions',
      );
    });
    super({
      eventNdimsIn: (bijectors.at(-1) as Bijector).eventNdimsIn,
      eventNdimsOut: (bijectors[0] as Bijector).eventNdimsOut,
      isConstantJacobian: bijectors.every((each) => each.isConstantJacobian),
      isConstantLogDet: bijectors.every((each) => each.isConstantLogDet),
    });
    this.bijectors = bijectors;
  }

  get options(): Record<string, unknown> {
    return { bijectors: this.bijectors.map((each) => each.metadata) };
  }

  override native(dims: number): NativeBijector[] {
    return this.#inOrder(false).flatMap((each) => each.native(dims));
  }

  protected map(x: NdArray, inverse: boolean): Mapped {
    const [first, ...rest] = this.#inOrder(inverse) as [Bijector, ...Bijector[]];
    return rest.reduce(
      (sofar, each) => {
        const next = each.mapChecked(sofar.value, inverse);
        return { value: next.value, logDet: combine(sofar.logDet, next.logDet, (a, b) => a + b) };
      },
      first.mapChecked(x, inverse),
    );
  }

  /** From the first applied to the last. */
  #inOrder(inverse: boolean): readonly Bijector[] {
    return inverse ? this.bijectors : [...this.bijectors].reverse();
  }

  override sameAs(other: Bijector): boolean {
    return (
      other instanceof Chain &&
      other.bijectors.length === this.bijectors.length &&
      this.bijectors.every((each, i) => each.sameAs(other.bijectors[i] as Bijector))
    );
  }
}

/** A bijector given as an option. */
export function bijectorOption(what: string, name: string, value: unknown): Bijector {
  if (value instanceof Bijector) return value;
  throw new TorsorError('INVALID_ARGUMENT', `${name} of ${what}: expected a bijector, got ${show(value)}`);
}
