// Files of earlier versions: trainers that torsor wrote then go on now.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  Model,
  type ModelOptions,
  NativeVectorEnvironment,
  PPO,
  type PPOSettings,
  readCheckpoint,
} from '../../lib/index.js';

const fixtures = path.join(import.meta.dirname, 'fixtures');
const folder = mkdtempSync(path.join(tmpdir(), 'torsor-versions-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What each file was written from, and what was known of the trainer when it was. */
interface Fixture {
  environment: { name: string; count: number };
  model: [name: string, options: ModelOptions & Record<string, unknown>];
  settings: Partial<PPOSettings>;
  iteration: number;
  meanReturn: number | null;
  parametersSha256: string;
}

const written = JSON.parse(readFileSync(path.join(fixtures, 'version-1.json'), 'utf8')) as Record<string, Fixture>;

function makeTrainer({ environment, model: [name, options], settings }: Fixture): PPO {
  const model = Model.create(name, { ...options, key: 98 });
  return new PPO({
    model,
    environment: new NativeVectorEnvironment({ ...environment, key: 99 }),
    key: 100,
    ...settings,
  });
}

describe.each(Object.entries(written))('%s', (name, fixture) => {
  const file = path.join(fixtures, `${name}.safetensors`);

  it('is what it says', async () => {
    expect((await readCheckpoint(file)).metadata.version).toBe('1');
  });

  it('loads as a model', async () => {
    expect((await Model.load(file)).parameters.sha256).toBe(fixture.parametersSha256);
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
