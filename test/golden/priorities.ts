// per: priorities of segments, draws from given Gumbel noise, weights, corrected advantages, and the schedule of beta.
import { addon, type Device } from '../../lib/addon/load.js';
import type { NativeDrawn } from '../../lib/addon/native-training.js';
import { valueAt } from '../../lib/training/schedule.js';
import { type Comparison, compare, comparePair, relativeError, same, tolerance } from './compare.js';
import { type FileArray, floats, ints, numbers, type Pair } from './format.js';

interface Case {
  matrix: string;
  alpha: number;
  beta: number;
  priority: Pair;
  probability: Pair;
  probability_sum: Pair;
  importance_weight: Pair;
  indices: FileArray;
  selected_advantage_normalized: Pair;
}

interface BetaAt {
  beta0: number;
  anneal: number | boolean;
  num_epochs: number;
  epoch: number;
  beta: number;
}

interface Golden {
  T: number;
  S: number;
  M: number;
  matrices: Record<string, FileArray>;
  gumbel: FileArray;
  cases: Case[];
  beta_schedule: BetaAt[];
}

export function checkPriorities(json: unknown, device: Device = 'cpu'): Comparison[] {
  const golden = json as Golden;
  return [
    ...golden.cases.flatMap((c, i) => checkCase(golden, c, i, device)),
    ...golden.beta_schedule.map((entry, i) => checkBeta(entry, i)),
  ];
}

function checkCase({ T, S, M, matrices, gumbel }: Golden, c: Case, i: number, device: Device): Comparison[] {
  const drawn: NativeDrawn = {
    priority: new Float32Array(S),
    probability: new Float32Array(S),
    weight: new Float32Array(S),
    segment: new Int32Array(M),
    corrected: new Float32Array(T * S),
  };
  // Gumbel noise is minus the logarithm of an exponential time.
  const wait = Float32Array.from(numbers(gumbel), (g) => Math.exp(-g));
  const advantage = floats(matrices[c.matrix] as FileArray);
  const { alpha, beta } = c;
  addon(device).drawSegments({ steps: T, segments: S, count: M, advantage, wait, alpha, beta }, drawn);
  const selected = Float32Array.from(
    { length: T * M },
    (_, k) => drawn.corrected[Math.floor(k / M) * S + (drawn.segment[k % M] as number)] as number,
  );
  const name = `case ${i} (${c.matrix}, alpha ${alpha}, beta ${beta})`;
  return [
    comparePair(`${name}/priority`, drawn.priority, c.priority, tolerance.value),
    comparePair(`${name}/probability`, drawn.probability, c.probability, tolerance.value),
    comparePair(`${name}/probability_sum`, sum(drawn.probability), c.probability_sum, tolerance.value),
    comparePair(`${name}/importance_weight`, drawn.weight, c.importance_weight, tolerance.value),
    same(`${name}/indices`, [...drawn.segment], [...ints(c.indices)]),
    comparePair(`${name}/selected advantage`, selected, c.selected_advantage_normalized, tolerance.value),
  ];
}

function sum(values: Float32Array): number {
  return Float64Array.from(values).reduce((a, b) => a + b, 0);
}

/** A ramp to 1, as `priorityBeta` has it by default. */
function checkBeta({ beta0, anneal, num_epochs, epoch, beta }: BetaAt, i: number): Comparison {
  const schedule = anneal ? { from: beta0, to: 1 } : beta0;
  const ours = valueAt('beta', schedule, epoch / num_epochs, (_, value) => value as number);
  const comparison = compare(`beta_schedule/${i}`, ours, beta, beta, tolerance.value);
  return { ...comparison, referenceError: relativeError(Math.fround(beta), beta) };
}
