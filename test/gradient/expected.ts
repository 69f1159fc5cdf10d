// What the oracle says of a case, and how far the native core is from it.
import { sizeOf } from '../../lib/tensor/shape.js';
import { Oracle } from '../reference/oracle.js';
import { generator } from '../support/numbers.js';
import type { Case } from './case.js';
import { accepted, type Deviation, row, worst } from './deviation.js';
import type { NativeResults } from './native.js';
import { stepDeviations } from './steps.js';

/** Derivatives of the loss along directions: of all numbers of an array, one by one, or of random mixtures of them. */
interface Derivatives {
  name: string;
  along: Direction[];
  values: number[];
}

/** Places in an array, and how far each moves. */
type Direction = readonly (readonly [place: number, step: number])[];

export interface Expected {
  rows: { outputs: number[][]; value: number; logProb: number; entropy: number }[];
  parameters: Derivatives[];
  observation: Derivatives;
}

function singly(first: number, count: number): Direction[] {
  return Array.from({ length: count }, (_, i) => [[first + i, 1]]);
}

function mixture(first: number, count: number, next: () => number): Direction {
  return Array.from({ length: count }, (_, i) => [first + i, next() < 0.5 ? -1 : 1]);
}

/** Central differences; the step balances the error of the formula, h², with that of rounding, 1e-16 / h. */
const h = 1e-5;

function difference(array: Float64Array, direction: Direction, loss: () => number): number {
  const before = direction.map(([place]) => array[place] as number);
  const lossAt = (t: number): number => {
    direction.forEach(([place, step], k) => {
      array[place] = (before[k] as number) + t * step;
    });
    return loss();
  };
  const [above, below] = [lossAt(h), lossAt(-h)];
  lossAt(0);
  return (above - below) / (2 * h);
}

export function expectedOf(c: Case): Expected {
  const oracle = new Oracle(c.program);
  const arena = Float64Array.from(c.arena);
  const observation = Float64Array.from(c.observation);
  const width = c.program.widths[0] as number;
  const [latentWidth, maskWidth] = [c.latent.length / c.rows, (c.mask?.length ?? 0) / c.rows];
  const evaluate = (r: number) =>
    oracle.evaluate(
      arena,
      row(observation, r, width),
      row(c.latent, r, latentWidth),
      c.mask ? row(c.mask, r, maskWidth) : undefined,
    );
  const lossOf = (r: number): number => {
    const { logProb, entropy, value } = evaluate(r);
    const [a, b, d] = [c.dLogProb[r], c.dEntropy[r], c.dValue[r]] as [number, number, number];
    return a * logProb + b * entropy + d * value;
  };
  const loss = (): number => {
    let sum = 0;
    for (let r = 0; r < c.rows; r++) sum += lossOf(r);
    return sum;
  };
  const next = generator(1);
  const directions = (first: number, count: number): Direction[] =>
    c.mixtures ? Array.from({ length: c.mixtures }, () => mixture(first, count, next)) : singly(first, count);
  const rows = Array.from({ length: c.rows }, (_, r) => r);
  // A row of the observation moves the loss of that row alone.
  const ofRows = rows.flatMap((r) => directions(r * width, width).map((direction) => ({ r, direction })));
  return {
    rows: rows.map(evaluate),
    parameters: c.program.parameters.map(({ name, shape, offset }) => {
      const along = directions(offset, sizeOf(shape));
      return { name, along, values: along.map((direction) => difference(arena, direction, loss)) };
    }),
    observation: {
      name: 'observation',
      along: ofRows.map(({ direction }) => direction),
      values: ofRows.map(({ r, direction }) => difference(observation, direction, () => lossOf(r))),
    },
  };
}

/** Everything a run of the native core gave, against the oracle; the largest error of each quantity over its tolerance. */
export function deviations(c: Case, expected: Expected, actual: NativeResults): Deviation[] {
  const values = (what: string, got: ArrayLike<number>, want: ArrayLike<number>): Deviation => ({
    what,
    error: worst(got, want, (b) => accepted.value * (1 + Math.abs(b))),
  });
  const rows = (pick: (r: Expected['rows'][number]) => number | number[]) => expected.rows.flatMap(pick);
  const { evaluated } = actual;
  // Rounding errors of a gradient are those of the sums it came from: small where all are, not where one happens to be.
  const typical = rms([...expected.parameters, expected.observation].flatMap(({ values: v }) => v));
  const gradients = ({ name, along, values: want }: Derivatives, got: Float32Array): Deviation => {
    const scale = Math.max(rms(want), 1e-2 * typical);
    const moved = along.map((direction) => direction.reduce((sum, [i, step]) => sum + step * (got[i] as number), 0));
    return { what: `gradient of ${name}`, error: worst(moved, want, (b) => accepted.gradient * (scale + Math.abs(b))) };
  };
  return [
    ...actual.outputs.map((output, k) =>
      values(
        `input ${k} of the head`,
        output,
        rows(({ outputs }) => outputs[k] ?? []),
      ),
    ),
    values(
      'value',
      actual.value,
      rows(({ value }) => value),
    ),
    values(
      'value of evaluate',
      evaluated.value,
      rows(({ value }) => value),
    ),
    values(
      'log-probability',
      evaluated.logProb,
      rows(({ logProb }) => logProb),
    ),
    values(
      'entropy',
      evaluated.entropy,
      rows(({ entropy }) => entropy),
    ),
    ...expected.parameters.map((derivatives) => gradients(derivatives, actual.gradients)),
    gradients(expected.observation, actual.dObservation),
    {
      what: 'gradients without that of the observation',
      error: worst(actual.gradientsAlone, actual.gradients, () => 0),
    },
    { what: 'gaps of the arena', error: worst(gapsOf(c, actual.gradients), [], () => 0) },
    ...stepDeviations(c, actual),
  ];
}

/** Numbers between the parameters. */
function gapsOf({ program }: Case, gradients: Float32Array): number[] {
  const rest = Float32Array.from(gradients);
  for (const { shape, offset } of program.parameters) rest.fill(0, offset, offset + shape.reduce((a, b) => a * b, 1));
  return [...rest.filter((x) => x !== 0)];
}

function rms(values: number[]): number {
  return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / Math.max(1, values.length));
}
