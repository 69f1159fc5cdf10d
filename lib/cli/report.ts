// What `torsor train` says: a live line on a terminal, plain lines elsewhere, or JSON.
import type { Evaluation } from '../rollout/evaluate.js';
import type { TrainingMetrics } from '../training/metrics.js';

/** What is known at the start. */
export interface Setup {
  env: string;
  model: string;
  seed: number;
  steps: number;
  environments: number;
  device: string;
  simd: string;
  threads: number;
  parameters: number;
}

export interface Outcome {
  env: string;
  model: string;
  seed: number;
  steps: number;
  /** Of training. */
  seconds: number;
  /** Of the evaluation; null when training was interrupted and there was none. */
  meanReturn: number | null;
  standardError: number | null;
  episodes: number;
  interrupted: boolean;
  checkpoint: string;
  metrics: string;
}

export interface Reporter {
  start(setup: Setup): void;
  progress(metrics: TrainingMetrics, total: number): void;
  evaluation(result: Evaluation): void;
  done(outcome: Outcome): void;
}

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export function jsonReporter(output: Output): Reporter {
  const line = (event: string, fields: object): void => {
    output.write(`${JSON.stringify({ event, ...fields })}\n`);
  };
  return {
    start: (setup) => line('start', setup),
    progress: (metrics, total) => line('progress', { ...metrics, total }),
    evaluation: ({ meanReturn, standardError, returns }) =>
      line('evaluation', { meanReturn, standardError, episodes: returns.length }),
    done: ({ env, model, seed, steps, seconds, meanReturn, checkpoint, ...rest }) =>
      line('done', { env, model, seed, steps, seconds, meanReturn, checkpoint, ...rest }),
  };
}

/** Seconds between two lines where lines stay, and between two looks of the live line. */
const periods = { plain: 2, live: 0.1 };

export function textReporter(output: Output): Reporter {
  const live = output.isTTY === true;
  let last = Number.NEGATIVE_INFINITY;
  let shown = false;
  /** Erases the live line, so that what follows begins on a clean one. */
  const clear = (): void => {
    if (shown) output.write('\r\x1b[K');
    shown = false;
  };
  const say = (text: string): void => {
    clear();
    output.write(`${text}\n`);
  };
  return {
    start({ env, model, seed, steps, environments, device, simd, threads, parameters }) {
      say(
        `Training ${model} (${number(parameters)} parameters) on ${environments} × ${env} for ${number(steps)} steps, seed ${seed}`,
      );
      say(`Device ${device} (${simd}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`);
    },
    progress(metrics, total) {
      const due = metrics.seconds - last >= (live ? periods.live : periods.plain);
      const final = metrics.steps >= total;
      if (!due && !final) return;
      last = metrics.seconds;
      const text = progressLine(metrics, total);
      if (!live) return void output.write(`${text}\n`);
      output.write(`\r\x1b[K${text.slice(0, (output.columns || 80) - 1)}`);
      shown = true;
      if (final) output.write('\n');
      if (final) shown = false;
    },
    evaluation({ meanReturn, standardError, returns }) {
      say(
        `Evaluation over ${returns.length} episodes, deterministic: return ${meanReturn.toFixed(1)} ± ${standardError.toFixed(1)}`,
      );
    },
    done({ steps, seconds, interrupted, checkpoint, metrics }) {
      const rate = seconds > 0 ? `, ${number(steps / seconds)} steps/s` : '';
      say(`${interrupted ? 'Interrupted after' : 'Trained'} ${number(steps)} steps in ${seconds.toFixed(1)} s${rate}`);
      say(`Checkpoint  ${checkpoint}`);
      say(`Metrics     ${metrics}`);
    },
  };
}

function progressLine(m: TrainingMetrics, total: number): string {
  const share = Math.min(1, m.steps / total);
  const eta = (m.seconds / m.steps) * Math.max(0, total - m.steps);
  const meanReturn = Number.isNaN(m.meanReturn) ? '–' : m.meanReturn.toFixed(1);
  return [
    `${String(Math.floor(100 * share)).padStart(3)} %`,
    `${number(m.steps)} steps`,
    `${number(m.steps / m.seconds)}/s`,
    `return ${meanReturn}`,
    `KL ${m.approxKl.toFixed(4)}`,
    `ETA ${Math.ceil(eta)} s`,
  ].join('  ');
}

/** 1234567 as 1.23M, 45678 as 45.7k. */
function number(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  return value >= 1e4 ? `${(value / 1e3).toPrecision(3)}k` : String(Math.round(value));
}
