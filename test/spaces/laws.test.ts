// Laws of every space, nested at random: samples are elements, flattening has an inverse, JSON gives an equal space.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Key, spaceFromJSON } from '../../lib/index.js';
import { anySpace } from '../support/spaces.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

test('a sample is an element, the same for the same key', () => {
  fc.assert(
    fc.property(anySpace, seeds, (space, seed) => {
      const sample = space.sample(new Key(seed));
      expect(space.contains(sample)).toBe(true);
      expect(space.sample(new Key(seed))).toEqual(sample);
    }),
  );
});

test('unflatten undoes flatten, one-hot or not', () => {
  fc.assert(
    fc.property(anySpace, seeds, fc.boolean(), (space, seed, oneHot) => {
      const sample = space.sample(new Key(seed));
      const flat = space.flatten(sample, { oneHot });
      expect(flat.length).toBe(space.flatSizeOf({ oneHot }));
      expect(space.unflatten(flat, { oneHot })).toEqual(sample);
    }),
  );
});

test('a space has as many floats as numbers', () => {
  fc.assert(
    fc.property(anySpace, (space) => {
      expect(space.flatSize).toBe(space.size);
    }),
  );
});

test('JSON gives an equal space that samples alike', () => {
  fc.assert(
    fc.property(anySpace, seeds, (space, seed) => {
      const copy = spaceFromJSON(JSON.parse(JSON.stringify(space)));
      expect(copy.equals(space)).toBe(true);
      expect(String(copy)).toBe(String(space));
      expect(copy.sample(new Key(seed))).toEqual(space.sample(new Key(seed)));
    }),
  );
});
