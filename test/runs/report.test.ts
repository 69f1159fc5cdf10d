// The page of a run: whole, self-contained, and with the numbers that were recorded.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Model, NativeVectorEnvironment, PPO, trainRun, writeReport } from '../../lib/index.js';
import { barChart, lineChart } from '../../lib/runs/report/chart.js';
import { format, scaleOf } from '../../lib/runs/report/scale.js';
import { thin } from '../../lib/runs/report/series.js';
import { expectRejection } from '../support/errors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Elements by nesting: throws where a tag is not closed, or closed that was not open. Gives how often each occurs. */
function elements(html: string): Map<string, number> {
  const open: string[] = [];
  const counts = new Map<string, number>();
  const withoutText = html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '<$1></$1>').replace('<!doctype html>', '');
  for (const [, closing, name = '', selfClosing] of withoutText.matchAll(/<(\/?)([a-z0-9]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (closing) expect(open.pop(), `</${name}>`).toBe(name);
    else counts.set(name, (counts.get(name) ?? 0) + 1);
    if (!closing && !selfClosing && name !== 'meta') open.push(name);
  }
  expect(open).toEqual([]);
  // Nothing that looks like a tag was passed over.
  expect(withoutText.replaceAll(/<\/?[a-z0-9]+(?:\s[^<>]*?)?\/?>/g, '')).not.toMatch(/[<>]/);
  return counts;
}

async function run(out: string, name: string, more: object = {}): Promise<void> {
  const environment = new NativeVectorEnvironment({ name, count: 8, key: 1 });
  const discrete = name.startsWith('CartPole');
  const model = Model.create('SharedActorCritic', {
    observationSpaceSize: environment.observationSpace.size,
    actionSpaceSize: discrete ? 2 : 1,
    discrete,
    architecture: [8],
    key: 2,
  });
  const trainer = new PPO({
    model,
    environment,
    key: 3,
    horizon: 32,
    targetKl: 0.5,
    clipRatio: { from: 0.2, to: 0.1 },
  });
  const evaluate = async () => ({ meanReturn: 12.5, standardError: 1, returns: [1], lengths: [1] });
  await trainRun(trainer, { folder: out, steps: 20 * 256, evaluate, about: { seed: 42, note: '<b>&"' }, ...more });
}

describe('a report', () => {
  it('is one whole page that loads nothing', async () => {
    const out = path.join(folder, 'CartPole');
    await run(out, 'CartPole-v1');
    const file = await writeReport(out);
    expect(file).toBe(path.join(out, 'report.html'));
    const html = readFileSync(file, 'utf8');
    const counts = elements(html);
    // Return and twelve metrics less the entropy coefficient, which is constant; two bars in one chart of actions.
    expect(counts.get('polyline')).toBe(12);
    expect(counts.get('figure')).toBe(13);
    expect(counts.get('rect')).toBe(2);
    expect(counts.get('script')).toBe(1);
    expect(html).not.toMatch(/\b(src|href)=|@import|url\(|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
    expect(html).toContain('prefers-color-scheme: dark');
    for (const words of [
      'SharedActorCritic on CartPole-v1',
      'finished',
      '12.5 ± 1',
      '>42<',
      'targetKl 0.5',
      '&lt;b&gt;&amp;&quot;',
    ]) {
      expect(html).toContain(words);
    }
    expect(html).toContain('<th scope="row">gamma</th><td><code>0.99</code></td>');
  });

  it('draws what was recorded', async () => {
    const out = path.join(folder, 'Pendulum');
    await run(out, 'Pendulum-v1');
    const html = readFileSync(await writeReport(out, path.join(folder, 'page.html')), 'utf8');
    elements(html);
    const records = readFileSync(path.join(out, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [, data = ''] = /aria-label="Entropy: [^"]*" data-points="([^"]*)"/.exec(html) ?? [];
    const points = JSON.parse(data) as [number, number, number, number][];
    expect(points.map(([x, y]) => [x, y])).toEqual(
      records.map(({ steps, entropy }) => [steps, Number(entropy.toPrecision(5))]),
    );
  });

  it('is there while a run goes on, and after it failed', async () => {
    const out = path.join(folder, 'failing');
    const record = async ({ metrics }: { metrics: { iteration: number } }) => {
      if (metrics.iteration === 2) expect(readFileSync(await writeReport(out), 'utf8')).toContain('not ended');
      if (metrics.iteration === 3) throw new Error('out of <patience>');
    };
    await expect(run(out, 'CartPole-v1', { loggers: [{ record }] })).rejects.toThrow('patience');
    const html = readFileSync(await writeReport(out), 'utf8');
    elements(html);
    expect(html).toContain('out of &lt;patience&gt;');
  });

  it('of nothing is an error', async () => {
    await expectRejection(writeReport(path.join(folder, 'nowhere')), 'IO', 'run.json');
    const out = path.join(folder, 'damaged');
    await run(out, 'CartPole-v1');
    writeFileSync(path.join(out, 'metrics.jsonl'), '{"steps":1}\n{\n');
    await expectRejection(writeReport(out), 'CORRUPT_FILE', 'line 2');
  });
});

describe('scales', () => {
  it.each([
    [0, 1, [0, 0.5, 1]],
    [-157, -12, [-200, -150, -100, -50, 0]],
    [3e-4, 3e-4, [2e-4, 3e-4, 4e-4]],
    [0, 0, [-1, -0.5, 0, 0.5, 1]],
  ])('from %f to %f', (low, high, ticks) => {
    const scale = scaleOf(low, high, 4);
    expect(scale.low).toBeLessThanOrEqual(low);
    expect(scale.high).toBeGreaterThanOrEqual(high);
    for (const tick of ticks) expect(scale.ticks.some((own) => Math.abs(own - tick) < 1e-12)).toBe(true);
    expect(scale.ticks.length).toBeLessThanOrEqual(7);
  });

  it.each([
    [0, '0'],
    [-156.81219, '−156.8'],
    [45_678, '45.68k'],
    [4547, '4547'],
    [1_200_000, '1.2M'],
    [-6.92e-4, '−6.92e−4'],
    [1e-5, '1e−5'],
    [Number.NaN, '–'],
    [null, '–'],
  ])('%s is written as %s', (value, text) => {
    expect(format(value)).toBe(text);
  });
});

describe('lines', () => {
  it('of few points are as they are, without the holes', () => {
    expect(
      thin([
        { x: 1, y: 2 },
        { x: 2, y: null },
        { x: 3, y: 4 },
      ]),
    ).toEqual([
      { x: 1, y: 2, low: 2, high: 2 },
      { x: 3, y: 4, low: 4, high: 4 },
    ]);
  });

  it('of many points keep mean, least and greatest of each group', () => {
    const points = Array.from({ length: 100_000 }, (_, x) => ({ x, y: x % 2 ? x : -x }));
    const thinned = thin(points);
    expect(thinned.length).toBeLessThanOrEqual(300);
    expect(thinned.at(-1)).toMatchObject({ x: 99_999, high: 99_999, low: -99_998 });
    expect(elements(lineChart({ title: 'a', note: '', points: thinned }, 1e5)).get('polygon')).toBe(1);
  });

  it('that are empty say so', () => {
    expect(lineChart({ title: 'a', note: '', points: [] }, 10)).toContain('nothing was recorded');
  });
});

it('bars are as tall as what they count', () => {
  const svg = barChart({ title: 'a', low: 0, high: 4, counts: [0, 1, 2, 1], discrete: true });
  const heights = [...svg.matchAll(/<rect[^>]* height="([\d.]+)"/g)].map(([, height]) => Number(height));
  expect(heights).toEqual([0, 49, 98, 49]);
  expect(svg).toContain('<title>action 2: 50.0 %</title>');
});
