// Tuple: values of other spaces in a fixed order.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Composite } from './composite.js';
import type { ElementOf, Space, SpaceJson } from './space.js';

/**
 * Arrays whose item i is a value of spaces[i]. The flat form has the items one behind the other.
 *
 *     new Tuple([new Box(-1, 1, [3]), new MultiBinary(4)])
 */
export class Tuple<S extends readonly Space[] = readonly Space[]> extends Composite<{
  -readonly [I in keyof S]: ElementOf<S[I]>;
}> {
  readonly spaces: S;

  constructor(spaces: readonly [...S]) {
    if (!Array.isArray(spaces)) {
      throw new TorsorError('INVALID_ARGUMENT', `spaces of Tuple: expected an array of spaces, got ${show(spaces)}`);
    }
    super(
      'Tuple',
      Array.from(spaces as readonly Space[], (space, i) => ({ step: i, path: `[${i}]`, space })),
    );
    this.spaces = Object.freeze([...spaces]) as unknown as S;
  }

  toJSON(): SpaceJson {
    return { type: 'Tuple', spaces: this.spaces.map((space) => space.toJSON()) };
  }

  toString(): string {
    return `Tuple(${this.spaces.join(', ')})`;
  }

  protected build(values: unknown[]): { -readonly [I in keyof S]: ElementOf<S[I]> } {
    return values as never;
  }

  protected wrong(value: unknown): string | undefined {
    const { length } = this.children;
    if (Array.isArray(value) && value.length === length) return undefined;
    return `expected an array of ${length} items, got ${value === undefined ? 'nothing' : show(value)}`;
  }
}
