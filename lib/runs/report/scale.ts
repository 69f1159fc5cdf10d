// Axes: round numbers to put ticks at, and how numbers are written beside them.

/** A range and the ticks in it. */
export interface Scale {
  low: number;
  high: number;
  ticks: number[];
}

/** The range from `low` to `high`, widened to a tick at each end unless `exact`; about `count` ticks at 1, 2 or 5 times a power of ten. */
export function scaleOf(low: number, high: number, count: number, exact = false): Scale {
  // A constant gets room on both sides; by its own size, so that it is seen as one.
  const room = high > low ? 0 : Math.abs(high) / 2 || 1;
  const [from, to] = [low - room, high + room];
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const [first, last] = exact
    ? [Math.ceil(from / step), Math.floor(to / step)]
    : [Math.floor(from / step), Math.ceil(to / step)];
  // Multiples rather than sums, which would gather rounding errors.
  const ticks = Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
  return exact ? { low: from, high: to, ticks } : { low: ticks[0] as number, high: ticks.at(-1) as number, ticks };
}

const suffixes = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** Four significant digits at most; 45.6k, 1.2M, 3e-5. A true minus sign. */
export function format(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const [unit, suffix] = suffixes.find(([least]) => size >= 10 * least || (size >= least && least > 1e3)) ?? [1, ''];
  const small = size > 0 && size < 1e-3;
  const text = small
    ? value.toExponential(2).replace(/\.?0+e/, 'e')
    : `${Number((value / unit).toPrecision(4))}${suffix}`;
  return text.replaceAll('-', '−');
}
