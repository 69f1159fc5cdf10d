// rewardScale 'running': rewards divided by the running standard deviation of discounted returns.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import {
  Box,
  type Environment,
  Model,
  NativeVectorEnvironment,
  PPO,
  type PPOOptions,
  RunningMoments,
  readCheckpoint,
  SyncVectorEnvironment,
  setThreads,
  threads,
  type VectorEnvironment,
  writeCheckpoint,
} from '../../lib/index.js';
import { expectError, expectRejection } from '../support/errors.js';

const used = threads();
afterEach(() => setThreads(used));

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-rewards-'));
afterAll(() => rmSync(folder, { recursive: true }));

const gamma = 0.9;

function makeTrainer(more: Partial<PPOOptions> = {}, environment = pendulums(20)): PPO {
  const { size } = environment.observationSpace;
  const sizes = { observationSpaceSize: size, actionSpaceSize: 1, architecture: [16], key: 2 };
  const model = Model.create('SharedActorCritic', sizes);
  return new PPO({ model, environment, key: 3, horizon: 32, epochs: 2, gamma, rewardScale: 'running', ...more });
}

function pendulums(count: number): VectorEnvironment {
  return new NativeVectorEnvironment({ name: 'Pendulum-v1', count, key: 1 });
}

async function iterate(trainer: PPO, times: number, each: () => void = () => {}): Promise<void> {
  const steps = trainer.steps + times * trainer.rollout.size;
  for await (const _ of trainer.run({ steps })) each();
}

/** Episodes of 5 to 9 steps. Rewards are small, but for one that is enormous beside all before it. */
class Spikes implements Environment<Box> {
  readonly observationSpace = new Box(-1, 1, [1]);
  readonly actionSpace = new Box(-1, 1, [1]);
  #t = 0;
  #episode = 0;

  reset(): [number[], Record<string, unknown>] {
    this.#t = 0;
    this.#episode++;
    return [[0], {}];
  }

  step(): [number[], number, boolean, boolean, Record<string, unknown>] {
    this.#t++;
    const end = this.#t >= 5 + (this.#episode % 5);
    const reward = this.#episode === 90 && this.#t === 2 ? -500 : Math.sin(this.#t * this.#episode);
    return [[this.#t / 10], reward, end && this.#episode % 2 === 0, end && this.#episode % 2 === 1, {}];
  }
}

const spikes = (): VectorEnvironment => new SyncVectorEnvironment({ make: () => new Spikes(), count: 3, key: 1 });

/** What the trainer should know, from the rewards it saw. */
class Reference {
  readonly moments = new RunningMoments(1);
  readonly returns: Float64Array;

  constructor(readonly trainer: PPO) {
    this.returns = new Float64Array(trainer.environment.count);
  }

  see(): void {
    const { rollout, environment } = this.trainer;
    const columns = ['reward', 'terminated', 'truncated'] as const;
    const [reward, terminated, truncated] = columns.map((column) => rollout.read(column)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const decay = Math.fround(gamma);
    const seen = Array.from(reward, (r, at) => {
      const e = at % environment.count;
      const sum = decay * (this.returns[e] as number) + r;
      this.returns[e] = terminated[at] || truncated[at] ? 0 : sum;
      return sum;
    });
    this.moments.update(seen);
  }

  check(): void {
    const [count, mean, variance, ...returns] = this.trainer.rollout.readScaling();
    expect(count).toBe(this.moments.count);
    expect(mean).toBeCloseTo(this.moments.mean[0] as number, 8);
    expect((variance as number) / this.moments.variance(0)).toBeCloseTo(1, 8);
    returns.forEach((value, e) => {
      expect(value).toBeCloseTo(this.returns[e] as number, 8);
    });
  }
}

describe('what is learned', () => {
  it.each([
    ['native environments', pendulums(20)],
    ['environments in TypeScript', spikes()],
  ])('are the moments of all discounted returns of %s', async (_, environment) => {
    const trainer = makeTrainer({}, environment);
    const reference = new Reference(trainer);
    await iterate(trainer, 4, () => {
      reference.see();
      reference.check();
    });
  });

  it('scales the rewards of advantages, and cuts those that are far off', async () => {
    const trainer = makeTrainer({ lambda: 1 }, spikes());
    let cut = 0;
    await iterate(trainer, 22, () => {
      const { rollout } = trainer;
      const deviation = Math.sqrt((rollout.readScaling()[2] as number) + 1e-8);
      const [reward, terminated, truncated, value, returns] = (
        ['reward', 'terminated', 'truncated', 'value', 'return'] as const
      ).map((column) => rollout.read(column)) as Float32Array[] as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      for (let at = 0; at + 3 < reward.length; at++) {
        if (truncated[at]) continue;
        const next = terminated[at] ? 0 : (returns[at + 3] as number);
        const scaled = (reward[at] as number) / deviation;
        if (Math.abs(scaled) > 10) cut++;
        expect(returns[at]).toBeCloseTo(Math.max(-10, Math.min(10, scaled)) + gamma * next, 4);
      }
      expect(value).toHaveLength(reward.length);
    });
    expect(cut).toBeGreaterThan(0);
  });

  it('does not depend on the number of threads', async () => {
    const results = [];
    for (const count of [1, 3]) {
      setThreads(count);
      const trainer = makeTrainer({}, pendulums(200));
      await iterate(trainer, 2);
      results.push([trainer.rollout.readScaling(), trainer.model.parameters.flat()]);
    }
    expect(results[1]).toEqual(results[0]);
  });
});

describe('returns so far', () => {
  const trained = async (more: Partial<PPOOptions> = {}): Promise<PPO> => {
    const trainer = makeTrainer(more, spikes());
    await iterate(trainer, 1);
    expect(trainer.rollout.readScaling().slice(3)).not.toContain(0);
    return trainer;
  };

  it('begin anew with the episodes, and the moments stay', async () => {
    const { rollout } = await trained();
    const moments = rollout.readScaling().slice(0, 3);
    rollout.forgetEpisodes();
    expect(rollout.readScaling()).toEqual(Float64Array.of(...moments, 0, 0, 0));
  });

  it('begin anew where environments cannot go on from a file', async () => {
    const trainer = await trained();
    const file = path.join(folder, 'spikes.safetensors');
    await trainer.save(file);
    const second = makeTrainer({}, spikes());
    await second.load(file);
    expect(second.rollout.readScaling()).toEqual(
      Float64Array.of(...trainer.rollout.readScaling().slice(0, 3), 0, 0, 0),
    );
  });

  it('and moments survive a reward that is no number', async () => {
    const trainer = await trained();
    const moments = trainer.rollout.readScaling().slice(0, 3);
    const { environment } = trainer;
    const step = environment.step.bind(environment);
    vi.spyOn(environment, 'step').mockImplementation(async (action) => {
      const arrays = await step(action);
      arrays.reward[1] = Number.NaN;
      return arrays;
    });
    await expectRejection(iterate(trainer, 1), 'NON_FINITE');
    const after = trainer.rollout.readScaling();
    expect(after.slice(0, 3)).toEqual(moments);
    expect(after.every(Number.isFinite)).toBe(true);
    vi.restoreAllMocks();
    await expect(iterate(trainer, 1)).resolves.toBeUndefined();
  });
});

describe('files', () => {
  it('go on bit for bit', async () => {
    const whole = makeTrainer();
    await iterate(whole, 2);
    const file = path.join(folder, 'resumed.safetensors');
    await whole.save(file);
    await iterate(whole, 2);
    const second = makeTrainer({ key: 99 });
    await second.load(file);
    await iterate(second, 2);
    expect(second.rollout.readScaling()).toEqual(whole.rollout.readScaling());
    expect(second.model.parameters.flat()).toEqual(whole.model.parameters.flat());
  });

  it('of trainers that scaled rewards otherwise, or that are damaged, are refused', async () => {
    const file = path.join(folder, 'other.safetensors');
    await makeTrainer({ rewardScale: 0.1 }).save(file);
    await expectRejection(makeTrainer().load(file), 'INVALID_ARGUMENT', 'rewardScale');
    await makeTrainer().save(file);
    const { tensors, metadata } = await readCheckpoint(file);
    const data = new Float64Array(23).fill(Number.NaN);
    await writeCheckpoint(file, { tensors: tensors.set('trainer/rewards.scaling', { shape: [23], data }), metadata });
    await expectRejection(makeTrainer().load(file), 'CORRUPT_FILE', 'rewards.scaling');
  });
});

it('takes a number or that word', () => {
  expectError(() => makeTrainer({ rewardScale: 'walking' as never }), 'INVALID_ARGUMENT', 'rewardScale');
});
