// What a neural differential equation of lerax is made of: the spline through a window, and the tableaus of the solvers.
import { addon, type Device } from '../../lib/addon/load.js';
import { solvers } from '../../lib/graph/solvers.js';
import { type Comparison, same, worst } from './compare.js';

interface SplineCase {
  /** null in empty places, which come last. */
  ts: (number | null)[];
  xs: (number | null)[][];
  filled_ts: number[];
  /** Polynomials d s³ + c s² + b s + a, [d, c, b, a][interval][channel]; meaningless behind the last point. */
  coefficients_dcba: number[][][];
  query_t: number[];
  value: number[][];
  derivative: number[][];
}

/** The file was computed in float32, and so are the numbers in it. */
const rounding = { value: 2e-6, coefficient: 2e-5 };

/** The derivative is that of the native core; values are its integrals, which Simpson's rule gives exactly. */
export function checkSpline(json: unknown, device: Device = 'cpu'): Comparison[] {
  const { kind, note, cases, meta } = json as { kind: string; note: string; cases: SplineCase[]; meta: object };
  JSON.stringify([kind, note, meta]);
  const native = addon(device);
  const at = <T>(list: readonly T[], i: number): T => list[i] as T;
  return cases.flatMap((c, index) => {
    const times = c.ts.filter((t): t is number => t !== null);
    const points = c.xs.slice(0, times.length) as number[][];
    const channels = at(points, 0).length;
    const slope = (i: number, j: number): number =>
      (at(at(points, i + 1), j) - at(at(points, i), j)) / (at(times, i + 1) - at(times, i));
    const derivative = (i: number, j: number, share: number): number => {
      if (times.length === 1) return 0;
      const result = new Float64Array(1);
      const inputs = [share, slope(Math.max(i - 1, 0), j), slope(i, j)].map((x) => Float64Array.of(x));
      native.apply('hermite_slope', inputs, [result]);
      return at([...result], 0);
    };
    const interval = (t: number): number => Math.max(times.filter((knot) => knot < t).length - 1, 0);
    const share = (i: number, t: number): number => (t - at(times, i)) / (at(times, i + 1) - at(times, i));
    const value = (i: number, j: number, t: number): number => {
      const [s, end] = [t - at(times, i), share(i, t)];
      if (times.length === 1) return at(at(points, 0), j);
      const [a, b, d] = [0, end / 2, end].map((part) => derivative(i, j, part)) as [number, number, number];
      return at(at(points, i), j) + (s / 6) * (a + 4 * b + d);
    };
    const queries = (f: (i: number, j: number, t: number) => number): number[] =>
      c.query_t.flatMap((t) => Array.from({ length: channels }, (_, j) => f(interval(t), j, t)));
    const intervals = Array.from({ length: times.length - 1 }, (_, i) => i);
    const coefficients = (order: number): number[] =>
      intervals.flatMap((i) =>
        Array.from({ length: channels }, (_, j) => {
          const h = at(times, i + 1) - at(times, i);
          const [a, b, d] = [0, 0.5, 1].map((part) => derivative(i, j, part)) as [number, number, number];
          // X' = a + u s + v s², which has the value b half way and d at the end.
          const [u, v] = [(4 * b - 3 * a - d) / h, (2 * a - 4 * b + 2 * d) / h ** 2];
          return at([v / 3, u / 2, a, at(at(points, i), j)], order);
        }),
      );
    const file = (order: number): number[] => at(c.coefficients_dcba, order).slice(0, intervals.length).flat();
    const compared = (name: string, actual: number[], expected: number[], tolerance: number): Comparison => ({
      name: `${index}/${name}`,
      error: worst(actual, expected),
      referenceError: Number.NaN,
      tolerance,
    });
    return [
      compared('times', times, c.filled_ts.slice(0, times.length), 0),
      compared(
        'derivative',
        queries((i, j, t) => derivative(i, j, times.length > 1 ? share(i, t) : 0)),
        c.derivative.flat(),
        rounding.value,
      ),
      compared('value', queries(value), c.value.flat(), rounding.value),
      ...['d', 'c', 'b', 'a'].map((name, order) =>
        compared(`coefficient ${name}`, coefficients(order), file(order), rounding.coefficient),
      ),
    ];
  });
}

interface TableauOfFile {
  order_used_by_controller: number | null;
  stages: number;
  fsal: boolean;
  ssal: boolean;
  c: number[];
  a_lower: number[][];
  b_solution: number[];
  b_error: number[] | null;
}

export function checkTableaus(json: unknown, device: Device = 'cpu'): Comparison[] {
  const file = json as { kind: string; note: string; solvers: Record<string, TableauOfFile> };
  JSON.stringify([file.kind, file.note]);
  const { solvers: published } = addon(device).vocabulary;
  return [
    same(
      'names/published',
      published.map(({ name }) => name),
      [...solvers],
    ),
    ...Object.entries(file.solvers).flatMap(([name, tableau]) => {
      const native = published.find((solver) => solver.name === name.toLowerCase());
      if (native === undefined) return [same(`${name}/exists`, false, true)];
      const { stages } = tableau;
      const rows = [tableau.c, tableau.b_solution, tableau.b_error ?? tableau.c.map(() => 0), tableau.a_lower.flat()];
      const numbers = (from: number, count: number): number[] => native.numbers.slice(from, from + count);
      return [
        same(`${name}/stages`, native.stages, stages),
        same(`${name}/order`, native.estimatesError ? native.order : null, tableau.order_used_by_controller),
        // Where the last stage is the first of the next step, it is taken at the result.
        same(`${name}/last stage`, [native.lastIsFirst, native.lastIsFirst], [tableau.fsal, tableau.ssal]),
        ...['c', 'b', 'e', 'a'].map((which, k) => ({
          name: `${name}/${which}`,
          error: worst(numbers(k * stages, (rows[k] as number[]).length), rows[k] as number[]),
          referenceError: Number.NaN,
          tolerance: 1e-15,
        })),
      ];
    }),
  ];
}
