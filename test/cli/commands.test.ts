// The commands beside train: resume, eval, report, inspect, doctor; configuration files, presets and settings of train.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../lib/cli/main.js';
import { Model, NativeVectorEnvironment, PPO, trainRun } from '../../lib/index.js';
import { readCheckpoint, writeCheckpoint } from '../../lib/io/checkpoint.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-commands-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const result = { code: -1, out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    result.out += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    result.err += text;
    return true;
  });
  result.code = await main(args);
  vi.restoreAllMocks();
  return result;
}

const json = (text: string) => JSON.parse(text.trim().split('\n').at(-1) as string);
const file = (name: string): string => path.join(folder, name);
const short = ['--env', 'CartPole-v1', '--steps', '8192', '--json'];

/** A finished run of two iterations. */
const trained = file('trained');
async function trainOnce(): Promise<void> {
  if (!existsSync(trained)) expect((await run('train', ...short, '--out', trained)).code).toBe(0);
}

describe('train', () => {
  it('takes a preset of another library, and single settings over it', async () => {
    const out = file('preset');
    const args = [
      '--preset',
      'cleanrl',
      '--set',
      'learningRate=1e-4',
      '--set',
      'optimizer={"name":"adam","epsilon":1e-6}',
    ];
    const { code, err } = await run('train', '--env', 'CartPole-v1', '--steps', '1024', ...args, '--out', out);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { settings, model, environment } = json(
      JSON.stringify(JSON.parse(readFileSync(path.join(out, 'run.json'), 'utf8'))),
    );
    expect(settings).toMatchObject({
      horizon: 128,
      clipValue: 0.2,
      entropyCoefficient: 0.01,
      learningRate: 1e-4,
      anneal: 'linear',
    });
    expect(settings.optimizer).toEqual({ name: 'adam', epsilon: 1e-6 });
    expect(model).toMatchObject({ type: 'ActorCritic', options: { activation: 'tanh', actorScale: 0.01 } });
    expect(environment.count).toBe(4);
  });

  it('takes a learning rate with a schedule of its own in place of an annealed one', async () => {
    const out = file('scheduled');
    const args = ['--preset', 'cleanrl', '--set', 'learningRate={"from":1e-3,"to":1e-4}', '--steps', '512'];
    expect((await run('train', '--env', 'CartPole-v1', ...args, '--out', out)).code).toBe(0);
    expect(JSON.parse(readFileSync(path.join(out, 'run.json'), 'utf8')).settings.anneal).toBe('constant');
    const both = await run('train', ...args, '--set', 'anneal=linear', '--out', file('never'));
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('--set anneal: expected nothing beside') });
  });

  it('reads a configuration file; what is typed wins', async () => {
    const config = file('config.json');
    const out = file('configured');
    writeFileSync(
      config,
      JSON.stringify({
        env: 'CartPole-v1',
        steps: 99_999,
        environments: 8,
        seed: 3,
        modelOptions: { architecture: [12], activation: 'tanh' },
        settings: { horizon: 32, clipValue: 'Infinity', learningRate: { from: 1e-3, to: 1e-4 } },
        checkpointEvery: 256,
        keepAll: true,
        evalEpisodes: 5,
        out,
      }),
    );
    const { code, err } = await run('train', '--config', config, '--steps', '512', '--set', 'horizon=16');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const info = JSON.parse(readFileSync(path.join(out, 'run.json'), 'utf8'));
    expect(info).toMatchObject({ steps: 512, checkpointEvery: 256, bestBy: 'evaluation', about: { seed: 3 } });
    expect(info.settings).toMatchObject({ horizon: 16, clipValue: 'Infinity', learningRate: { from: 1e-3, to: 1e-4 } });
    expect(info.model.options).toMatchObject({ architecture: [12], activation: 'tanh' });
    expect(readdirSync(path.join(out, 'checkpoints')).sort()).toEqual(['256.safetensors', '512.safetensors']);
    // Schedules and infinities survive run.json: it can be resumed.
    const resumed = await run('resume', out, '--steps', '768', '--json');
    expect({ code: resumed.code, steps: json(resumed.out).steps }).toEqual({ code: 0, steps: 768 });
  });

  it.each([
    ['{"envs": "CartPole-v1"}', /config\.json: the configuration has no option "envs" \(did you mean "env"\?\)/],
    ['{"steps": "many"}', /config\.json: steps: expected a positive integer, got "many"/],
    ['{"settings": {"gama": 1}}', /config\.json: settings has no option "gama" \(did you mean "gamma"\?\)/],
    ['{"settings": []}', /config\.json: settings: expected an object, got \[\]/],
    ['{"settings": {"gamma": 2}}', /config\.json: settings\.gamma: expected a number from 0 to 1, got 2/],
    ['{"settings": {"clipRatio": {"from": 1}}}', /config\.json: settings\.clipRatio\.to: expected/],
    ['{"modelOptions": {"architecture": "wide"}}', /config\.json: modelOptions\.architecture/],
    ['{"steps": 1', /config\.json: this is not JSON/],
    ['[]', /config\.json: the configuration: expected an object/],
  ])('names file and key where a configuration is wrong: %s', async (text, message) => {
    const config = file('config.json');
    writeFileSync(config, text);
    const { code, out, err } = await run('train', '--config', config, '--out', file('never'));
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(existsSync(file('never'))).toBe(false);
  });

  it.each([
    [['--set', 'gamma'], 2, /--set: expected KEY=VALUE, got 'gamma'/],
    [['--set', 'gama=1'], 2, /--set: no setting is named "gama" \(did you mean "gamma"\?\)/],
    [['--set', 'gamma=2'], 2, /--set gamma: expected a number from 0 to 1, got 2/],
    [['--preset', 'sb4'], 2, /--preset: there is no "sb4" \(did you mean "sb3"\?\)/],
    [['--config', '/nowhere.json'], 1, /IO: \/nowhere\.json could not be read/],
    [['--checkpoint-every', '0'], 2, /--checkpoint-every: expected an integer of at least 1/],
    [['--eval-episodes', 'x'], 2, /--eval-episodes/],
  ])('%j is refused', async (args, code, message) => {
    const result = await run('train', ...args, '--out', file('never'));
    expect(result.err).toMatch(message);
    expect(result.code).toBe(code);
  });

  it('keeps an unfinished run under another name, and replaces a finished one', async () => {
    const out = file('again');
    await run('train', ...short, '--out', out);
    await run('train', ...short, '--out', out);
    expect(existsSync(`${out}-1`)).toBe(false);
    rmSync(path.join(out, 'summary.json'));
    const { code, out: said } = await run('train', '--env', 'CartPole-v1', '--steps', '4096', '--out', out);
    expect(code).toBe(0);
    expect(said).toContain(`it is kept in ${out}-1\n`);
    expect(
      readFileSync(path.join(`${out}-1`, 'metrics.jsonl'), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(2);
    expect(readFileSync(path.join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('ended by SIGTERM exits with 143, and says how to go on', async () => {
    const out = file('terminated');
    const emit = setInterval(
      () => existsSync(path.join(out, 'metrics.jsonl')) && process.emit('SIGTERM', 'SIGTERM'),
      1,
    );
    const { code, out: said } = await run('train', '--env', 'CartPole-v1', '--steps', '10_000_000', '--out', out);
    clearInterval(emit);
    expect(code).toBe(143);
    expect(said).toContain(`npx torsor resume ${out}\n`);
    expect(JSON.parse(readFileSync(path.join(out, 'summary.json'), 'utf8')).status).toBe('interrupted');
  });
});

describe('resume', () => {
  it('says that a finished run is one', async () => {
    await trainOnce();
    const { code, out } = await run('resume', trained);
    expect(code).toBe(0);
    expect(out).toBe('This run has reached its 8192 steps; --steps N goes on to N\n');
  });

  it.each([
    [['resume'], 2, /the folder of a run is missing/],
    [['resume', '/nowhere'], 1, /IO: .*run\.json could not be read/],
    [['resume', 'a', 'b'], 2, /'b' is one word too many/],
  ])('%j is refused', async (args, code, message) => {
    const result = await run(...args);
    expect(result.err).toMatch(message);
    expect(result.code).toBe(code);
  });

  it('leaves alone what only the program that made it can resume', async () => {
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 4 });
    const options = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, architecture: [4] };
    const model = Model.create('SharedActorCritic', options);
    const out = file('function');
    const trainer = new PPO({ model, environment, horizon: 16, learningRate: (progress) => 1e-3 / (1 + progress) });
    await trainRun(trainer, { folder: out, steps: 64 });
    const { code, err } = await run('resume', out, '--steps', '128');
    expect(err).toMatch(/UNSUPPORTED: .*settings\.learningRate is a function/);
    expect(code).toBe(1);
    const info = path.join(out, 'run.json');
    const text = readFileSync(info, 'utf8')
      .replace('"CartPole-v1"', '"Mine"')
      .replace(/"learningRate": ".*"/, '"learningRate": 0.1');
    writeFileSync(info, text);
    expect((await run('resume', out)).err).toMatch(/UNSUPPORTED: .*Mine is no native environment/);
  });
});

describe('eval', () => {
  it('runs episodes with the checkpoint of a run', async () => {
    await trainOnce();
    const { code, out } = await run('eval', trained, '--episodes', '10', '--json');
    expect(code).toBe(0);
    const result = json(out);
    expect(result).toMatchObject({ event: 'evaluation', env: 'CartPole-v1', episodes: 10 });
    expect(result.checkpoint).toMatch(/(best|last)\.safetensors$/);
    expect(result.returns).toHaveLength(10);
    expect(result.meanReturn).toBeCloseTo(result.returns.reduce((sum: number, x: number) => sum + x, 0) / 10, 9);
    const text = await run('eval', path.join(trained, 'last.safetensors'), '--episodes', '10', '--stochastic');
    expect(text.out).toMatch(
      /10 episodes, stochastic\nReturn {2}[\d.]+ ± [\d.]+, from [\d.]+ to [\d.]+\nLength {2}[\d.]+\n/,
    );
  });

  it('needs an environment where the file names none', async () => {
    const model = Model.create('SharedActorCritic', { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true });
    const alone = file('alone.safetensors');
    await model.save(alone);
    expect(await run('eval', alone)).toMatchObject({ code: 2, err: expect.stringContaining('--env') });
    expect((await run('eval', alone, '--env', 'CartPole-v1', '--episodes', '2')).code).toBe(0);
    expect(await run('eval', alone, '--env', 'Pendulum-v1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('INVALID_SHAPE'),
    });
    expect(await run('eval', file('nothing'))).toMatchObject({ code: 1, err: expect.stringContaining('IO: ') });
  });
});

describe('report', () => {
  it('writes a page and says where', async () => {
    await trainOnce();
    const { code, out } = await run('report', trained);
    expect({ code, out }).toEqual({ code: 0, out: `${path.join(trained, 'report.html')}\n` });
    const elsewhere = file('page.html');
    expect(json((await run('report', trained, '--out', elsewhere, '--json')).out)).toEqual({
      event: 'report',
      file: elsewhere,
    });
    expect(readFileSync(elsewhere, 'utf8')).toBe(readFileSync(path.join(trained, 'report.html'), 'utf8'));
    expect((await run('report', file('nothing'))).code).toBe(1);
  });
});

describe('inspect', () => {
  it('says what a checkpoint holds', async () => {
    await trainOnce();
    const last = path.join(trained, 'last.safetensors');
    const { code, out } = await run('inspect', last, '--json');
    expect(code).toBe(0);
    const contents = json(out);
    const model = await Model.load(last);
    expect(contents).toMatchObject({
      version: 3,
      typeName: 'sharedactorcritic',
      parameterCount: model.parameters.count,
      parametersSha256: model.parameters.sha256,
      program: model.program,
      trainer: { iteration: 2, environment: { name: 'CartPole-v1', count: 64 } },
    });
    expect(contents.parameters).toEqual(
      model.parameters.names.map((name) => {
        const shape = model.parameters.shape(name);
        return { name, shape, count: shape.reduce((size, n) => size * n, 1) };
      }),
    );
    expect(contents.parametersSha256).toBe(
      JSON.parse(readFileSync(path.join(trained, 'summary.json'), 'utf8')).parametersSha256,
    );
    const text = (await run('inspect', last)).out;
    expect(text).toContain('network.layers.0.kernel  [4, 64]');
    expect(text).toContain('1: linear gelu(0) → 64');
    expect(text).toContain(`parametersSha256 ${model.parameters.sha256}\n`);
  });

  it('refuses what is no checkpoint', async () => {
    const other = file('other');
    writeFileSync(other, 'hello, this is text');
    expect(await run('inspect', other)).toMatchObject({ code: 1, err: expect.stringContaining('CORRUPT_FILE') });
  });

  it.each([
    ['program', 'program in the metadata is not JSON', (text: string) => text.slice(1)],
    ['metadata', 'metadata in the metadata is no object', () => '[]'],
    ['trainer', 'trainer in the metadata is not JSON', (text: string) => `${text}}`],
    ['score', 'score in the metadata is no object', () => 'null'],
  ])('says where a damaged checkpoint is damaged: %s', async (key, words, damage) => {
    await trainOnce();
    const { tensors, metadata } = await readCheckpoint(path.join(trained, 'best.safetensors'));
    const damaged = file('damaged');
    await writeCheckpoint(damaged, { tensors, metadata: { ...metadata, [key]: damage(metadata[key] as string) } });
    const { code, err } = await run('inspect', damaged);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(`CORRUPT_FILE: ${damaged}: ${words}`) });
  });

  it('misses a parameter that the file has not', async () => {
    await trainOnce();
    const { tensors, metadata } = await readCheckpoint(path.join(trained, 'last.safetensors'));
    tensors.delete('critic.bias');
    await writeCheckpoint(file('damaged'), { tensors, metadata });
    const words = 'the parameter critic.bias is missing';
    expect(await run('inspect', file('damaged'))).toMatchObject({ code: 1, err: expect.stringContaining(words) });
  });
});

describe('doctor', () => {
  it('says what works, and exits with 0', async () => {
    const { code, out } = await run('doctor', '--json');
    expect(code).toBe(0);
    const found = json(out);
    expect(found).toMatchObject({
      node: process.version,
      problem: null,
      simd: expect.stringMatching(/^(baseline|v3|v4)$/),
    });
    expect(found.devices[0]).toMatchObject({ device: 'cpu', available: true });
    const text = (await run('doctor')).out;
    expect(text).toMatch(/^✓ torsor +\d+\.\d+\.\d+, Node v/);
    expect(text).toMatch(/✓ native core +(baseline|v3|v4) \(/);
    expect(text).toMatch(/[✓✗] libcuda +/);
  });

  it('exits with 1 where the device asked for does not work', async () => {
    vi.stubEnv('TORSOR_CUDA_ADDON', '/nowhere/torsor_cuda.so');
    const { code, out } = await run('doctor', '--device', 'cuda', '--json');
    vi.unstubAllEnvs();
    expect(code).toBe(1);
    expect(json(out).problem).toContain("device 'cuda' is not available");
  });
});

it.each(['train', 'resume', 'eval', 'report', 'inspect', 'doctor'])(
  '%s --help says what it is for',
  async (command) => {
    const { code, out, err } = await run(command, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`^torsor ${command}\\b.* — `));
    expect(out).toContain('--json');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(145);
  },
);
