// Charts as SVG: a line over steps, and bars of how often each action was taken. Colours are those of the page.

import { format, scaleOf } from './scale.js';
import type { Point } from './series.js';

export interface LineChart {
  title: string;
  /** What the number is, for those who do not know its name. */
  note: string;
  points: readonly Point[];
  /** Single results beside the line. */
  marks?: { name: string; points: readonly { x: number; y: number }[] };
  /** A level to compare with. */
  level?: { name: string; y: number };
}

const size = { width: 480, height: 230 };
const margin = { left: 56, right: 14, top: 12, bottom: 30 };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string);
}

/** A figure; steps from 0 to `steps` lie along it. */
export function lineChart({ title, note, points, marks, level }: LineChart, steps: number): string {
  const values = [...points.flatMap(({ low, high }) => [low, high]), ...(marks?.points ?? []).map(({ y }) => y)];
  if (level !== undefined) values.push(level.y);
  if (values.length === 0) return figure(title, note, '<p class="none">nothing was recorded</p>');
  const y = scaleOf(Math.min(...values), Math.max(...values), 4);
  const x = scaleOf(0, steps, 5, true);
  const [plotWidth, plotHeight] = [size.width - margin.left - margin.right, size.height - margin.top - margin.bottom];
  const atX = (value: number): number => margin.left + ((value - x.low) / (x.high - x.low)) * plotWidth;
  const atY = (value: number): number => margin.top + (1 - (value - y.low) / (y.high - y.low)) * plotHeight;
  const pair = (px: number, py: number): string => `${px.toFixed(1)},${py.toFixed(1)}`;
  const grid = y.ticks.map(
    (tick) =>
      `<line class="grid" x1="${margin.left}" x2="${size.width - margin.right}" y1="${atY(tick).toFixed(1)}" y2="${atY(tick).toFixed(1)}"/>` +
      `<text class="tick" x="${margin.left - 6}" y="${(atY(tick) + 4).toFixed(1)}" text-anchor="end">${format(tick)}</text>`,
  );
  const below = x.ticks.map(
    (tick) =>
      `<text class="tick" x="${atX(tick).toFixed(1)}" y="${size.height - 10}" text-anchor="middle">${format(tick)}</text>`,
  );
  const spread = points.some(({ low, high }) => high > low)
    ? `<polygon class="spread" points="${[
        ...points.map((p) => pair(atX(p.x), atY(p.high))),
        ...points.toReversed().map((p) => pair(atX(p.x), atY(p.low))),
      ].join(' ')}"/>`
    : '';
  const line = `<polyline class="line" points="${points.map((p) => pair(atX(p.x), atY(p.y))).join(' ')}"/>`;
  const dots = (marks?.points ?? []).map(
    (p) =>
      `<circle class="mark" cx="${atX(p.x).toFixed(1)}" cy="${atY(p.y).toFixed(1)}" r="3.5"><title>${escapeHtml(marks?.name ?? '')} ${format(p.y)} at step ${format(p.x)}</title></circle>`,
  );
  const bound = level
    ? `<line class="level" x1="${margin.left}" x2="${size.width - margin.right}" y1="${atY(level.y).toFixed(1)}" y2="${atY(level.y).toFixed(1)}"/>` +
      `<text class="tick" x="${size.width - margin.right}" y="${(atY(level.y) - 4).toFixed(1)}" text-anchor="end">${escapeHtml(level.name)} ${format(level.y)}</text>`
    : '';
  const data = JSON.stringify(
    points.map((p) => [p.x, Number(p.y.toPrecision(5)), Number(atX(p.x).toFixed(1)), Number(atY(p.y).toFixed(1))]),
  );
  const last = points.at(-1);
  const label = `${title}: ${points.length} points, ${last ? `last ${format(last.y)}` : 'none'}`;
  const svg =
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeHtml(label)}" data-points="${escapeHtml(data)}">` +
    `${grid.join('')}${below.join('')}${spread}${bound}${line}${dots.join('')}</svg>`;
  const key = marks && marks.points.length > 0 ? `<span class="key">● ${escapeHtml(marks.name)}</span>` : '';
  return figure(title, note, svg, `<output>${last ? format(last.y) : ''}</output>${key}`);
}

export interface BarChart {
  title: string;
  low: number;
  high: number;
  counts: readonly number[];
  /** One bar per choice, named by its number; otherwise the bars are bins from `low` to `high`. */
  discrete: boolean;
}

/** A figure of shares. */
export function barChart({ title, low, high, counts, discrete }: BarChart): string {
  const [width, height, bottom] = [240, 120, 18];
  const total = counts.reduce((sum, n) => sum + n, 0) || 1;
  const most = Math.max(...counts, 1);
  const step = width / counts.length;
  const end = (k: number): number => low + ((high - low) * k) / counts.length;
  const bars = counts.map((n, k) => {
    const tall = ((height - bottom - 4) * n) / most;
    const name = discrete ? `action ${k}` : `${format(end(k))} to ${format(end(k + 1))}`;
    return (
      `<rect class="bar" x="${(k * step + 1).toFixed(1)}" width="${Math.max(1, step - 2).toFixed(1)}" y="${(height - bottom - tall).toFixed(1)}" height="${tall.toFixed(1)}">` +
      `<title>${name}: ${((100 * n) / total).toFixed(1)} %</title></rect>`
    );
  });
  const tick = (at: number, text: string, anchor: string): string =>
    `<text class="tick" x="${at.toFixed(1)}" y="${height - 4}" text-anchor="${anchor}">${text}</text>`;
  // Numbers of many choices would run into each other.
  const ticks =
    discrete && counts.length <= 12
      ? counts.map((_, k) => tick((k + 0.5) * step, String(k), 'middle'))
      : [tick(0, format(low), 'start'), tick(width, format(discrete ? high - 1 : high), 'end')];
  const svg = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${bars.join('')}${ticks.join('')}</svg>`;
  return figure(title, '', svg);
}

function figure(title: string, note: string, content: string, beside = ''): string {
  const head = `<figcaption><b>${escapeHtml(title)}</b>${beside}${note ? `<span class="note">${escapeHtml(note)}</span>` : ''}</figcaption>`;
  return `<figure>${head}${content}</figure>`;
}
