// `torsor export`: the file it writes, its answers, and what it refuses.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../lib/cli/main.js';
import { Box, Discrete, Model } from '../../lib/index.js';
import { Session } from '../onnx/session.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-export-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const result = { code: -1, out: '', err: '' };
  for (const [stream, key] of [[process.stdout, 'out'] as const, [process.stderr, 'err'] as const]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      result[key] += text;
      return true;
    });
  }
  result.code = await main(['export', ...args]);
  vi.restoreAllMocks();
  return result;
}

const file = (name: string): string => path.join(folder, name);
const [runs, ncde, onnx] = [file('run'), file('ncde.safetensors'), file('policy.onnx')];
const last = path.join(runs, 'last.safetensors');
const model = Model.create('LSTMActorCritic', {
  ...{ observationSpaceSize: 4, actionSpaceSize: 3, discrete: true, lstmFeatures: 5, key: 1 },
});
beforeAll(async () => {
  mkdirSync(runs);
  await model.save(last);
  const spaces = { observationSpace: new Box(-1, 1, [3]), actionSpace: new Discrete(2) };
  await Model.create('NCDEActorCriticPolicy', spaces).save(ncde);
});

describe('torsor export', () => {
  it('writes what the policy of a run does, and says where', async () => {
    expect(await run(runs, '--onnx', onnx)).toEqual({ code: 0, out: `${onnx}\n`, err: '' });
    const session = await Session.open(onnx);
    expect(session.inputs).toEqual(['observation', 'carry.h', 'carry.c']);
    const observation = { data: Float32Array.of(0.1, -0.2, 0.3, -0.4), shape: [1, 4] };
    const carry = { data: new Float32Array(5), shape: [1, 5] };
    const { action } = await session.run({ observation, 'carry.h': carry, 'carry.c': carry });
    expect(action?.data[0]).toBe(model.act(observation, { deterministic: true }).action.dataSync()[0]);
  });

  it('samples and masks where asked to, and answers in JSON', async () => {
    const { code, out } = await run(last, '--onnx', onnx, '--sample', '--mask', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ event: 'export', file: onnx, bytes: statSync(onnx).size, checkpoint: last });
    expect((await Session.open(onnx)).inputs).toEqual(['observation', 'carry.h', 'carry.c', 'noise', 'action_mask']);
  });

  it('takes equal steps in place of adaptive ones on request alone', async () => {
    const loops = async (...more: string[]): Promise<boolean> => {
      const to = file('ncde.onnx');
      expect((await run(ncde, '--onnx', to, ...more)).code).toBe(0);
      expect((await Session.open(to)).inputs).toContain('carry.age');
      return readFileSync(to).includes('Loop');
    };
    expect(await loops()).toBe(true);
    expect(await loops('--substeps', '2')).toBe(false);
  });

  it.each([
    [[runs], '--onnx FILE is missing'],
    [['--onnx', onnx], 'a checkpoint or the folder of a run is missing'],
    [[runs, '--onnx', onnx, '--substeps', 'few'], "--substeps: expected an integer of at least 1, got 'few'"],
    [[runs, '--onnx', onnx, '--samples'], '--samples'],
  ])('%j is typed wrong', async (args, words) => {
    expect(await run(...args)).toMatchObject({ code: 2, err: expect.stringContaining(words) });
  });

  it('fails where there is nothing to read, or nowhere to write', async () => {
    expect(await run(file('nothing'), '--onnx', onnx)).toMatchObject({ code: 1, err: expect.stringContaining('IO') });
    const nowhere = file('missing/policy.onnx');
    expect(await run(last, '--onnx', nowhere)).toMatchObject({ code: 1, err: expect.stringContaining(nowhere) });
  });
});
