// What an exported file says of itself, what it leaves out, and what is refused.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Box, Discrete, gaussian, Model, type ModelOutputs, type Node, SharedActorCritic } from '../../lib/index.js';
import { exportProgram } from '../../lib/onnx/export.js';
import { flatLeaf } from '../../lib/onnx/observation.js';
import { expectError, expectRejection } from '../support/errors.js';
import { fields, text } from '../support/protobuf.js';
import { compare } from './compare.js';
import { Session } from './session.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'policy.onnx');

/** What a message holds under a number. */
const all = (bytes: Uint8Array, number: number): Uint8Array[] =>
  [...fields(bytes)].flatMap(([n, value]) => (n === number ? [value as Uint8Array] : []));
const textAt = (bytes: Uint8Array, number: number): string => text(all(bytes, number)[0]);
const graphOf = (bytes: Uint8Array): Uint8Array => all(bytes, 7)[0] as Uint8Array;

const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, key: 1 };
const box = { type: 'box', kw: { low: -1, high: 1 } };
const ncde = { observationSpace: new Box(-1, 1, [3]), actionSpace: new Discrete(2), key: 4 };

describe('the file', () => {
  test('names its producer, its opset, and the model it came from', async () => {
    const model = new SharedActorCritic({ ...sizes, actionSpace: box });
    await model.exportOnnx(file);
    const bytes = readFileSync(file);
    expect(new Map(fields(bytes)).get(1)).toBe(8);
    expect(textAt(bytes, 2)).toBe('torsor');
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(textAt(bytes, 3)).toBe(version);
    expect([...fields(all(bytes, 8)[0] as Uint8Array)]).toEqual([[2, 17]]);
    const metadata = Object.fromEntries(all(bytes, 14).map((entry) => [textAt(entry, 1), textAt(entry, 2)]));
    expect(metadata['torsor.version']).toBe(version);
    expect(metadata['torsor.model']).toBe('sharedactorcritic');
    expect(metadata['torsor.parametersSha256']).toBe(model.parameters.sha256);
    expect(JSON.parse(metadata['torsor.actionSpace'] as string)).toMatchObject(box);
    expect(JSON.parse(metadata['torsor.options'] as string)).toMatchObject({ observationSpaceSize: 4 });
  });

  test('names the arrays of the model by their names, each once', async () => {
    const model = new SharedActorCritic(sizes);
    await model.exportOnnx(file);
    const names = all(graphOf(readFileSync(file)), 5).map((tensor) => textAt(tensor, 8));
    const own = names.filter((name) => name.startsWith('parameters.'));
    expect(own.sort()).toEqual(model.parameters.names.map((name) => `parameters.${name}`).sort());
    expect(new Set(names).size).toBe(names.length);
  });

  test('replaces an existing one whole, and an export that fails leaves it', async () => {
    writeFileSync(file, 'old');
    await expectRejection(new SharedActorCritic(sizes).exportOnnx(file, { actionMask: true }), 'INVALID_ARGUMENT');
    expect(readFileSync(file, 'utf8')).toBe('old');
    await new SharedActorCritic(sizes).exportOnnx(file);
    expect((await Session.open(file)).outputs).toEqual(['action', 'log_prob', 'value']);
    expect(readdirSync(folder)).toEqual(['policy.onnx']);
  });

  test('holds nothing that only training needs', async () => {
    const model = Model.create('NCDEActorCriticPolicy', { ...ncde, stepping: { substeps: 1 } });
    const squashed = Model.create('NCDEActorCriticPolicy', { ...ncde, stepping: { substeps: 1 }, squashValue: true });
    await model.exportOnnx(file);
    const nodes = (bytes: Uint8Array): number => all(graphOf(bytes), 1).length;
    const count = nodes(readFileSync(file));
    await squashed.exportOnnx(file);
    expect(nodes(readFileSync(file))).toBe(count);
  });

  test('of an empty batch gives empty results', async () => {
    await new SharedActorCritic({ ...sizes, actionSpace: box }).exportOnnx(file);
    const results = await (await Session.open(file)).run({ observation: { data: new Float32Array(), shape: [0, 4] } });
    expect(results.action?.shape).toEqual([0, 2]);
  });
});

test('a parameter may be read twice, and may have the name of an output', async () => {
  class Twice extends Model {
    build(x: Node): ModelOutputs {
      const value = x.parameter('value', [4]);
      const mean = x.mul(value).add(value);
      return { policy: gaussian(mean, { logStd: value }), value: mean.linear(1, { name: 'action' }) };
    }
  }
  await compare(new Twice(sizes), { file, deterministic: false, masked: false, rows: 3, seed: 1 });
});

test('a model without its class exports what it computes', async () => {
  const saved = path.join(folder, 'model.safetensors');
  class Mine extends Model {
    build(x: Node): ModelOutputs {
      const y = x.lstm(3);
      return { policy: gaussian(y, { logStd: y.scale(0.1) }), value: y.linear(1) };
    }
  }
  await new Mine(sizes).save(saved);
  const loaded = await Model.load(saved);
  await compare(loaded, { file, deterministic: false, masked: false, rows: 3, seed: 1, steps: 3 });
  rmSync(saved);
});

test('adaptive steps are replaced by equal ones on request: those of a model that takes equal steps', async () => {
  const adaptive = Model.create('NCDEActorCriticPolicy', ncde);
  const equal = Model.create('NCDEActorCriticPolicy', { ...ncde, stepping: { substeps: 3 } });
  await adaptive.exportOnnx(file, { substeps: 3 });
  const bytes = readFileSync(file);
  await equal.exportOnnx(file);
  expect(Buffer.from(graphOf(bytes)).equals(graphOf(readFileSync(file)))).toBe(true);
});

test.each<[string, Record<string, unknown>, Parameters<typeof expectRejection>[1], string]>([
  ['an option that does not exist', { sample: true }, 'UNKNOWN_OPTION', 'sample'],
  ['a switch that is no boolean', { deterministic: 1 }, 'INVALID_ARGUMENT', 'deterministic'],
  ['a mask for continuous actions', { actionMask: true }, 'INVALID_ARGUMENT', 'actionMask'],
  ['substeps without an equation', { substeps: 2 }, 'INVALID_ARGUMENT', 'no neural CDE'],
  ['substeps that are no number of steps', { substeps: 0 }, 'INVALID_ARGUMENT', 'substeps'],
])('%s is refused', async (_, options, code, word) => {
  await expectRejection(new SharedActorCritic(sizes).exportOnnx(file, options), code, word);
});

test('parameters that are not finite are refused', async () => {
  const model = new SharedActorCritic(sizes);
  model.native.writeParameters(Float32Array.of(Number.NaN), 0);
  await expectRejection(model.exportOnnx(file), 'NON_FINITE', 'parameter');
});

test('more than the format holds is refused before it is read', () => {
  const { program } = new SharedActorCritic(sizes);
  const source = { program: { ...program, parameterCount: 2 ** 29 }, arena: new Float32Array() };
  const statistics = () => ({ mean: new Float64Array(), variance: new Float64Array() });
  const rest = { observation: [flatLeaf(4)], statistics, actionShape: [2], version: '', metadata: {} };
  const options = { deterministic: true, actionMask: false };
  expectError(() => exportProgram({ ...source, ...rest }, options), 'UNSUPPORTED', '2 GiB', `${2 ** 31}`);
});
