// Settings that change over the course of training.
import { options as checkOptions, oneOf, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

const shapes = ['linear', 'cosine'] as const;
export const schedules = ['constant', ...shapes, 'adaptive'] as const;

/** What becomes of a learning rate: it stays, falls to 0 over the steps of a run, or follows the KL divergence. */
export type Schedule = (typeof schedules)[number];

/** From one value to another over the steps of a run, along a line (the default) or half a cosine. */
export interface Ramp {
  from: number;
  to: number;
  shape?: (typeof shapes)[number];
}

/** A number, a ramp, or a function of the share of a run that is done, in [0, 1). It is asked once for every iteration. */
export type Scheduled = number | Ramp | ((progress: number) => number);

/** What is left at `progress` in [0, 1] of something that falls from 1 to 0. */
export function factorAt(schedule: Schedule, progress: number): number {
  if (schedule === 'linear') return 1 - progress;
  return schedule === 'cosine' ? (1 + Math.cos(Math.PI * progress)) / 2 : 1;
}

type Check = (name: string, value: unknown) => number;

/** What the numbers of a setting may be: one that stays, and those it passes through. */
interface ScheduledCheck {
  constant: Check;
  passing: Check;
}

/** Throws unless `value` may be scheduled. Functions are checked when they are asked. */
export function checkScheduled(name: string, value: unknown, { constant, passing }: ScheduledCheck): void {
  if (typeof value === 'function') return;
  if (typeof value !== 'object' || value === null) return void constant(name, value);
  const { from, to, shape } = checkOptions(name, value, ['from', 'to', 'shape']);
  passing(`${name}.from`, from);
  // A ramp never arrives: progress stays below 1. So it may lead to 0 where 0 itself is refused.
  if (to !== 0) passing(`${name}.to`, to);
  if (from === to) constant(name, from);
  if (shape !== undefined) oneOf(`${name}.shape`, shape, shapes);
}

/** The value at `progress` in [0, 1); `check` says what a function may give. */
export function valueAt(name: string, scheduled: Scheduled, progress: number, check: Check): number {
  if (typeof scheduled === 'number') return scheduled;
  if (typeof scheduled === 'function') return check(`${name} at progress ${progress}`, scheduled(progress));
  const { from, to, shape = 'linear' } = scheduled;
  return to + (from - to) * factorAt(shape, progress);
}

/** What of the settings of a trainer says how its rate is annealed. */
export interface Annealing {
  anneal: Schedule;
  annealUpdates: number;
  epochs: number;
  minibatches: number;
}

/**
 * The rate of an update at `progress` in [0, 1) of a run, after `updates` steps of the optimiser; with `annealUpdates` the rates of all its steps,
 * as optax counts them.
 */
export function learningRates(
  { anneal, annealUpdates, epochs, minibatches }: Annealing,
  rate: number,
  progress: number,
  updates: number,
): number | Float32Array {
  if (annealUpdates === 0) return rate * factorAt(anneal, progress);
  return Float32Array.from(
    { length: epochs * minibatches },
    (_, k) => rate * factorAt(anneal, Math.min(1, (updates + k) / annealUpdates)),
  );
}

/** `anneal` as it holds: a learning rate that is scheduled by itself is not annealed too. */
export function resolveAnneal(anneal: Schedule | undefined, learningRate: Scheduled): Schedule {
  if (typeof learningRate === 'number') return oneOf('anneal', anneal === undefined ? 'linear' : anneal, schedules);
  if (anneal === undefined || anneal === 'constant') return 'constant';
  throw new TorsorError(
    'INVALID_ARGUMENT',
    `anneal: expected nothing beside a learningRate that is scheduled by itself, got ${show(anneal)}`,
  );
}
