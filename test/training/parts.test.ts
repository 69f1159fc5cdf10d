// The window of episodes, presets.
import { describe, expect, it } from 'vitest';
import { NativeVectorEnvironment } from '../../lib/index.js';
import { EpisodeWindow } from '../../lib/training/metrics.js';
import { ppoDefaults } from '../../lib/training/ppo-options.js';
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
