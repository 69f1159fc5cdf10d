// What loggers write, read back by other means: CSV, JSON lines, and event files by a reader of its own.

import { constants } from 'node:buffer';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  CsvLogger,
  JsonLinesLogger,
  type Logger,
  type RunRecord,
  type RunStart,
  TensorBoardLogger,
  type TrainingMetrics,
} from '../../lib/index.js';
import { crc32c, encodeEvent, tfRecord } from '../../lib/runs/event-file.js';
import { trainedBefore } from '../../lib/runs/trained-before.js';
import { expectRejection } from '../support/errors.js';
import { type ReadEvent, readEvents } from './event-reader.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-loggers-'));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const newPath = (): string => path.join(folder, `new-${made++}`, 'file');

const metrics: TrainingMetrics = {
  iteration: 1,
  steps: 100,
  seconds: 0.5,
  stepsPerSecond: 200,
  episodes: 0,
  meanReturn: Number.NaN,
  meanLength: Number.NaN,
  windowEpisodes: 0,
  loss: -0.25,
  policyLoss: -0.5,
  valueLoss: 1.5,
  entropy: 0.75,
  approxKl: 0.01,
  clipFraction: 0.125,
  explainedVariance: 0.5,
  gradNorm: 2,
  learningRate: 0.001,
  clipRatio: 0.2,
  entropyCoefficient: 0.01,
  epochs: 4,
  updates: 16,
};
const record = (iteration: number): RunRecord => ({ metrics: { ...metrics, iteration, steps: 100 * iteration } });
const start = (steps = 0): RunStart =>
  ({ iteration: steps / 100, steps, info: { settings: { minibatches: 4 } } }) as unknown as RunStart;

/** What SB3 would have written; value_loss without the 1/2, n_updates in passes. */
const expected = {
  'time/fps': 200,
  'time/iterations': 1,
  'time/time_elapsed': 0.5,
  'time/total_timesteps': 100,
  'train/approx_kl': 0.01,
  'train/clip_fraction': 0.125,
  'train/clip_range': 0.2,
  'train/ent_coef': 0.01,
  'train/entropy_loss': -0.75,
  'train/explained_variance': 0.5,
  'train/grad_norm': 2,
  'train/learning_rate': 0.001,
  'train/loss': -0.25,
  'train/n_updates': 4,
  'train/policy_gradient_loss': -0.5,
  'train/value_loss': 3,
};
const full: RunRecord = {
  metrics: { ...metrics, meanReturn: 21, meanLength: 20 },
  evaluation: { meanReturn: 30, standardError: 1, meanLength: 31, episodes: 10 },
  actions: { discrete: false, dimensions: [{ low: -2, high: 2, counts: [1, 0, 2, 5] }] },
};

describe('CSV', () => {
  const read = (file: string) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(','));

  it('has a header of SB3 names and a row per iteration; what is not known is empty', async () => {
    const file = newPath();
    const logger = new CsvLogger(file);
    await logger.begin(start());
    await logger.record(record(1));
    await logger.record(full);
    const [header = [], first = [], second = [], ...rest] = read(file);
    expect(rest).toEqual([['']]);
    const cells = (row: string[]) =>
      Object.fromEntries(header.map((name, k) => [name, row[k]]).filter(([, cell]) => cell !== ''));
    const texts = Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, String(value)]));
    expect(cells(first)).toEqual(texts);
    const more = {
      'rollout/ep_rew_mean': '21',
      'rollout/ep_len_mean': '20',
      'eval/mean_reward': '30',
      'eval/mean_ep_length': '31',
    };
    expect(cells(second)).toEqual({ ...texts, ...more });
  });

  it('goes on in the columns that are there', async () => {
    const file = newPath();
    const first = new CsvLogger(file);
    await first.begin(start());
    for (const k of [1, 2, 3]) await first.record(record(k));
    // Another version had fewer columns, in another order.
    const old = ['time/total_timesteps,train/loss', '100,1', '200,2', '300,3', '40'].join('\n');
    writeFileSync(file, old);
    const second = new CsvLogger(file);
    await second.begin(start(200));
    await second.record(record(3));
    expect(readFileSync(file, 'utf8')).toBe('time/total_timesteps,train/loss\n100,1\n200,2\n300,-0.25\n');
  });
});

describe('JSON lines', () => {
  it('hold the metrics under their own names', async () => {
    const file = newPath();
    const logger = new JsonLinesLogger(file);
    await logger.begin(start());
    await logger.record(record(1));
    await logger.record(full);
    const [first, second] = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toEqual({ ...metrics, meanReturn: null, meanLength: null });
    expect(second).toEqual({ ...full.metrics, evaluation: full.evaluation, actions: full.actions });
  });

  it.each([
    ['what is beyond the checkpoint', '{"steps":100}\n{"steps":200}\n{"steps":300}\n'],
    ['a line that was cut off', '{"steps":100}\n{"steps":200}\n{"steps":30'],
    ['a line of zeros after a power cut', '{"steps":100}\n{"steps":200}\n\0\0\0\n{"steps":200}\n'],
  ])('%s goes when a run is resumed', async (_, text) => {
    const file = newPath();
    await new JsonLinesLogger(file).begin(start());
    writeFileSync(file, text);
    await new JsonLinesLogger(file).begin(start(200));
    expect(readFileSync(file, 'utf8')).toBe('{"steps":100}\n{"steps":200}\n');
  });

  it('that cannot be written are an error', async () => {
    await expectRejection(new JsonLinesLogger('/dev/null/x').begin(start()), 'IO', '/dev/null/x');
  });

  it('that cannot be read are an error', async () => {
    const file = newPath();
    mkdirSync(file, { recursive: true });
    await expectRejection(new JsonLinesLogger(file).begin(start(200)), 'IO', file);
    expect(statSync(file).isDirectory()).toBe(true);
  });

  it('with letters of several bytes are cut where a line ends', async () => {
    const file = newPath();
    await new JsonLinesLogger(file).begin(start());
    const kept = '{"steps":100,"note":"ä€😀"}\n'.repeat(50_000);
    writeFileSync(file, `${kept}{"steps":300,"note":"ä"}\n`);
    await new JsonLinesLogger(file).begin(start(200));
    expect(readFileSync(file, 'utf8')).toBe(kept);
  });

  it('longer than any string are kept', async () => {
    const file = newPath();
    await new JsonLinesLogger(file).begin(start());
    const line = Buffer.from(`{"steps":100,"seconds":7,"pad":"${'x'.repeat(1 << 20)}"}\n`);
    const handle = openSync(file, 'w');
    const count = Math.ceil(constants.MAX_STRING_LENGTH / line.length) + 1;
    for (let k = 0; k < count; k++) writeSync(handle, line);
    writeSync(handle, '{"steps":300}\n{"st');
    closeSync(handle);
    await new JsonLinesLogger(file).begin(start(200));
    expect(statSync(file).size).toBe(count * line.length);
    expect(await trainedBefore(file, 200)).toEqual({ seconds: 7, meanReturn: null });
    rmSync(file);
  });
});

describe('event files', () => {
  async function write(...acts: ((logger: TensorBoardLogger) => Promise<void>)[]): Promise<ReadEvent[][]> {
    const target = path.dirname(newPath());
    for (const act of acts) await act(new TensorBoardLogger(target));
    return readdirSync(target)
      .sort()
      .map((name) => readEvents(readFileSync(path.join(target, name))));
  }

  it('are read by a reader of their format', async () => {
    const [events = []] = await write(async (logger) => {
      await logger.begin(start());
      await logger.record(record(1));
      await logger.record(full);
    });
    expect(events.map(({ fileVersion }) => fileVersion)).toEqual(['brain.Event:2', undefined, undefined]);
    const now = Date.now() / 1000;
    for (const { wallTime } of events) expect(Math.abs(wallTime - now)).toBeLessThan(60);
    const [, first, second] = events as [ReadEvent, ReadEvent, ReadEvent];
    expect(first.step).toBe(100);
    const rounded = Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, Math.fround(value)]));
    expect(first.scalars).toEqual(rounded);
    expect(second.scalars).toMatchObject({ 'eval/mean_reward': 30, 'rollout/ep_rew_mean': 21 });
    // Bins of [-2, 2] with the middles -1.5, -0.5, 0.5, 1.5.
    expect(second.histograms).toEqual({
      'actions/0': {
        min: -2,
        max: 2,
        num: 8,
        sum: -1.5 + 1 + 7.5,
        sumSquares: 2.25 + 0.5 + 11.25,
        limits: [-1, 0, 1, 2],
        counts: [1, 0, 2, 5],
      },
    });
  });

  it('of a resumed run say from where on the ones before are void', async () => {
    const [first = [], second = []] = await write(
      async (logger) => {
        await logger.begin(start());
        for (const k of [1, 2, 3]) await logger.record(record(k));
      },
      async (logger) => {
        await logger.begin(start(200));
        await logger.record(record(3));
      },
    );
    expect(first.map(({ step }) => step)).toEqual([undefined, 100, 200, 300]);
    expect(second.map(({ step, sessionStart }) => [step, sessionStart])).toEqual([
      [undefined, false],
      [201, true],
      [300, false],
    ]);
  });

  it('of an earlier run are removed', async () => {
    const begin = (logger: Logger) => logger.begin?.(start()) as Promise<void>;
    expect(await write(begin, begin)).toHaveLength(1);
  });

  it('a damaged record does not pass its checksum', () => {
    const bytes = tfRecord(encodeEvent({ wallTime: 1, step: 300, scalars: { a: 1 } }));
    expect(readEvents(bytes)).toEqual([
      { wallTime: 1, step: 300, scalars: { a: 1 }, histograms: {}, sessionStart: false },
    ]);
    for (const at of [0, 9, 15, bytes.length - 1]) {
      const damaged = Uint8Array.from(bytes, (byte, k) => (k === at ? byte ^ 1 : byte));
      expect(() => readEvents(damaged)).toThrow('checksum');
    }
  });

  it('large steps fit', () => {
    const step = 2 ** 40 + 129;
    expect(readEvents(tfRecord(encodeEvent({ wallTime: 1, step })))[0]?.step).toBe(step);
  });

  it('checksums are CRC-32C', () => {
    // RFC 3720, B.4.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, k) => k))).toBe(0x46dd794e);
  });
});
