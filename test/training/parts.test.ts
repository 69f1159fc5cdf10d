// The window of episodes, presets.
import { describe, expect, it } from 'vitest';
import { type LibraryPreset, libraryPresets, Model, NativeVectorEnvironment, PPO } from '../../lib/index.js';
import { EpisodeWindow } from '../../lib/training/metrics.js';
import { ppoDefaults } from '../../lib/training/ppo-settings.js';
import { presets } from '../../lib/training/presets.js';

describe('EpisodeWindow', () => {
  const batch = (count: number, mean: number) => ({ count, returnSum: count * mean, lengthSum: 10 * count });

  it('is empty at first, and says so', () => {
    const window = new EpisodeWindow();
    window.add(batch(0, 0));
    expect(window.meanReturn).toBeNaN();
    expect(window.meanLength).toBeNaN();
  });

  it('holds the newest batches that make a hundred episodes', () => {
    const window = new EpisodeWindow();
    window.add(batch(60, 1));
    window.add(batch(60, 2));
    expect(window.meanReturn).toBeCloseTo(1.5);
    window.add(batch(40, 5));
    // 60 + 40 suffice without the first.
    expect(window.meanReturn).toBeCloseTo((60 * 2 + 40 * 5) / 100);
    expect(window.meanLength).toBe(10);
    window.add(batch(300, 7));
    expect(window.batches).toHaveLength(1);
    expect(window.meanReturn).toBeCloseTo(7);
  });
});

describe('presets', () => {
  it('exist for every native environment, and name settings of PPO', () => {
    expect(Object.keys(presets).sort()).toEqual(NativeVectorEnvironment.names.toSorted());
    for (const { settings } of Object.values(presets)) {
      for (const name of Object.keys(settings)) expect(Object.keys(ppoDefaults)).toContain(name);
    }
  });
});

describe('presets of other libraries', () => {
  it.each(Object.entries(libraryPresets))('%s: a trainer takes them, for any environment', (_, preset) => {
    for (const name of ['CartPole-v1', 'Pendulum-v1']) {
      const environment = new NativeVectorEnvironment({ name, count: preset.environments });
      const discrete = name === 'CartPole-v1';
      const { architecture, modelOptions } = preset;
      const widths: Record<string, object> = {
        ActorCritic: { actorArchitecture: architecture, criticArchitecture: architecture },
        SharedActorCritic: { architecture },
        MinGRUActorCritic: { hiddenFeatures: architecture[0], gruFeatures: architecture[1] },
      };
      const model = Model.create(preset.model, {
        observationSpaceSize: environment.observationSpace.size,
        actionSpaceSize: discrete ? 2 : 1,
        discrete,
        ...widths[preset.model],
        ...modelOptions,
      });
      const trainer = new PPO({ model, environment, ...preset.settings });
      expect(trainer.settings).toMatchObject(preset.settings);
      trainer.dispose();
      environment.dispose();
      model.dispose();
    }
  });

  it('have the sizes of minibatches of their libraries', () => {
    const size = (name: string) => {
      const { environments, settings } = libraryPresets[name] as LibraryPreset;
      return (environments * (settings.horizon as number)) / (settings.minibatches as number);
    };
    expect(['cleanrl', 'cleanrl-continuous', 'sb3', 'rsl_rl', 'pufferlib', 'jaxdem'].map(size)).toEqual([
      128, 64, 64, 24_576, 8192, 16_384,
    ]);
  });
});
