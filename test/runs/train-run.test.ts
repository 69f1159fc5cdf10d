// trainRun: what is in its folder, which checkpoint is best, what loggers are told, and how a run goes on.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  evaluatePolicy,
  type Logger,
  Model,
  NativeVectorEnvironment,
  NonFiniteError,
  type PPO,
  type PPOOptions,
  type RunRecord,
  type RunStart,
  readCheckpoint,
  type TrainRunOptions,
  trainRun,
} from '../../lib/index.js';
import { RunFolder } from '../../lib/runs/run-folder.js';
import { expectRejection } from '../support/errors.js';
import { smallTrainer } from '../support/small-trainer.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-run-'));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const newFolder = (): string => path.join(folder, String(made++));

/** 256 steps an iteration. */
const makeTrainer = (more: Partial<PPOOptions> = {}): PPO => smallTrainer(16, { learningRate: 1e-2, ...more });

const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
const lines = (file: string): Record<string, number>[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const timeless = (line: Record<string, number>) => ({ ...line, seconds: 0, stepsPerSecond: 0 });

describe('the folder', () => {
  it('holds checkpoints, logs, settings and the outcome', async () => {
    const out = newFolder();
    const trainer = makeTrainer({
      clipValue: Number.POSITIVE_INFINITY,
      entropyCoefficient: (progress) => 1 - progress,
    });
    const outcome = await trainRun(trainer, {
      folder: out,
      steps: 30 * 256,
      checkpointEvery: 1000,
      keepAll: true,
      about: { seed: 5 },
    });
    expect(outcome).toMatchObject({
      status: 'finished',
      iteration: 30,
      steps: 7680,
      parametersSha256: trainer.model.parameters.sha256,
    });
    expect(json(path.join(out, 'summary.json'))).toEqual(outcome);
    const run = json(path.join(out, 'run.json'));
    expect(run).toMatchObject({
      format: 'torsor run',
      version: 1,
      environment: { name: 'CartPole-v1', count: 16 },
      model: { type: 'SharedActorCritic', parameters: trainer.model.parameters.count },
      steps: 7680,
      checkpointEvery: 1000,
      bestBy: 'episodes',
      about: { seed: 5 },
    });
    expect(run.settings).toMatchObject({
      horizon: 16,
      clipValue: 'Infinity',
      entropyCoefficient: '(progress) => 1 - progress',
    });
    expect((await new RunFolder(out).readInfo()).settings.clipValue).toBe(Number.POSITIVE_INFINITY);
    expect(lines(path.join(out, 'metrics.jsonl')).map(({ steps }) => steps)).toEqual(
      Array.from({ length: 30 }, (_, k) => 256 * (k + 1)),
    );
    // The first iteration to pass each multiple of 1000, and the last one.
    const kept = readdirSync(path.join(out, 'checkpoints')).map((name) => Number.parseInt(name, 10));
    expect(kept.sort((a, b) => a - b)).toEqual([1024, 2048, 3072, 4096, 5120, 6144, 7168, 7680]);
    expect((await Model.load(path.join(out, 'last.safetensors'))).parameters.sha256).toBe(outcome.parametersSha256);
    expect(await readCheckpoint(path.join(out, 'checkpoints', '7680.safetensors'))).toEqual(
      await readCheckpoint(path.join(out, 'last.safetensors')),
    );
  });

  it('has something to resume from before the first iteration ends', async () => {
    const out = newFolder();
    const trainer = makeTrainer();
    const before = trainer.model.parameters.sha256;
    const begin = async () =>
      expect((await Model.load(path.join(out, 'last.safetensors'))).parameters.sha256).toBe(before);
    await trainRun(trainer, { folder: out, steps: 256, loggers: [{ begin }] });
    expect.assertions(1);
  });

  it('is cleared of an earlier run, and of nothing else', async () => {
    const out = newFolder();
    await trainRun(makeTrainer(), { folder: out, steps: 30 * 256, keepAll: true });
    writeFileSync(path.join(out, 'notes.txt'), 'mine');
    writeFileSync(path.join(out, 'last.safetensors.01234567-89ab-cdef-0123-456789abcdef.tmp'), 'cut off');
    await trainRun(makeTrainer(), { folder: out, steps: 256 });
    expect(readdirSync(out).sort()).toEqual([
      'last.safetensors',
      'metrics.jsonl',
      'notes.txt',
      'progress.csv',
      'run.json',
      'summary.json',
      'tensorboard',
    ]);
    expect(lines(path.join(out, 'metrics.jsonl'))).toHaveLength(1);
    expect(readdirSync(path.join(out, 'tensorboard'))).toHaveLength(1);
  });

  it('that cannot be made is an error', async () => {
    await expectRejection(trainRun(makeTrainer(), { folder: '/dev/null/x', steps: 256 }), 'IO', '/dev/null/x');
  });

  it('of a newer torsor is refused', async () => {
    const out = newFolder();
    await trainRun(makeTrainer(), { folder: out, steps: 256 });
    const file = path.join(out, 'run.json');
    writeFileSync(file, JSON.stringify({ ...json(file), version: 2 }));
    await expectRejection(new RunFolder(out).readInfo(), 'UNSUPPORTED_VERSION', 'version 2', 'newer');
    writeFileSync(file, '{}');
    await expectRejection(new RunFolder(out).readInfo(), 'CORRUPT_FILE', 'no run of torsor');
    writeFileSync(file, '{');
    await expectRejection(new RunFolder(out).readInfo(), 'CORRUPT_FILE', 'run.json');
  });
});

describe('the best checkpoint', () => {
  it('is that with the best mean return of a hundred episodes', async () => {
    const out = newFolder();
    const outcome = await trainRun(makeTrainer(), { folder: out, steps: 40 * 256, checkpointEvery: 512 });
    const saved = lines(path.join(out, 'metrics.jsonl')).filter(
      ({ steps = 0, windowEpisodes = 0 }) => steps % 512 === 0 && windowEpisodes >= 100,
    );
    const best = saved.reduce((a, b) => ((b.meanReturn ?? 0) > (a.meanReturn ?? 0) ? b : a));
    expect(outcome.best).toEqual({ score: best.meanReturn, by: 'episodes', steps: best.steps });
    const { metadata } = await readCheckpoint(path.join(out, 'best.safetensors'));
    expect(JSON.parse(metadata.score as string)).toEqual(outcome.best);
    expect(JSON.parse(metadata.trainer as string).iteration * 256).toBe(best.steps);
  });

  it('is that with the best evaluation, where there are any', async () => {
    const out = newFolder();
    const scores = [3, 9, 9, 1];
    const evaluate = async () => ({
      meanReturn: scores.shift() as number,
      standardError: 0,
      returns: [1],
      lengths: [4],
    });
    const outcome = await trainRun(makeTrainer(), { folder: out, steps: 4 * 256, checkpointEvery: 256, evaluate });
    expect(outcome.best).toEqual({ score: 9, by: 'evaluation', steps: 512 });
    const evaluations = lines(path.join(out, 'metrics.jsonl')).map(({ evaluation }) => evaluation);
    expect(evaluations).toEqual(
      [3, 9, 9, 1].map((meanReturn) => ({ meanReturn, standardError: 0, meanLength: 4, episodes: 1 })),
    );
  });

  it('does not depend on where a run is interrupted', async () => {
    const out = newFolder();
    const controller = new AbortController();
    const record = ({ metrics }: RunRecord) => void (metrics.windowEpisodes >= 100 && controller.abort());
    const options = { folder: out, steps: 40 * 256, checkpointEvery: 40 * 256 };
    await trainRun(makeTrainer(), { ...options, signal: controller.signal, loggers: [{ record }] });
    expect(json(path.join(out, 'summary.json'))).toMatchObject({ status: 'interrupted', best: null });
    expect((await trainRun(makeTrainer(), { ...options, resume: true })).best?.steps).toBe(40 * 256);
  });

  it('evaluating changes nothing about the training', async () => {
    const judges = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 5, key: 9 });
    const evaluate = (model: Model<object>) => evaluatePolicy(model, judges, { episodes: 5 });
    const with_ = await trainRun(makeTrainer(), { folder: newFolder(), steps: 2560, evaluate });
    const without = await trainRun(makeTrainer(), { folder: newFolder(), steps: 2560 });
    expect(with_.parametersSha256).toBe(without.parametersSha256);
  });
});

describe('loggers', () => {
  it('are told everything in order, and waited for', async () => {
    const calls: string[] = [];
    const logger: Logger = {
      begin: ({ steps, info }) => void calls.push(`begin ${steps} of ${info.steps}`),
      record: async ({ metrics, actions }: RunRecord) => {
        await new Promise((done) => setTimeout(done, 5));
        calls.push(`record ${metrics.steps}${actions ? ' with actions' : ''}`);
      },
      saved: ({ steps, score, best, path: file }) =>
        void calls.push(`saved ${steps} ${score} ${best} ${path.basename(file)}`),
      end: ({ status, steps }) => void calls.push(`end ${status} ${steps}`),
    };
    await trainRun(makeTrainer(), { folder: newFolder(), steps: 768, checkpointEvery: 512, loggers: [logger, {}] });
    expect(calls).toEqual([
      'begin 0 of 768',
      'record 256',
      'record 512 with actions',
      'saved 512 null false last.safetensors',
      'record 768 with actions',
      'saved 768 null false last.safetensors',
      'end finished 768',
    ]);
  });

  it('see how often each action was taken', async () => {
    let counts: number[] | undefined;
    const record = ({ actions }: RunRecord) => {
      counts = actions?.dimensions[0]?.counts;
      expect(actions).toMatchObject({ discrete: true, dimensions: [{ low: 0, high: 2 }] });
    };
    await trainRun(makeTrainer(), { folder: newFolder(), steps: 256, loggers: [{ record }] });
    expect(counts).toHaveLength(2);
    expect((counts?.[0] ?? 0) + (counts?.[1] ?? 0)).toBe(256);
  });

  it('that throw end the run, with the iteration saved', async () => {
    const out = newFolder();
    const record = ({ metrics }: RunRecord) => {
      if (metrics.iteration === 3) throw new Error('the disk is on fire');
    };
    const trainer = makeTrainer();
    await expect(
      trainRun(trainer, { folder: out, steps: 2560, checkpointEvery: 5000, loggers: [{ record }] }),
    ).rejects.toThrow('on fire');
    expect(json(path.join(out, 'summary.json'))).toMatchObject({
      status: 'failed',
      iteration: 3,
      error: { code: 'NATIVE', message: 'the disk is on fire' },
    });
    const resumed = makeTrainer();
    const outcome = await trainRun(resumed, { folder: out, steps: 2560, resume: true });
    expect(outcome.parametersSha256).toBe(
      (await trainRun(makeTrainer(), { folder: newFolder(), steps: 2560 })).parametersSha256,
    );
  });
});

describe('resuming', () => {
  it('an interrupted run gives the run that was not, logs included', async () => {
    const [whole, parts] = [newFolder(), newFolder()];
    const options = { steps: 40 * 256, checkpointEvery: 700 };
    const expected = await trainRun(makeTrainer(), { ...options, folder: whole });
    for (const stop of [7, 20, null]) {
      const controller = new AbortController();
      const record = ({ metrics }: RunRecord) => void (metrics.iteration === stop && controller.abort());
      const outcome = await trainRun(makeTrainer(), {
        ...options,
        folder: parts,
        resume: stop !== 7,
        signal: controller.signal,
        loggers: [{ record }],
      });
      expect(outcome).toMatchObject(
        stop === null ? { status: 'finished' } : { status: 'interrupted', iteration: stop },
      );
    }
    expect(await readCheckpoint(path.join(parts, 'last.safetensors'))).toEqual(
      await readCheckpoint(path.join(whole, 'last.safetensors')),
    );
    expect(json(path.join(parts, 'summary.json'))).toMatchObject({
      best: expected.best,
      parametersSha256: expected.parametersSha256,
    });
    // Actions of a rollout are recorded at checkpoints, of which an interruption makes one more.
    const metrics = (out: string) => lines(path.join(out, 'metrics.jsonl')).map(timeless);
    expect(metrics(parts)).toEqual(metrics(whole));
    expect(readdirSync(path.join(parts, 'tensorboard'))).toHaveLength(3);
  });

  it('counts the seconds on, and not those between', async () => {
    const out = newFolder();
    const seconds = () => lines(path.join(out, 'metrics.jsonl')).map((line) => line.seconds as number);
    const first = await trainRun(makeTrainer(), { folder: out, steps: 512 });
    expect(first.seconds).toBe(seconds().at(-1));
    // As after a thousand seconds; what is logged beyond the checkpoint goes, with its seconds.
    const file = path.join(out, 'metrics.jsonl');
    const [one, two] = lines(file) as [object, object];
    const text = [one, { ...two, seconds: 1000 }, { ...two, steps: 768, seconds: 2000 }].map((line) =>
      JSON.stringify(line),
    );
    writeFileSync(file, `${text.join('\n')}\n`);
    const began = performance.now();
    let from = Number.NaN;
    const begin = (start: RunStart) => {
      from = start.seconds;
    };
    const outcome = await trainRun(makeTrainer(), { folder: out, steps: 1024, resume: true, loggers: [{ begin }] });
    const took = (performance.now() - began) / 1000;
    expect(from).toBe(1000);
    expect(seconds()).toHaveLength(4);
    expect(seconds()[2]).toBeGreaterThan(1000);
    expect(seconds()[3]).toBeGreaterThan(seconds()[2] as number);
    expect(seconds()[3]).toBeLessThan(1000 + took);
    expect(outcome.seconds).toBe(seconds()[3]);
    const [header = '', ...rows] = readFileSync(path.join(out, 'progress.csv'), 'utf8').trim().split('\n');
    const at = header.split(',').indexOf('time/time_elapsed');
    expect(rows.map((row) => Number(row.split(',')[at])).slice(2)).toEqual(seconds().slice(2));
  });

  it('where nothing is left to train gives the outcome that was lost', async () => {
    const out = newFolder();
    const outcome = await trainRun(makeTrainer(), { folder: out, steps: 2560 });
    expect(outcome.meanReturn).toBeGreaterThan(0);
    rmSync(path.join(out, 'summary.json'));
    expect(await trainRun(makeTrainer(), { folder: out, steps: 2560, resume: true })).toEqual(outcome);
    expect(json(path.join(out, 'summary.json'))).toEqual(outcome);
  });

  it('loses nothing where its metrics cannot be read', async () => {
    const out = newFolder();
    await trainRun(makeTrainer(), { folder: out, steps: 512 });
    const file = path.join(out, 'metrics.jsonl');
    rmSync(file);
    mkdirSync(file);
    const before = ['run.json', 'summary.json', 'progress.csv'].map((name) => readFileSync(path.join(out, name)));
    await expectRejection(trainRun(makeTrainer(), { folder: out, steps: 768, resume: true }), 'IO', file);
    const after = ['run.json', 'summary.json', 'progress.csv'].map((name) => readFileSync(path.join(out, name)));
    expect(after).toEqual(before);
  });

  it('a finished run with more steps trains on', async () => {
    const out = newFolder();
    await trainRun(makeTrainer(), { folder: out, steps: 512 });
    const trainer = makeTrainer();
    expect(await trainRun(trainer, { folder: out, steps: 512, resume: true })).toMatchObject({
      status: 'finished',
      iteration: 2,
    });
    expect(await trainRun(makeTrainer(), { folder: out, steps: 1024, resume: true })).toMatchObject({
      status: 'finished',
      iteration: 4,
    });
    expect(lines(path.join(out, 'metrics.jsonl'))).toHaveLength(4);
  });

  it('does not compare an evaluation with the episodes of training', async () => {
    const out = newFolder();
    const evaluate = async () => ({ meanReturn: 1e6, standardError: 0, returns: [1], lengths: [4] });
    expect((await trainRun(makeTrainer(), { folder: out, steps: 2560, evaluate })).best?.score).toBe(1e6);
    const { best } = await trainRun(makeTrainer(), { folder: out, steps: 5120, resume: true });
    expect(best?.by).toBe('episodes');
  });

  it.each<[string, Partial<TrainRunOptions>, 'IO' | 'MISSING_OPTION' | 'INVALID_ARGUMENT' | 'UNKNOWN_OPTION', string]>([
    ['where nothing was saved', { resume: true }, 'IO', 'last.safetensors'],
    ['without a folder', { folder: undefined as never }, 'MISSING_OPTION', 'folder'],
    ['without steps', { steps: undefined as never }, 'MISSING_OPTION', 'steps'],
    ['with an option that is not there', { step: 1 } as never, 'UNKNOWN_OPTION', 'did you mean "steps"'],
    ['with nonsense', { checkpointEvery: 0 }, 'INVALID_ARGUMENT', 'checkpointEvery'],
  ])('%s is refused', async (_, options, code, words) => {
    await expectRejection(trainRun(makeTrainer(), { folder: newFolder(), steps: 256, ...options }), code, words);
  });

  it('a trainer that has trained is not taken for a new one', async () => {
    const trainer = makeTrainer();
    for await (const _ of trainer.run({ steps: 256 }));
    await expectRejection(
      trainRun(trainer, { folder: newFolder(), steps: 512 }),
      'INVALID_ARGUMENT',
      'after 1 iterations',
    );
  });
});

describe('a wrong argument is refused before anything is removed', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const evaluated = { meanReturn: 1, standardError: 0, returns: [1], lengths: [1] };

  it.each<[string | RegExp, object]>([
    ['signal: expected an AbortSignal', { signal: new AbortController() }],
    ['evaluate: expected a function, got 5', { evaluate: 5 }],
    ['evaluate: expected a function, got null', { evaluate: null }],
    ['loggers: expected an array of loggers, got {record}', { loggers: { record: () => undefined } }],
    [
      'loggers[0]: expected an object with functions begin, record, saved, end, or some of them, got null',
      { loggers: [null] },
    ],
    [/loggers\[1\]: expected an object .*, got a function/, { loggers: [{}, () => undefined] }],
    [/loggers\[0\]: expected an object .*, got \[\{\}\]/, { loggers: [[{}]] }],
    ['loggers[0].record: expected a function, got 5', { loggers: [{ record: 5 }] }],
    ['about: expected an object, got "x"', { about: 'x' }],
    [/about: expected what JSON can hold: .*circular/, { about: circular }],
    [/about: expected what JSON can hold: .*BigInt/, { about: { seed: 5n } }],
  ])('%s', async (words, options) => {
    const out = newFolder();
    await trainRun(makeTrainer(), { folder: out, steps: 256 });
    const before = readFileSync(path.join(out, 'last.safetensors'));
    const again = trainRun(makeTrainer(), { folder: out, steps: 256, ...options });
    await expectRejection(again, 'INVALID_ARGUMENT', words);
    expect(readFileSync(path.join(out, 'last.safetensors'))).toEqual(before);
  });

  it.each([
    [{}, 'INVALID_ARGUMENT'],
    [null, 'INVALID_ARGUMENT'],
    ['PPO', 'INVALID_ARGUMENT'],
    [undefined, 'MISSING_OPTION'],
  ] as const)('trainer: %j', async (trainer, code) => {
    const run = trainRun(trainer as never, { folder: newFolder(), steps: 256 });
    await expectRejection(run, code, 'trainer: expected a PPO, got');
  });

  it('a trainer that was disposed', async () => {
    const out = newFolder();
    await trainRun(makeTrainer(), { folder: out, steps: 256 });
    const trainer = makeTrainer();
    trainer.dispose();
    await expectRejection(trainRun(trainer, { folder: out, steps: 256 }), 'DISPOSED');
    expect(readdirSync(out)).toContain('last.safetensors');
  });

  it.each<[string, object | number]>([
    ['evaluate: expected numbers meanReturn and standardError, arrays returns and lengths, got 5', 5],
    ['evaluate: meanReturn: expected a number, got "high"', { ...evaluated, meanReturn: 'high' }],
    ['evaluate: lengths: expected an array, got 5', { ...evaluated, lengths: 5 }],
  ])('what evaluate gives is checked: %s', async (words, result) => {
    const evaluate = async () => result as never;
    await expectRejection(
      trainRun(makeTrainer(), { folder: newFolder(), steps: 256, evaluate }),
      'INVALID_ARGUMENT',
      words,
    );
  });
});

describe('what is not finite', () => {
  /** Well until a twentieth of the run is done, and then no more. */
  const diverging = {
    learningRate: (progress: number) => (progress < 0.05 ? 1e-3 : 1e30),
    maxGradNorm: Number.POSITIVE_INFINITY,
  };
  const steps = 256 * 200;

  it('is reported with the state that leads to it again, and the last good checkpoint stays', async () => {
    const out = newFolder();
    const run = trainRun(makeTrainer(diverging), { folder: out, steps, checkpointEvery: 1000 });
    await expectRejection(run, 'NON_FINITE', 'iteration 11');
    const report = json(path.join(out, 'non-finite.json'));
    const { message, metrics, settings, environment } = report;
    expect(report).toMatchObject({
      reason: 'loss',
      iteration: 11,
      steps: 11 * 256,
      updates: 160 + report.minibatch - 1,
    });
    expect(report).toMatchObject({ epoch: 1 });
    expect(metrics).toMatchObject({ iteration: 11, steps: 11 * 256, learningRate: 1e30, loss: 'NaN' });
    expect(settings).toMatchObject({ horizon: 16, maxGradNorm: 'Infinity' });
    expect(environment).toEqual({ name: 'CartPole-v1', count: 16 });
    const summary = json(path.join(out, 'summary.json'));
    expect(summary).toMatchObject({ status: 'failed', iteration: 10, error: { code: 'NON_FINITE', message } });

    const last = await readCheckpoint(path.join(out, 'last.safetensors'));
    expect(JSON.parse(last.metadata.trainer as string).iteration).toBe(8);
    const again = makeTrainer(diverging);
    await again.load(path.join(out, 'non-finite.safetensors'));
    expect(again.iteration).toBe(10);
    const { tensors } = await readCheckpoint(path.join(out, 'non-finite.safetensors'));
    const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toMatchObject({
      'minibatch/rows': [64],
      'minibatch/observation': [64, 4],
      'minibatch/latent': [64, 1],
      'minibatch/advantage': [64],
      'minibatch/return': [64],
      'minibatch/parameters/critic.bias': [1],
    });
    expect(await Model.load(path.join(out, 'non-finite.safetensors'))).toBeInstanceOf(Model);
    await expectRejection(again.run({ steps }).next(), 'NON_FINITE', message);
    // With a remedy the run goes on from the checkpoint before.
    const mended = makeTrainer();
    expect(await trainRun(mended, { folder: out, steps: 12 * 256, resume: true })).toMatchObject({
      status: 'finished',
    });
  });

  it('a trainer by itself tells the numbers', async () => {
    const trainer = makeTrainer(diverging);
    const run = async () => {
      for await (const _ of trainer.run({ steps }));
    };
    const error = await run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({
      code: 'NON_FINITE',
      metrics: { iteration: 11, learningRate: 1e30, loss: Number.NaN },
    });
    expect(trainer.model.parameters.flat().every(Number.isFinite)).toBe(true);
  });
});
