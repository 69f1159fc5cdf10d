// The report of a run, in a real browser: drawn, within the window, readable in light and dark, and telling the number under the pointer.
/// <reference lib="dom" />
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { evaluatePolicy, Model, NativeVectorEnvironment, PPO, trainRun, writeReport } from '../../lib/index.js';
import { describeInBrowser } from './chromium.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-browser-'));
const run = path.join(folder, 'run <i>"&');
let address: string;

beforeAll(async () => {
  const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 8, key: 1 });
  const model = Model.create('SharedActorCritic', {
    ...{ observationSpaceSize: 3, actionSpaceSize: 1, architecture: [8], key: 2 },
    actionSpace: { type: 'box', kw: { low: -2, high: 2 } },
  });
  const trainer = new PPO({
    model,
    environment,
    key: 3,
    horizon: 64,
    targetKl: 0.5,
    clipRatio: { from: 0.2, to: 0.1 },
  });
  await trainRun(trainer, {
    ...{ folder: run, steps: 30 * 512, checkpointEvery: 10 * 512 },
    evaluate: () => evaluatePolicy(model, environment, { episodes: 8 }),
  });
  address = pathToFileURL(await writeReport(run)).href;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Relative luminance by WCAG 2, of a colour as getComputedStyle has it. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map(Number).map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, two: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(two)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Colours of text and lines, each with that of what lies behind. */
function colors(page: Page): Promise<{ what: string; color: string; behind: string }[]> {
  return page.evaluate(() => {
    const behind = (element: Element | null): string => {
      for (let at = element; at !== null; at = at.parentElement) {
        const { backgroundColor } = getComputedStyle(at);
        if (backgroundColor !== 'rgba(0, 0, 0, 0)') return backgroundColor;
      }
      return 'rgb(255, 255, 255)';
    };
    const of = (what: string, property: 'color' | 'fill' | 'stroke') => {
      const element = document.querySelector(what);
      if (element === null) throw new Error(`there is no ${what}`);
      return { what, color: getComputedStyle(element)[property], behind: behind(element) };
    };
    const text = ['h1', '.quiet', '.facts dt', '.facts dd', '.note', '.key', 'output', 'th', 'td code'];
    return [...text.map((what) => of(what, 'color')), of('.tick', 'fill'), of('.line', 'stroke'), of('.bar', 'fill')];
  });
}

describeInBrowser('a report in a browser', (visit) => {
  it('loads nothing but itself and complains of nothing', async () => {
    const { page, requests, problems } = await visit(address);
    expect(await page.title()).toBe('SharedActorCritic on Pendulum-v1');
    expect(await page.textContent('h1 + .quiet')).toBe(run);
    expect(requests).toEqual([address]);
    expect(problems).toEqual([]);
  });

  it('draws every chart over the steps of the run, within its frame', async () => {
    const { page } = await visit(address);
    const drawn = await page.$$eval('svg[data-points]', (svgs) =>
      svgs.map((svg) => {
        const line = (svg.querySelector('.line') as SVGGraphicsElement).getBBox();
        const inside = (element: Element) => {
          const [frame, box] = [svg.getBoundingClientRect(), element.getBoundingClientRect()];
          const [x, y] = [
            box.left >= frame.left && box.right <= frame.right,
            box.top >= frame.top && box.bottom <= frame.bottom,
          ];
          return x && y;
        };
        const outside = [...svg.querySelectorAll(':scope > *')].filter((element) => !inside(element));
        return { width: line.width, height: line.height, outside: outside.map(({ outerHTML }) => outerHTML) };
      }),
    );
    expect(drawn.length).toBeGreaterThan(8);
    for (const { width, outside } of drawn) {
      expect(outside).toEqual([]);
      expect(width).toBeGreaterThan(320); // of 410: the first iterations end no episode
    }
    expect(Math.max(...drawn.map(({ height }) => height))).toBeGreaterThan(100); // of 188; a setting may be constant
    const bars = await page.$$eval('.bar', (rects) => rects.map((rect) => rect.getBoundingClientRect().height));
    expect(Math.max(...bars)).toBeGreaterThan(80);
  });

  it.each([320, 768, 1440])('fits a window %d wide', async (width) => {
    const { page } = await visit(address);
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });

  it.each(['light', 'dark'] as const)('is readable in %s', async (colorScheme) => {
    const { page } = await visit(address);
    await page.emulateMedia({ colorScheme });
    const found = await colors(page);
    const page0 = luminance((found[0] as { behind: string }).behind);
    expect(colorScheme === 'dark' ? page0 < 0.05 : page0 > 0.9).toBe(true);
    // WCAG 2: 4.5 for text, 3 for graphics.
    for (const { what, color, behind } of found)
      expect(contrast(color, behind), `${what}: ${color} on ${behind}`).toBeGreaterThanOrEqual(
        ['.line', '.bar'].includes(what) ? 3 : 4.5,
      );
  });

  it('says the number under the pointer, as it was recorded, and the last one again', async () => {
    const { page } = await visit(address);
    const records = readFileSync(path.join(run, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const figure = page.locator('figure', { has: page.getByText('Value loss', { exact: true }) });
    const [svg, output] = [figure.locator('svg'), figure.locator('output')];
    const last = await output.textContent();
    await svg.hover();
    const [, value, step] = /^(\S+) at step (\S+)$/.exec((await output.textContent()) ?? '') ?? [];
    const record = records.find(({ steps }) => steps === Number(step?.replaceAll(',', '')));
    expect(Number(value?.replaceAll(',', '')) / record.valueLoss).toBeCloseTo(1, 3); // four digits
    expect(await svg.locator('.pointer').count()).toBe(1);
    await page.mouse.move(0, 0);
    expect(await output.textContent()).toBe(last);
  });
});
