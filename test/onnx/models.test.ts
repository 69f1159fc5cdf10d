// Every registered model under every head, exported and run by onnxruntime: what it does is what the native core does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Model } from '../../lib/index.js';
import { generator } from '../support/numbers.js';
import { headsOf, smallModel, smallOptions } from '../support/small-models.js';
import { compare } from './compare.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

function modelOf(name: string, head: string, seed: number): Model {
  const next = generator(seed);
  const observationSize = 1 + Math.floor(next() * 20);
  const actionSpaceSize = 2 + Math.floor(next() * 5);
  return Model.create(name, { ...smallModel(name, head, observationSize, actionSpaceSize), key: seed } as never);
}

const builtIn = Model.names;

test('every registered model has a case', () => expect(Object.keys(smallOptions).sort()).toEqual([...builtIn].sort()));

describe.each(builtIn)('%s', (name) => {
  test.each(headsOf(name))('%s', async (head) => {
    const seed = [...`${name} ${head}`].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 65_521, 7);
    const model = modelOf(name, head, seed);
    const masked = model.network.actions.mask !== null;
    const recurrent = model.network.carryWidth > 0;
    const common = { file: path.join(folder, 'policy.onnx'), steps: recurrent ? 8 : 1 };
    await compare(model, { ...common, deterministic: true, masked, rows: 5, seed });
    await compare(model, { ...common, deterministic: false, masked: false, rows: 70, seed });
    await compare(model, { ...common, deterministic: false, masked, rows: 1, seed });
  });
});
