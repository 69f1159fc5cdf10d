// Recordings: an SVG whose frames follow the episode, one at a time.
import { describe, expect, it } from 'vitest';
import {
  Box,
  Discrete,
  type Environment,
  Model,
  NativeVectorEnvironment,
  recordEpisode,
  SyncVectorEnvironment,
} from '../../lib/index.js';
import { animate } from '../../lib/rollout/animation.js';
import { expectRejection } from '../support/errors.js';

const model = (observationSpaceSize: number, actionSpaceSize: number, discrete = true) =>
  Model.create('SharedActorCritic', { observationSpaceSize, actionSpaceSize, discrete, key: 1 });

/** Draws what it observes. Episodes of 4 steps. */
class Drawn implements Environment<Discrete> {
  readonly observationSpace = new Box(0, 10, [1]);
  readonly actionSpace = new Discrete(2);
  #t = 0;
  reset(): [number[], Record<string, unknown>] {
    this.#t = 0;
    return [[0], {}];
  }
  step(): [number[], number, boolean, boolean, Record<string, unknown>] {
    return [[++this.#t], 0.5, this.#t === 4, false, {}];
  }
  render(): string {
    return `<text>t = ${this.#t}</text>`;
  }
}

describe('recordEpisode', () => {
  it('draws what the policy saw, step by step', async () => {
    const environment = new SyncVectorEnvironment({ make: () => new Drawn(), count: 2, name: 'A & B' });
    const { svg, ...rest } = await recordEpisode(model(1, 2), environment);
    expect(rest).toEqual({ frames: 4, return: 2, length: 4 });
    expect([...svg.matchAll(/<text>t = (\d)<\/text>/g)].map((match) => match[1])).toEqual(['0', '1', '2', '3']);
    expect(svg).toContain('<title>A &#38; B: return 2 in 4 steps</title>');
    const short = await recordEpisode(model(1, 2), environment, { maxSteps: 2 });
    expect(short.length).toBe(2);
  });

  it.each([
    ['CartPole-v1', 4, 2, true],
    ['Pendulum-v1', 3, 1, false],
  ] as const)('draws %s', async (name, observed, actions, discrete) => {
    const environment = new NativeVectorEnvironment({ name, count: 1, key: 1 });
    const { svg, frames, length } = await recordEpisode(model(observed, actions, discrete), environment, {
      maxSteps: 50,
    });
    expect(frames).toBeGreaterThanOrEqual(length);
    expect(svg.match(/<g /g)).toHaveLength(frames);
    expect(svg).not.toMatch(/NaN|undefined/);
    // Something moves.
    expect(new Set(svg.match(/<line [^>]*stroke-width[^>]*>/g)).size).toBeGreaterThan(frames / 2);
  });

  it('says where nothing can be drawn', async () => {
    const hidden = new NativeVectorEnvironment({ name: 'CartPoleMasked-v1', count: 1 });
    await expectRejection(recordEpisode(model(2, 2), hidden), 'UNSUPPORTED', 'CartPoleMasked-v1 has no render');
    const plain: Environment = { ...new Drawn(), reset: () => [[0], {}], step: () => [[0], 0, true, false, {}] };
    const environment = new SyncVectorEnvironment({ make: () => plain, count: 1, name: 'Plain' });
    await expectRejection(recordEpisode(model(1, 2), environment), 'UNSUPPORTED', 'Plain has no render');
  });
});

describe('animate', () => {
  it('shows one frame at any time', () => {
    const frames = ['A', 'B', 'C'].map((name) => `<text>${name}</text>`);
    const svg = animate(frames, { width: 10, height: 5, framesPerSecond: 2, title: '' });
    const shown = [...svg.matchAll(/keyTimes="([^"]*)" values="([^"]*)"/g)].map(([, times, values]) => ({
      times: (times as string).split(';').map(Number),
      values: (values as string).split(';'),
    }));
    expect(svg).toContain('dur="1.5s"');
    for (const moment of [0, 0.2, 0.4, 0.6, 0.7, 0.99]) {
      const visible = shown.filter(
        ({ times, values }) => values[times.findLastIndex((time) => time <= moment)] === 'visible',
      );
      expect(visible, `at ${moment}`).toHaveLength(1);
    }
    expect(animate(['<g/>'], { width: 1, height: 1, framesPerSecond: 1, title: '' })).not.toContain('<animate');
  });
});
