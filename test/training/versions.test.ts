// Files of earlier versions: trainers that torsor wrote then go on now.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  Model,
  type ModelOptions,
  NativeVectorEnvironment,
  NormalizeObservation,
  PPO,
  type PPOSettings,
  readCheckpoint,
} from '../../lib/index.js';

const fixtures = path.join(import.meta.dirname, 'fixtures');
const folder = mkdtempSync(path.join(tmpdir(), 'torsor-versions-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What each file was written from, by the torsor of its time, and what was known of the trainer when it was. */
interface Fixture {
  environment: { name: string; count: number };
  /** The environments were wrapped in NormalizeObservation. */
  normalizes?: true;
  model: [name: string, options: ModelOptions & Record<string, unknown>];
  settings: Partial<PPOSettings>;
  iteration: number;
  meanReturn: number | null;
  parametersSha256: string;
  /** Of the next update by an adaptive schedule, from version 2 on. */
  learningRate?: number;
  /** Of observations, by `normalizes`. */
  moments?: number[];
  /** Of rewards, from version 3 on. */
  scaling?: number[];
}

const read = (version: number) =>
  JSON.parse(readFileSync(path.join(fixtures, `version-${version}.json`), 'utf8')) as Record<string, Fixture>;

const written = [1, 2, 3].flatMap((version) =>
  Object.entries(read(version)).map(([name, fixture]) => [name, version, fixture] as const),
);

function makeTrainer({ environment, normalizes, model: [name, options], settings }: Fixture): PPO {
  const model = Model.create(name, { ...options, key: 98 });
  const native = new NativeVectorEnvironment({ ...environment, key: 99 });
  return new PPO({
    model,
    environment: normalizes ? new NormalizeObservation(native) : native,
    key: 100,
    ...settings,
  });
}

describe.each(written)('%s', (name, version, fixture) => {
  const file = path.join(fixtures, `${name}.safetensors`);

  it('is what it says', async () => {
    const { metadata } = await readCheckpoint(file);
    expect(metadata.version).toBe(String(version));
    expect(metadata.settings).toBeUndefined();
  });

  it('loads as a model', async () => {
    expect((await Model.load(file)).parameters.sha256).toBe(fixture.parametersSha256);
  });

  it('has what was known of episodes, rates, observations and rewards', async () => {
    const trainer = makeTrainer(fixture);
    await trainer.load(file);
    const { tensors, metadata } = trainer.checkpoint();
    const numbers = (key: string) => {
      const data = tensors.get(key)?.data;
      return data && Array.from(data);
    };
    const { learningRate, episodes } = JSON.parse(metadata.trainer as string);
    expect(learningRate).toBe(fixture.learningRate);
    const sum = (field: string) =>
      episodes.reduce((all: number, batch: Record<string, number>) => all + (batch[field] ?? 0), 0);
    if (fixture.meanReturn === null) expect(episodes).toEqual([]);
    else expect(sum('returnSum') / sum('count')).toBe(fixture.meanReturn);
    expect(numbers('trainer/statistics.observation')).toEqual(fixture.moments);
    expect(numbers('trainer/rewards.scaling')).toEqual(fixture.scaling);
    expect(trainer.settings.learningRate).not.toBe(fixture.learningRate);
  });

  it('loads as a trainer, which goes on as one from a file of today does', async () => {
    const trainer = makeTrainer(fixture);
    await trainer.load(file);
    expect(trainer.iteration).toBe(fixture.iteration);
    expect(trainer.model.parameters.sha256).toBe(fixture.parametersSha256);

    const today = path.join(folder, `${name}.safetensors`);
    await trainer.save(today);
    expect((await readCheckpoint(today)).metadata.version).toBe('3');
    const other = makeTrainer(fixture);
    await other.load(today);
    const steps = trainer.steps + 3 * trainer.rollout.size;
    const returns: number[] = [];
    for await (const { meanReturn } of trainer.run({ steps })) returns.push(meanReturn);
    for await (const { meanReturn } of other.run({ steps })) expect(meanReturn).toEqual(returns.shift());
    expect(other.model.parameters.sha256).toBe(trainer.model.parameters.sha256);
    expect(other.model.parameters.sha256).not.toBe(fixture.parametersSha256);
  });
});
