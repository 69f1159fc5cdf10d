// MultiDiscrete and MultiBinary: membership, samples, masks, flat forms.
import { describe, expect, it } from 'vitest';
import { Key, MultiBinary, MultiDiscrete } from '../../lib/index.js';
import { expectError } from '../support/errors.js';

const keys = Array.from({ length: 2000 }, (_, i) => new Key(1, 0, i));
const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('MultiDiscrete', () => {
  const space = new MultiDiscrete([3, 1, 2]);

  it('knows its elements', () => {
    expect([space.shape, space.size, String(space)]).toEqual([[3], 3, 'MultiDiscrete([3, 1, 2])']);
    expect(space.contains(Int32Array.of(2, 0, 1))).toBe(true);
    for (const wrong of [Int32Array.of(3, 0, 1), Int32Array.of(-1, 0, 0), Int32Array.of(0, 0), [0, 0, 0], null, 0]) {
      expect(space.contains(wrong)).toBe(false);
    }
  });

  it('samples every component uniformly', () => {
    const drawn = keys.map((key) => space.sample(key));
    // Standard errors of the means: at most sqrt(2/3 / 2000) = 0.018.
    expect(Math.abs(mean(drawn.map((x) => x[0] as number)) - 1)).toBeLessThan(0.08);
    expect(Math.abs(mean(drawn.map((x) => x[2] as number)) - 0.5)).toBeLessThan(0.08);
    const both = drawn.filter((x) => x[0] === 0 && x[2] === 0).length;
    // Independent: 2000 / 6 = 333, standard deviation 17.
    expect(Math.abs(both - 333)).toBeLessThan(70);
  });

  it('takes a mask for each component, or one flat mask', () => {
    const nested = keys.map((key) => space.sample(key, [[0, 1, 1], null, Uint8Array.of(0, 1)]));
    expect(new Set(nested.map(String))).toEqual(new Set(['1,0,1', '2,0,1']));
    const flat = keys.map((key) => space.sample(key, [false, true, true, true, false, true]));
    expect(flat).toEqual(nested);
    expect(keys.map((key) => space.sample(key, Uint8Array.of(0, 1, 1, 1, 0, 1)))).toEqual(nested);
    expectError(() => space.sample(new Key(0), [[1, 1, 1], [0], [1, 1]]), 'INVALID_MASK', 'component 1', 'none of 1');
    expectError(() => space.sample(new Key(0), [[1, 1, 1], [1]]), 'INVALID_MASK', '3 entries');
    expectError(() => space.sample(new Key(0), [1, 1, 1]), 'INVALID_MASK', '6 entries');
    expectError(() => space.sample(new Key(0), [[1, 1], [1], [1, 1]]), 'INVALID_MASK', 'component 0', '3 entries');
    expectError(() => space.sample(new Key(0), {}), 'INVALID_MASK', '6 entries');
  });

  it('flattens to its indices, or one-hot', () => {
    expect([...space.flatten(Int32Array.of(2, 0, 1))]).toEqual([2, 0, 1]);
    expect([...space.flatten(Int32Array.of(2, 0, 1), { oneHot: true })]).toEqual([0, 0, 1, 1, 0, 1]);
    expect([...space.flatten([1, 0, 0] as never)]).toEqual([1, 0, 0]);
    expectError(() => space.flatten(Int32Array.of(0, 1, 0)), 'OUT_OF_RANGE', 'element 1', 'from 0 to 0');
    expectError(() => space.unflatten(Float32Array.of(0, 0, 2)), 'OUT_OF_RANGE', 'flat: element 2');
    const twice = Float32Array.of(1, 0, 0, 1, 1, 1);
    expectError(() => space.unflatten(twice, { oneHot: true }), 'OUT_OF_RANGE', 'flat: element 5');
  });

  it('refuses numbers of choices that are none', () => {
    expectError(() => new MultiDiscrete([]), 'INVALID_ARGUMENT', 'nvec', 'at least one');
    expectError(() => new MultiDiscrete([2, 0]), 'INVALID_ARGUMENT', 'nvec', '[1]');
    expectError(() => new MultiDiscrete([[2, 3]] as never), 'INVALID_ARGUMENT', 'nvec', '[0]');
    expectError(() => new MultiDiscrete(3 as never), 'INVALID_ARGUMENT', 'nvec');
  });
});

describe('MultiBinary', () => {
  const space = new MultiBinary([2, 2]);

  it('knows its elements', () => {
    expect([new MultiBinary(3).shape, space.size, String(space)]).toEqual([[3], 4, 'MultiBinary([2, 2])']);
    expect(space.contains(Uint8Array.of(0, 1, 1, 0))).toBe(true);
    for (const wrong of [Uint8Array.of(0, 1, 2, 0), Uint8Array.of(0, 1), Int8Array.of(0, 1, 1, 0), [0, 1, 1, 0]]) {
      expect(space.contains(wrong)).toBe(false);
    }
  });

  it('samples every bit alike', () => {
    const drawn = keys.map((key) => space.sample(key));
    for (let bit = 0; bit < 4; bit++) {
      // Standard error of a mean: 0.5 / sqrt(2000) = 0.011.
      expect(Math.abs(mean(drawn.map((x) => x[bit] as number)) - 0.5)).toBeLessThan(0.05);
    }
  });

  it('keeps what a mask fixes and draws what it leaves free', () => {
    const free = keys.map((key) =>
      space.sample(key, [
        [0, 1],
        [2, 2],
      ]),
    );
    expect(new Set(free.map(String))).toEqual(new Set(['0,1,0,0', '0,1,0,1', '0,1,1,0', '0,1,1,1']));
    expect(keys.map((key) => space.sample(key, Int8Array.of(0, 1, 2, 2)))).toEqual(free);
    expectError(() => space.sample(new Key(0), [0, 1, 3, 2]), 'INVALID_MASK', 'element 2', '3');
    expectError(() => space.sample(new Key(0), [0, 1]), 'INVALID_MASK', '4 entries');
    expectError(() => space.sample(new Key(0), [[0, 1, 2, 2]]), 'INVALID_SHAPE', 'mask', '[2, 2]');
  });

  it('flattens to its bits', () => {
    const bits = Uint8Array.of(1, 0, 0, 1);
    expect([...space.flatten(bits)]).toEqual([1, 0, 0, 1]);
    expect(space.flatten(bits, { oneHot: true })).toEqual(space.flatten(bits));
    expect([
      ...space.flatten([
        [true, false],
        [false, true],
      ] as never),
    ]).toEqual([1, 0, 0, 1]);
    expectError(() => space.flatten(Uint8Array.of(1, 0, 7, 1)), 'OUT_OF_RANGE', 'element 2', '7');
    expectError(() => space.unflatten(Float32Array.of(1, 0.5, 0, 1)), 'OUT_OF_RANGE', 'flat: element 1', '0.5');
  });

  it('refuses shapes that are none', () => {
    expectError(() => new MultiBinary(0), 'INVALID_ARGUMENT', 'n of MultiBinary');
    expectError(() => new MultiBinary([2, -1]), 'INVALID_SHAPE', 'n of MultiBinary');
    expectError(() => new MultiBinary([2 ** 30]), 'INVALID_SHAPE', 'more than');
  });
});
