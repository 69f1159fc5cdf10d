// Composite: what Dict and Tuple have in common, spaces made of other spaces.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { type Part, type SampleMask, Space } from './space.js';

/** A space inside another: `step` is its key or position, `path` what that looks like after a name. */
export interface Child {
  step: string | number;
  path: string;
  space: Space;
}

/** Elements have one value for each child; how they hold them is up to `build`, `check` and `fits`. */
export abstract class Composite<T> extends Space<T> {
  readonly shape: readonly number[];
  readonly size: number;
  protected readonly children: readonly Child[];

  protected constructor(what: string, children: readonly Child[]) {
    super();
    if (children.length === 0)
      throw new TorsorError('INVALID_ARGUMENT', `${what}: expected at least one space, got none`);
    for (const { path, space } of children) {
      if (space instanceof Space) continue;
      throw new TorsorError('INVALID_ARGUMENT', `${what}: spaces${path}: expected a space, got ${show(space)}`);
    }
    this.children = children;
    this.size = children.reduce((sum, { space }) => sum + space.size, 0);
    this.shape = Object.freeze([this.size]);
  }

  /** An element from the values of the children, in their order. */
  protected abstract build(values: unknown[]): T;
  /** What is wrong with the form of an element or a mask, or undefined. A mask may leave children out. */
  protected abstract wrong(value: unknown, partial: boolean): string | undefined;

  /** Every child draws from a key of its own. `mask` has masks in the form of an element; children left out are free. */
  sample(key: Key, mask?: SampleMask): T {
    const free = mask === undefined || mask === null;
    const wrong = free ? undefined : this.wrong(mask, true);
    if (wrong !== undefined) throw new TorsorError('INVALID_MASK', `mask of ${this}: ${wrong}`);
    const keys = Key.from(key).split(this.children.length);
    return this.build(
      this.children.map(({ space, step }, i) => space.sample(keys[i] as Key, free ? undefined : member(mask, step))),
    );
  }

  contains(value: unknown): value is T {
    return (
      this.wrong(value, false) === undefined &&
      this.children.every(({ space, step }) => space.contains(member(value, step)))
    );
  }

  parts(name: string, value: unknown): Part[] {
    const wrong = this.wrong(value, false);
    if (wrong !== undefined) throw new TorsorError('INVALID_ARGUMENT', `${name}: ${wrong}`);
    return this.children.flatMap(({ space, step, path }) => space.parts(name + path, member(value, step)));
  }

  width(oneHot: boolean): number {
    return this.children.reduce((sum, { space }) => sum + space.width(oneHot), 0);
  }

  decode(flat: Float32Array, at: number, oneHot: boolean): T {
    let place = at;
    const values: unknown[] = [];
    for (const { space } of this.children) {
      values.push(space.decode(flat, place, oneHot));
      place += space.width(oneHot);
    }
    return this.build(values);
  }
}

/** Only what the value itself has: a key such as `toString` must not find that of every object. */
function member<V>(value: unknown, step: string | number): V | undefined {
  return Object.hasOwn(value as object, step) ? (value as Record<string | number, V>)[step] : undefined;
}
