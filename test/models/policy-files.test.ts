// Files that lerax wrote, and files for it: equal numbers one way, equal bytes the other.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Box, Discrete, MLPActorCriticPolicy, NCDEActorCriticPolicy } from '../../lib/index.js';
import { eqxFiles, golden, mlpSizes, ncdeSizes } from '../support/eqx.js';
import { expectRejection } from '../support/errors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-eqx-'));
afterAll(() => rmSync(folder, { recursive: true }));

const vectors = path.join(import.meta.dirname, '..', 'golden', 'lerax');
const observation = [0.3, -0.2, 0.9];

/** The policy of a file of the vectors. */
function read(file: string, more: object = {}) {
  const actionSpace = file.includes('discrete') ? new Discrete(4) : new Box(-1, 1, [2]);
  const source = path.join(vectors, file);
  if (file.startsWith('mlp')) return MLPActorCriticPolicy.deserialize(source, { ...mlpSizes, actionSpace, ...more });
  const historyLength = file.includes('discrete') ? 3 : 4;
  const { featureWidth, featureDepth, ...sizes } = ncdeSizes;
  return NCDEActorCriticPolicy.deserialize(source, { ...sizes, historyLength, actionSpace, ...more });
}

describe.each(eqxFiles)('%s', (file) => {
  test('its parameters are those it holds', async () => {
    const policy = await read(file);
    const { records } = golden(file).index;
    for (const { name, first } of records) {
      const own = name.replace(/\.weight$/, '.kernel');
      if (!policy.parameters.names.includes(own) || first === undefined) continue;
      const [value] = policy.parameters.get(own); // the first of a matrix is the first of its transpose
      expect(value, name).toBe(Math.fround(first[0] as number));
    }
  });

  test('is written again byte for byte, whatever happened to the suffix', async () => {
    const policy = await read(file);
    const target = await policy.serialize(path.join(folder, 'made', 'here', 'policy.bin'));
    expect(target).toBe(path.join(folder, 'made', 'here', 'policy.eqx'));
    expect(readFileSync(target).equals(readFileSync(path.join(vectors, file)))).toBe(true);
  });
});

test('a policy written and read computes the same', async () => {
  const options = { observationSpace: new Box(-1, 1, [3]), actionSpace: new Box(-2, 2, []), logStdInit: -0.7 };
  const policy = new MLPActorCriticPolicy({ ...options, key: 5 });
  const target = await policy.serialize(path.join(folder, 'own'));
  const again = await MLPActorCriticPolicy.deserialize(path.join(folder, 'own'), options);
  expect(target).toBe(path.join(folder, 'own.eqx'));
  expect(again.actionAndValue(null, observation, { key: 1 })).toEqual(
    policy.actionAndValue(null, observation, { key: 1 }),
  );
});

test('a suffix stays where it is asked for', async () => {
  const policy = await read('mlp_box_small.eqx');
  expect(await policy.serialize(path.join(folder, 'a.bin'), { noSuffix: true })).toBe(path.join(folder, 'a.bin'));
});

describe('layouts', () => {
  test('that of later versions without a digest, and with one', async () => {
    const policy = await read('mlp_box_small.eqx');
    const target = path.join(folder, 'head.eqx');
    await expectRejection(policy.serialize(target, { layout: 'head' }), 'MISSING_OPTION', 'digest');
    expect(existsSync(target)).toBe(false);
    const head = readFileSync(path.join(vectors, 'mlp_box_small_head.eqx'));
    await policy.serialize(target, { layout: 'head', digest: Uint8Array.from(head.subarray(0, 32)) });
    expect(readFileSync(target).equals(head)).toBe(true);
  });

  test('a policy read from a later version is written for an earlier one', async () => {
    const policy = await read('mlp_box_small_head.eqx');
    const target = await policy.serialize(path.join(folder, 'doc.eqx'), { layout: 'doc' });
    expect(readFileSync(target).equals(readFileSync(path.join(vectors, 'mlp_box_small.eqx')))).toBe(true);
  });

  test('there is none with a digest for the NCDE policy', async () => {
    const policy = await read('ncde_box_small.eqx');
    const options = { layout: 'head', digest: new Uint8Array(32) } as const;
    await expectRejection(policy.serialize(path.join(folder, 'n.eqx'), options), 'UNSUPPORTED', 'digest');
  });
});

describe('refuses', () => {
  test.each([
    ['no file', 'nowhere.eqx', 'IO', 'nowhere.eqx'],
    ['no path', 7 as unknown as string, 'INVALID_ARGUMENT', 'path'],
  ] as const)('%s', async (_, source, code, word) => {
    await expectRejection(MLPActorCriticPolicy.deserialize(source, mlpSizes), code, word);
  });

  test('the file of another policy, by the name of the first array that differs', async () => {
    await expectRejection(read('mlp_box_small.eqx', { featureWidth: 9 }), 'INVALID_SHAPE', 'encoder.layers.0.weight');
    await expectRejection(read('ncde_box_small.eqx', { historyLength: 5 }), 'INVALID_ARGUMENT', 'history_length');
    const limits = { observationSpace: new Box(-2, 1, [3]) };
    await expectRejection(read('mlp_box_small.eqx', limits), 'INVALID_ARGUMENT', 'observation_space.low');
  });

  test('a file cut short, one with a byte too many, and one that is something else', async () => {
    const source = path.join(folder, 'broken.eqx');
    copyFileSync(path.join(vectors, 'mlp_box_small.eqx'), source);
    const whole = readFileSync(source);
    for (const length of [0, 10, 100, whole.length - 200, whole.length - 1]) {
      truncateSync(source, length);
      await expect(MLPActorCriticPolicy.deserialize(source, mlpSizes)).rejects.toMatchObject({ name: 'TorsorError' });
      writeFileSync(source, whole);
    }
    writeFileSync(source, Buffer.concat([whole, Buffer.of(0)]));
    await expectRejection(MLPActorCriticPolicy.deserialize(source, mlpSizes), 'CORRUPT_FILE', 'broken.eqx');
    writeFileSync(source, 'not numbers at all, but long enough to look for a digest in front');
    await expectRejection(MLPActorCriticPolicy.deserialize(source, mlpSizes), 'CORRUPT_FILE', 'broken.eqx');
  });

  test('parameters that are not finite, and options nobody knows', async () => {
    const policy = await read('mlp_box_small.eqx');
    await expectRejection(
      policy.serialize(path.join(folder, 'x'), { suffix: false } as never),
      'UNKNOWN_OPTION',
      'noSuffix',
    );
    await expectRejection(
      policy.serialize(path.join(folder, 'x'), { layout: 'tail' as never }),
      'UNKNOWN_NAME',
      'doc, head',
    );
  });
});
