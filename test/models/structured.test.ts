// Batches of structured values: every form of array, the common batch, errors that name the part.
import { describe, expect, test } from 'vitest';
import { Box, Dict, Discrete, flattenBatch, Key, MultiBinary, MultiDiscrete, Tensor, Tuple } from '../../lib/index.js';
import { expectError } from '../support/errors.js';

const space = new Dict({
  camera: new Box(0, 1, [2, 2]),
  gear: new Discrete(3),
  body: new Tuple([new MultiBinary(1), new MultiDiscrete([2, 4])]),
});

const batch = {
  camera: [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ],
  gear: [2, 0],
  body: [
    [[true], [false]],
    [
      [0, 3],
      [1, 1],
    ],
  ],
};
const flat = [1, 2, 3, 4, 2, 1, 0, 3, 5, 6, 7, 8, 0, 0, 1, 1];

describe('flattenBatch', () => {
  test('is flatten, row by row', () => {
    const samples = Array.from({ length: 6 }, (_, i) => space.sample(new Key(i)));
    for (const oneHot of [false, true]) {
      const { data, batch } = flattenBatch(
        space,
        {
          camera: { data: Float32Array.from(samples.flatMap((x) => [...x.camera])), shape: [2, 3, 2, 2] },
          gear: Int32Array.from(samples.map((x) => x.gear)),
          body: [
            Uint8Array.from(samples.flatMap((x) => [...x.body[0]])),
            Tensor.from(Int32Array.from(samples.flatMap((x) => [...x.body[1]])), { shape: [2, 3, 2] }),
          ],
        },
        { oneHot },
      );
      expect(batch).toEqual([2, 3]);
      expect([...data]).toEqual(samples.flatMap((x) => [...space.flatten(x, { oneHot })]));
    }
  });

  test('takes nested numbers', () => {
    const { data, batch: leading } = flattenBatch(space, batch);
    expect([leading, [...data]]).toEqual([[2], flat]);
  });

  test('takes a single element, and typed arrays alone', () => {
    const one = flattenBatch(space, {
      camera: [
        [1, 2],
        [3, 4],
      ],
      gear: 2,
      body: [[true], [0, 3]],
    });
    expect([one.batch, [...one.data]]).toEqual([[], flat.slice(0, 8)]);
    const arrays = { camera: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), gear: Int32Array.of(2, 0) };
    const body = [Uint8Array.of(1, 0), Int32Array.of(0, 3, 1, 1)];
    const typed = flattenBatch(space, { ...arrays, body });
    expect([typed.batch, [...typed.data]]).toEqual([[2], flat]);
    expect(flattenBatch(new Discrete(4), Int32Array.of(3)).batch).toEqual([]);
    expect(flattenBatch(new Discrete(4), [[1], [2]])).toEqual({ data: Float32Array.of(1, 2), batch: [2, 1] });
    expect(flattenBatch(new Discrete(4), []).batch).toEqual([0]);
  });

  test('leaves limits of a Box alone', () => {
    expect([...flattenBatch(new Box(0, 1, [1]), [[9]]).data]).toEqual([9]);
  });

  test('says which part is wrong', () => {
    const fails = (value: object) => () => flattenBatch(space, { ...batch, ...value } as never);
    const wrong = { data: new Float32Array(8), shape: [2, 4] };
    expectError(
      fails({ camera: wrong }),
      'INVALID_SHAPE',
      /^observation\.camera: expected shape \[\.\.\., 2, 2\], got \[2, 4\]/,
    );
    expectError(
      fails({ gear: [0, 1, 2] }),
      'INVALID_SHAPE',
      /^observation\.gear: expected shape \[2\] .*camera is \[2\], got \[3\]/,
    );
    expectError(fails({ gear: new Int32Array(5) }), 'INVALID_SHAPE', /^observation\.gear: .* got 5 numbers/);
    expectError(fails({ gear: [0, 3] }), 'OUT_OF_RANGE', /^observation\.gear: element 1: expected .* 0 to 2, got 3/);
    expectError(fails({ gear: Float32Array.of(0, 1) }), 'INVALID_DTYPE', /^observation\.gear: expected int32/);
    expectError(fails({ gear: [0, 0.5] }), 'INVALID_DTYPE', /^observation\.gear/);
    expectError(
      fails({
        body: [
          [[2], [0]],
          [
            [0, 0],
            [0, 0],
          ],
        ],
      }),
      'OUT_OF_RANGE',
      /^observation\.body\[0\]/,
    );
    expectError(fails({ body: {} }), 'INVALID_ARGUMENT', /^observation\.body: expected an array/);
    expectError(fails({ camera: undefined }), 'MISSING_OPTION', /^observation\.camera/);
    expectError(() => flattenBatch(space, 3, { name: 'input' }), 'INVALID_ARGUMENT', /^input: expected an object/);
    expectError(() => flattenBatch(space, batch, { onehot: true } as never), 'UNKNOWN_OPTION', 'onehot');
    expectError(() => flattenBatch(new Box(0, 1, [2]), new Float32Array(3)), 'INVALID_SHAPE', 'rows of 2');
  });
});
