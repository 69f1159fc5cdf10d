// Dict: a value of another space under each key.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Composite } from './composite.js';
import type { ElementOf, Space, SpaceJson } from './space.js';

/**
 * Objects with a value of `spaces[key]` under each key, and no other keys. The flat form has the parts in the order in which
 * `spaces` was written, not sorted as Gymnasium's, and whatever the order of the value.
 *
 *     new Dict({ camera: new Box(0, 1, [8, 8]), gear: new Discrete(5) })
 */
export class Dict<S extends Readonly<Record<string, Space>> = Readonly<Record<string, Space>>> extends Composite<{
  [K in keyof S]: ElementOf<S[K]>;
}> {
  readonly spaces: S;

  constructor(spaces: S) {
    if (!isPlain(spaces)) {
      throw new TorsorError('INVALID_ARGUMENT', `spaces of Dict: expected an object of spaces, got ${show(spaces)}`);
    }
    super(
      'Dict',
      Object.entries(spaces).map(([key, space]) => ({ step: key, path: property(key), space })),
    );
    const moved = Object.keys(spaces).find((key) => /^(0|[1-9]\d*)$/.test(key));
    if (moved !== undefined) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `spaces of Dict: expected keys that are no integers, which JavaScript moves to the front, got ${show(moved)}`,
      );
    }
    this.spaces = Object.freeze({ ...spaces });
  }

  toJSON(): SpaceJson {
    return {
      type: 'Dict',
      spaces: Object.fromEntries(Object.entries(this.spaces).map(([key, space]) => [key, space.toJSON()])),
    };
  }

  toString(): string {
    return `Dict(${Object.entries(this.spaces)
      .map(([key, space]) => `${key}: ${space}`)
      .join(', ')})`;
  }

  protected build(values: unknown[]): { [K in keyof S]: ElementOf<S[K]> } {
    return Object.fromEntries(this.children.map(({ step }, i) => [step, values[i]])) as never;
  }

  protected wrong(value: unknown, partial: boolean): string | undefined {
    const known = this.children.map(({ step }) => step as string);
    const expected = `expected an object with the keys ${known.join(', ')}`;
    if (!isPlain(value)) return `${expected}, got ${value === undefined ? 'nothing' : show(value)}`;
    const missing = partial ? undefined : known.find((key) => !Object.hasOwn(value, key));
    if (missing !== undefined) return `${expected}; ${show(missing)} is missing`;
    const extra = Object.keys(value).find((key) => !Object.hasOwn(this.spaces, key));
    return extra === undefined ? undefined : `${expected}, got ${show(extra)} too`;
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function property(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
