// Every registered model under every head, exported and run by onnxruntime: what it does is what the native core does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Box, Discrete, Model, MultiBinary, MultiDiscrete } from '../../lib/index.js';
import { generator } from '../support/numbers.js';
import { compare } from './compare.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** By normalised name: widths that keep the models small. */
const own: Record<string, object> = {
  actorcritic: { actorArchitecture: [17, 9], criticArchitecture: [12] },
  sharedactorcritic: { architecture: [21, 10] },
  lstmactorcritic: { lstmFeatures: 7, hiddenFeatures: 13 },
  mingruactorcritic: { gruFeatures: 9, numLayers: 2, hiddenFeatures: 14 },
  mlpactorcriticpolicy: { featureSize: 9, featureWidth: 21, valueWidth: 13, actionWidth: 18 },
  ncdeactorcriticpolicy: { stepping: { substeps: 2 } },
};

const sized: Record<string, object> = {
  gaussian: {},
  'gaussian, head for sigma': { actorSigmaHead: true },
  'gaussian, box': { actionSpace: { type: 'box', kw: { low: -2, high: 3 } } },
  'gaussian, maxnorm': { actionSpace: { type: 'maxnorm', kw: {} }, actorSigmaHead: true },
  categorical: { discrete: true },
};
const spaces: Record<string, object> = {
  gaussian: new Box(-1, 1, [3]),
  categorical: new Discrete(5),
  'multi-categorical': new MultiDiscrete([3, 2, 6]),
  bernoulli: new MultiBinary(5),
};

function modelOf(name: string, head: string, seed: number): Model {
  const next = generator(seed);
  const observationSize = 1 + Math.floor(next() * 20);
  const actionSpaceSize = 2 + Math.floor(next() * 5);
  const overSpaces = ['mlpactorcriticpolicy', 'ncdeactorcriticpolicy'].includes(name);
  const sizes = overSpaces
    ? { observationSpace: new Box(-2, 2, [observationSize]), actionSpace: spaces[head] }
    : { observationSpaceSize: observationSize, actionSpaceSize, ...sized[head] };
  return Model.create(name, { ...sizes, key: seed, ...own[name] } as never);
}

const builtIn = Model.names;

test('every registered model has a case', () => expect(Object.keys(own).sort()).toEqual([...builtIn].sort()));

describe.each(builtIn)('%s', (name) => {
  const heads = name.endsWith('policy') ? spaces : sized;
  test.each(Object.keys(heads))('%s', async (head) => {
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
