// Parameters in .eqx files: the layouts of upstream's own files, orientation, and files of another policy.
import { describe, expect, test } from 'vitest';
import { Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple } from '../../lib/index.js';
import { decodeEqx, encodeEqx, eqxDigest } from '../../lib/io/eqx.js';
import { type EqxLeaf, eqxLayout } from '../../lib/io/eqx-layout.js';
import { readEqxParameters, writeEqxParameters } from '../../lib/io/eqx-parameters.js';
import type { NpyArray } from '../../lib/io/npy.js';
import { eqxFiles, golden, layoutOf, mlpSizes, ncdeSizes } from '../support/eqx.js';
import { expectError } from '../support/errors.js';

describe.each(eqxFiles)('%s', (file) => {
  const { bytes, index } = golden(file);
  const layout = layoutOf(file);
  const leaves = (eqxDigest(bytes) === null ? layout.plain : layout.digest) as readonly EqxLeaf[];

  test('has the layout that its configuration gives', () => {
    expect(leaves.map((leaf) => [leaf.name, leaf.dtype, leaf.shape])).toEqual(
      index.records.map(({ name, dtype, shape }) => [name, dtype, shape]),
    );
  });

  test('gives kernels as [in, out]', () => {
    const parameters = readEqxParameters(bytes, layout, file);
    const { records } = decodeEqx(bytes);
    leaves.forEach((leaf, i) => {
      if (!('parameter' in leaf)) return;
      const data = records[i]?.data as Float32Array;
      const values = parameters.get(leaf.parameter) as Float32Array;
      expect(leaf.parameter).toBe(leaf.name.replace(/weight$/, 'kernel'));
      if (leaf.shape.length < 2) expect(values).toEqual(data);
      else {
        const [outputs, inputs] = leaf.shape as [number, number];
        for (let o = 0; o < outputs; o++) {
          for (let j = 0; j < inputs; j++) expect(values[j * outputs + o]).toBe(data[o * inputs + j]);
        }
      }
    });
    expect(parameters.size).toBe(leaves.filter((leaf) => 'parameter' in leaf).length);
  });

  test('comes out of its parameters byte for byte', () => {
    const parameters = readEqxParameters(bytes, layout);
    const written = writeEqxParameters(parameters, layout, { digest: eqxDigest(bytes) });
    expect(Buffer.compare(written, bytes)).toBe(0);
  });

  test('cut short between two records, it names the array that is missing', () => {
    for (const [i, { name, offset }] of index.records.entries()) {
      if (i === 0) continue;
      const cut = bytes.subarray(0, offset);
      expectError(() => readEqxParameters(cut, layout, file), 'INVALID_SHAPE', `${file}: ${name}: `, 'the file ends');
    }
  });
});

describe('the file of another policy', () => {
  const { bytes } = golden('mlp_box_small.eqx');
  const fails = (sizes: object) => () => readEqxParameters(bytes, eqxLayout('mlp', { ...mlpSizes, ...sizes }), 'm.eqx');

  test('is refused at the first array that differs', () => {
    const shape =
      /m\.eqx: encoder\.layers\.0\.weight: expected float32 of shape \[9, 3\], got float32 of shape \[8, 3\]/;
    expectError(fails({ featureWidth: 9 }), 'INVALID_SHAPE', shape);
    expectError(fails({ valueDepth: 1 }), 'INVALID_SHAPE', 'value_head.layers.1.weight');
    expectError(fails({ actionDepth: 3 }), 'INVALID_SHAPE', 'action_head.mlp.layers.1.weight');
    const space = new Dict({ a: mlpSizes.observationSpace });
    expectError(
      fails({ actionSpace: new Discrete(2) }),
      'INVALID_DTYPE',
      'observation_space._shape[0]',
      'expected int32',
    );
    expect(fails({ observationSpace: space })()).toEqual(fails({})()); // the same records
  });

  test('is refused where only sizes or limits differ', () => {
    expectError(
      fails({ actionSpace: new Box([-1, -2], 1) }),
      'INVALID_ARGUMENT',
      /action_space\.low: element 1: expected -2/,
    );
    expectError(fails({ observationSpace: new Box(-1, 2, [3]) }), 'INVALID_ARGUMENT', 'observation_space.high');
    const { bytes: ncde } = golden('ncde_box_small.eqx');
    const other = eqxLayout('ncde', { ...ncdeSizes, historyLength: 5 });
    expectError(() => readEqxParameters(ncde, other), 'INVALID_ARGUMENT', 'history_length', 'expected 5', 'got 4');
  });

  test('is refused where it goes on', () => {
    const { digest, records } = decodeEqx(bytes);
    const longer = encodeEqx({ digest, records: [...records, records[0] as NpyArray] });
    expectError(
      () => readEqxParameters(longer, layoutOf('mlp_box_small.eqx')),
      'INVALID_SHAPE',
      'expected 29',
      'got 30',
    );
  });

  test('NCDE policies never had a digest', () => {
    const head = golden('mlp_box_small_head.eqx').bytes;
    expectError(
      () => readEqxParameters(head, layoutOf('ncde_box_small.eqx'), 'n.eqx'),
      'UNSUPPORTED',
      'n.eqx',
      'digest',
    );
  });
});

test('files of 64 bits are rounded to float32', () => {
  const { bytes } = golden('mlp_box_small.eqx');
  const { records } = decodeEqx(bytes);
  const wide = records.map(({ dtype, shape, data }): NpyArray => {
    const numbers = Array.from(data, Number);
    if (dtype === 'int32') return { dtype: 'int64', shape, data: BigInt64Array.from(numbers, BigInt) };
    // An eighth of the last place of float32: rounding takes it away again.
    if (dtype === 'float32')
      return { dtype: 'float64', shape, data: Float64Array.from(numbers, (x) => x * (1 + 2 ** -27)) };
    return { dtype, shape, data };
  });
  const layout = layoutOf('mlp_box_small.eqx');
  expect(readEqxParameters(encodeEqx({ digest: null, records: wide }), layout)).toEqual(
    readEqxParameters(bytes, layout),
  );
});

describe('layouts', () => {
  const names = (leaves: readonly EqxLeaf[]): string[] => leaves.map(({ name }) => name);

  test('spaces inside spaces come depth first, with their sizes', () => {
    const observationSpace = new Dict({
      b: new Box(0, 1, [2, 2]),
      a: new Tuple([new Discrete(4), new MultiBinary([3]), new MultiDiscrete([2, 5])]),
    });
    const { plain, digest } = eqxLayout('mlp', { ...mlpSizes, actionSpace: new Discrete(2), observationSpace });
    const start = plain.slice(1, 11).map((leaf) => [leaf.name, ...('values' in leaf ? leaf.values : [])]);
    expect(start).toEqual([
      ['observation_space.spaces.b._shape[0]', 2],
      ['observation_space.spaces.b._shape[1]', 2],
      ['observation_space.spaces.b.low', 0, 0, 0, 0],
      ['observation_space.spaces.b.high', 1, 1, 1, 1],
      ['observation_space.spaces.a.spaces.0.n', 4],
      ['observation_space.spaces.a.spaces.1.shape[0]', 3],
      ['observation_space.spaces.a.spaces.2.nvec[0]', 2],
      ['observation_space.spaces.a.spaces.2.nvec[1]', 5],
      ['encoder.layers.0.weight'],
      ['encoder.layers.0.bias'],
    ]);
    expect(plain[9]?.shape).toEqual([8, 10]);
    expect(names(digest ?? []).slice(0, 3)).toEqual([
      'observation_space.spaces.b.low',
      'observation_space.spaces.b.high',
      'encoder.layers.0.weight',
    ]);
  });

  test('the last layers follow the actions; depth 0 and 1 keep one affine layer', () => {
    const mapping = (sizes: object): EqxLeaf[] =>
      eqxLayout('mlp', { ...mlpSizes, ...sizes }).plain.filter(({ name }) => name.startsWith('action_head'));
    const shapes = (leaves: EqxLeaf[]) => leaves.map(({ name, shape }) => [name.replace('action_head.', ''), ...shape]);
    for (const actionDepth of [0, 1]) {
      expect(shapes(mapping({ actionDepth, actionSpace: new Box(0, 1, []) }))).toEqual([
        ['mlp.layers.0.weight', 4, 4],
        ['mlp.layers.0.bias', 4],
        ['action_dist.mapping.weight', 1, 4],
        ['action_dist.mapping.bias', 1],
        ['action_dist.scalar'],
        ['log_std'],
      ]);
    }
    const outputs = (actionSpace: object) => mapping({ actionSpace }).at(-1)?.shape;
    expect(outputs(new MultiDiscrete([3, 2]))).toEqual([5]);
    expect(outputs(new MultiBinary([2, 3]))).toEqual([6]);
    expect(outputs(new Box(0, 1, [2, 3]))).toEqual([6]);
  });

  test('refuse what is no policy', () => {
    const fails = (sizes: object) => () => eqxLayout('mlp', { ...mlpSizes, ...sizes });
    expectError(fails({ actionSpace: new Tuple([new Discrete(2)]) }), 'UNSUPPORTED', 'actionSpace', 'Tuple');
    expectError(fails({ observationSpace: 3 }), 'INVALID_ARGUMENT', 'observation_space', '3');
    expectError(fails({ featureWidth: 0 }), 'INVALID_ARGUMENT', 'featureWidth');
    expectError(fails({ valueDepth: -1 }), 'INVALID_ARGUMENT', 'valueDepth');
    expectError(() => eqxLayout('lstm' as never, mlpSizes as never), 'UNKNOWN_NAME', 'kind', 'lstm');
  });
});

describe('writing', () => {
  const layout = layoutOf('mlp_box_small.eqx');
  const parameters = readEqxParameters(golden('mlp_box_small.eqx').bytes, layout);
  const write = (changes: [string, unknown][], options?: object) => () =>
    writeEqxParameters(new Map([...parameters, ...changes] as [string, Float32Array][]), layout, options);

  test('refuses parameters that are not those of the policy', () => {
    expectError(write([['encoder.layers.9.bias', new Float32Array(1)]]), 'UNKNOWN_NAME', 'encoder.layers.9.bias');
    expectError(write([['encoder.layers.0.bias', new Float32Array(7)]]), 'INVALID_SHAPE', 'layers.0.bias', '8');
    expectError(write([['encoder.layers.0.bias', undefined]]), 'MISSING_OPTION', 'encoder.layers.0.bias');
    expectError(write([['encoder.layers.0.bias', new Float64Array(8)]]), 'INVALID_DTYPE', 'encoder.layers.0.bias');
    expectError(write([], { digest: new Uint8Array(31) }), 'INVALID_SHAPE', 'digest', '32');
  });
});
