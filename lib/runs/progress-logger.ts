// Says how a run goes: one line with a bar on a terminal, plain lines elsewhere.
import type { TrainingMetrics } from '../training/metrics.js';
import type { Logger, RunOutcome, RunRecord, RunStart } from './logger.js';

/** Where it is said, `process.stdout` for one. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** Seconds between two lines where lines stay, and between two looks of the live line. */
const periods = { plain: 2, live: 0.1 };
/** Characters of the bar; it goes where there is no room for this many. */
const bar = { least: 8, most: 30 };

/**
 * On a terminal one line with a bar, which moves at most ten times a second; elsewhere a line at most every 2 seconds: steps, steps per second, mean
 * return, KL divergence, and the time that is left.
 */
export class ProgressLogger implements Logger {
  readonly #output: Output;
  #start: RunStart | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #shown = false;

  constructor(output: Output = process.stdout) {
    this.#output = output;
  }

  begin(start: RunStart): void {
    this.#start = start;
    const { model, environment, steps, device, simd, threads, about } = start.info;
    const seed = about.seed === undefined ? '' : `, seed ${about.seed}`;
    const verb = start.steps > 0 ? `From step ${number(start.steps)} on, training` : 'Training';
    this.say(
      `${verb} ${model.type} (${number(model.parameters)} parameters) on ${environment.count} × ${environment.name} for ${number(steps)} steps${seed}`,
    );
    this.say(`Device ${device} (${simd}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`);
  }

  record({ metrics }: RunRecord): void {
    const total = this.#start?.info.steps ?? metrics.steps;
    const live = this.#output.isTTY === true;
    const final = metrics.steps >= total;
    if (metrics.seconds - this.#last < (live ? periods.live : periods.plain) && !final) return;
    this.#last = metrics.seconds;
    const parts = progressParts(metrics, total, this.#start);
    if (!live) return void this.#output.write(`${parts.join('  ')}\n`);
    const room = (this.#output.columns || 80) - 1;
    this.#output.write(`\r\x1b[K${fitted(parts, metrics.steps / total, room)}${final ? '\n' : ''}`);
    this.#shown = !final;
  }

  end({ status, steps, seconds, best }: RunOutcome): void {
    const done = steps - (this.#start?.steps ?? 0);
    const took = seconds - (this.#start?.seconds ?? 0);
    const rate = took > 0 ? `, ${number(done / took)} steps/s` : '';
    const verb = { finished: 'Trained', interrupted: 'Interrupted after', failed: 'Failed after' }[status];
    this.say(`${verb} ${number(steps)} steps in ${duration(seconds)}${rate}`);
    if (best === null) return;
    const of = best.by === 'evaluation' ? 'evaluation' : 'the last episodes';
    this.say(`Best mean return of ${of}: ${best.score.toFixed(1)}, at step ${number(best.steps)}`);
  }

  /** Writes a line of its own: a live line makes way for it. */
  say(text: string): void {
    if (this.#shown) this.#output.write('\r\x1b[K');
    this.#shown = false;
    this.#output.write(`${text}\n`);
  }
}

/** Share done, steps, steps per second of this session, return, divergence, time left. */
function progressParts(m: TrainingMetrics, total: number, start: RunStart | undefined): string[] {
  const rate = (m.steps - (start?.steps ?? 0)) / (m.seconds - (start?.seconds ?? 0));
  const meanReturn = Number.isNaN(m.meanReturn) ? '–' : m.meanReturn.toFixed(1);
  return [
    `${String(Math.floor(100 * Math.min(1, m.steps / total))).padStart(3)} %`,
    `${number(m.steps)} steps`,
    `${number(rate)}/s`,
    `return ${meanReturn}`,
    `KL ${m.approxKl.toFixed(4)}`,
    `ETA ${duration(Math.ceil(Math.max(0, total - m.steps) / rate))}`,
  ];
}

/** Places of parts that go where there is no room for all, the first one first; percentage and time left stay. */
const leastNeeded = [4, 2, 1, 3];

/** The bar stands behind the percentage, where there is room for all. */
function fitted(parts: readonly string[], share: number, room: number): string {
  const text = parts.join('  ');
  const width = Math.min(bar.most, room - text.length - 2);
  if (width >= bar.least) {
    const full = Math.min(width, Math.floor(width * share));
    return `${text.slice(0, 5)}  ${'█'.repeat(full)}${'░'.repeat(width - full)}${text.slice(5)}`;
  }
  for (let gone = 0; gone < leastNeeded.length; gone++) {
    const left = parts.filter((_, k) => !leastNeeded.slice(0, gone).includes(k)).join('  ');
    if (left.length <= room) return left;
  }
  return [parts[0], parts.at(-1)].join('  ').slice(0, room);
}

/** 1234567 as 1.23M, 45678 as 45.7k. */
function number(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  return value >= 1e4 ? `${(value / 1e3).toPrecision(3)}k` : String(Math.round(value));
}

/** Seconds as 12.3 s, 4 min 05 s or 3 h 07 min. */
function duration(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 60) return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two((seconds % 3600) / 60)} min`;
}
