// The distributions of lerax: densities, modes, entropies and gradients, from the parameters in the file.
import { addon } from '../../lib/addon/load.js';
import { cast, type NdArray, zeros } from '../../lib/bijectors/array.js';
import { Bernoulli } from '../../lib/distributions/bernoulli.js';
import { Categorical } from '../../lib/distributions/categorical.js';
import type { IntArray } from '../../lib/distributions/distribution.js';
import { MultiCategorical } from '../../lib/distributions/multi-categorical.js';
import { MultivariateNormalDiag } from '../../lib/distributions/multivariate-normal-diag.js';
import { applyAll } from '../../lib/distributions/native-function.js';
import { Normal } from '../../lib/distributions/normal.js';
import { SquashedMultivariateNormalDiag, SquashedNormal } from '../../lib/distributions/squashed-normal.js';
import { type Comparison, relativeError, same, tolerance } from './compare.js';
import { isObject, numbers } from './format.js';

type Numbers = number | boolean | string | readonly Numbers[];
type Nested = { [key: string]: Numbers | Nested };

interface Case {
  distribution: string;
  params: Record<string, Numbers>;
  mask?: Numbers;
  /** Choices of each part of a MultiCategorical. */
  action_dims?: number[];
  values: { value: Numbers; log_prob: Numbers; prob: Numbers }[];
  entropy: Numbers;
  [quantity: string]: unknown;
}

/** What one case gives by quantity, and for each of its values. */
interface Results {
  whole: Record<string, NdArray | IntArray>;
  values: { log_prob: NdArray; prob: NdArray }[];
}

/** Inputs as the distribution reads them: of one precision, perhaps moved a little. */
type Read = (value: Numbers) => NdArray;

function shapeOf(value: Numbers): number[] {
  return Array.isArray(value) ? [value.length, ...(value.length > 0 ? shapeOf(value[0]) : [])] : [];
}

function flat(value: Numbers): Float64Array {
  return numbers({ shape: [], dtype: 'float64', data: [value].flat(8) as (number | boolean | string)[] });
}

/** Bits and masks, in the precision of an array: nothing to round. */
function exactly(value: Numbers, like: NdArray): NdArray {
  return cast({ data: flat(value), shape: shapeOf(value) }, like);
}

const bits = (value: Numbers): IntArray => ({ data: Int32Array.from(flat(value)), shape: shapeOf(value) });

function results<Value>(
  entry: Case,
  dist: { logProb(value: Value): NdArray; prob(value: Value): NdArray; mode(): NdArray | IntArray },
  read: (value: Numbers) => Value,
  more: Record<string, NdArray | IntArray>,
): Results {
  const values = entry.values.map(({ value }) => ({
    log_prob: dist.logProb(read(value)),
    prob: dist.prob(read(value)),
  }));
  return { whole: { mode: dist.mode(), ...more }, values };
}

/** Gradients of the log-density of numbers with respect to mean and standard deviation. */
function normalGradients(x: NdArray, { loc, scale: std }: Normal, scale: string): Record<string, NdArray> {
  const [, dx, dStd] = applyAll('gaussian_log_prob', 3, x, loc, std) as [NdArray, NdArray, NdArray];
  return {
    'grad_log_prob_of_first_value/loc': { ...dx, data: dx.data.map((d) => -d) as NdArray['data'] },
    [`grad_log_prob_of_first_value/${scale}`]: dStd,
  };
}

function normalResults(entry: Case, read: Read, dist: Normal | MultivariateNormalDiag, scale: string): Results {
  const normal = dist instanceof Normal ? dist : dist.elements;
  const dEntropy = { ...normal.scale, data: normal.scale.data.map((s) => 1 / s) as NdArray['data'] };
  return results(entry, dist, read, {
    entropy: dist.entropy(),
    ...normalGradients(read(entry.values[0]?.value as Numbers), normal, scale),
    'grad_entropy/loc': zeros(normal.loc.shape, normal.loc),
    [`grad_entropy/${scale}`]: dEntropy,
  });
}

function squashedResults(
  entry: Case,
  read: Read,
  dist: SquashedNormal | SquashedMultivariateNormalDiag,
  scale: string,
): Results {
  const base = dist.distribution as Normal | MultivariateNormalDiag;
  const first = dist.bijector.inverse(read(entry.values[0]?.value as Numbers));
  return results(entry, dist, read, normalGradients(first, base instanceof Normal ? base : base.elements, scale));
}

function categoricalGradient(dist: Categorical, choice: number, dLogProb: number, dEntropy: number): NdArray {
  const { logits, numCategories } = dist;
  const result = zeros(logits.shape, logits);
  const one = (x: number) => zeros([1], logits).data.fill(x);
  addon().categoricalGradient(
    numCategories,
    logits.data,
    Int32Array.of(choice),
    one(dLogProb),
    one(dEntropy),
    result.data,
  );
  return result;
}

function join(parts: readonly NdArray[]): NdArray {
  const all = zeros([parts.reduce((sum, { data }) => sum + data.length, 0)], parts[0] as NdArray);
  let at = 0;
  for (const { data } of parts) {
    all.data.set(data, at);
    at += data.length;
  }
  return all;
}

/** One categorical, or several side by side. */
function choiceResults(entry: Case, dist: Categorical | MultiCategorical, components: readonly Categorical[]): Results {
  const first = bits(entry.values[0]?.value as Numbers).data;
  const gradient = (dLogProb: number, dEntropy: number): NdArray =>
    join(components.map((part, c) => categoricalGradient(part, first[c] as number, dLogProb, dEntropy)));
  return results(entry, dist, bits, {
    entropy: dist.entropy(),
    logits: dist.logits,
    probs: dist.probs,
    'grad_log_prob_of_first_value/logits': gradient(1, 0),
    'grad_entropy/logits': gradient(0, 1),
  });
}

function bernoulliResults(entry: Case, dist: Bernoulli): Results {
  const first = exactly(entry.values[0]?.value as Numbers, dist.logits);
  const [one, zero] = [exactly(1, first), exactly(0, first)];
  const gradient = (dLogProb: NdArray, dEntropy: NdArray): NdArray =>
    applyAll('bernoulli_gradient', 1, dist.logits, first, dLogProb, dEntropy)[0] as NdArray;
  return results(entry, dist, bits, {
    entropy: dist.entropy(),
    logits: dist.logits,
    probs: dist.probs,
    'grad_log_prob_of_first_value/logits': gradient(one, zero),
    'grad_entropy/logits': gradient(zero, one),
  });
}

function inputs({ params, mask }: Case, read: Read): Record<string, NdArray> {
  const names: Record<string, string> = { scale_diag: 'scaleDiag' };
  const all = Object.entries(params).map(([name, value]) => [names[name] ?? name, read(value)]);
  return { ...Object.fromEntries(all), ...(mask !== undefined && { mask: exactly(mask, read(0)) }) };
}

const families: Record<string, (entry: Case, read: Read) => Results> = {
  Normal: (entry, read) => normalResults(entry, read, new Normal(inputs(entry, read)), 'scale'),
  MultivariateNormalDiag: (entry, read) =>
    normalResults(entry, read, new MultivariateNormalDiag(inputs(entry, read)), 'scale_diag'),
  SquashedNormal: (entry, read) => squashedResults(entry, read, new SquashedNormal(inputs(entry, read)), 'scale'),
  SquashedMultivariateNormalDiag: (entry, read) =>
    squashedResults(entry, read, new SquashedMultivariateNormalDiag(inputs(entry, read)), 'scale_diag'),
  Categorical: (entry, read) => {
    const dist = new Categorical(inputs(entry, read));
    return choiceResults(entry, dist, [dist]);
  },
  MultiCategorical: (entry, read) => {
    const sizes = [...(entry.action_dims as number[])];
    const dist = new MultiCategorical({ ...(inputs(entry, read) as { logits: NdArray }), sizes });
    return choiceResults(entry, dist, dist.components);
  },
  Bernoulli: (entry, read) => bernoulliResults(entry, new Bernoulli(inputs(entry, read))),
};

/** Results as one list of named numbers. */
function named({ whole, values }: Results): Map<string, ArrayLike<number>> {
  const all = Object.entries(whole).map(([name, { data }]): [string, ArrayLike<number>] => [name, data]);
  values.forEach(({ log_prob, prob }, i) => {
    all.push([`values/${i}/log_prob`, log_prob.data], [`values/${i}/prob`, prob.data]);
  });
  return new Map(all);
}

/** Quantities of a case that the file gives, by path; those of its inputs are not among them. */
function expected(entry: Case): Map<string, Numbers> {
  const { distribution: _, params: __, mask: ___, action_dims: ____, values, ...rest } = entry;
  const visit = (value: unknown, path: string): [string, Numbers][] =>
    isObject(value)
      ? Object.entries(value as Nested).flatMap(([key, child]) => visit(child, path === '' ? key : `${path}/${key}`))
      : [[path, value as Numbers]];
  const perValue = values.flatMap(({ value: _, ...results }, i) => visit(results, `values/${i}`));
  return new Map([...visit(rest, ''), ...perValue]);
}

/** Lerax has no entropy of squashed distributions; ours is tested against samples. */
const absent = 'not implemented';

/** Roundings that the reference's own arithmetic adds to that of an input: it subtracts, divides and takes a logarithm. */
const roundings = 4;

export function checkLeraxDistributions(json: unknown): Comparison[] {
  const { kind, cases, meta } = json as { kind: string; cases: Case[]; meta: Record<string, unknown> };
  const double = { ...meta }.dtype === 'float64'; // the rest says where the numbers come from
  const unit = roundings * 2 ** (double ? -53 : -24);
  const reader =
    (single: boolean, target?: Numbers, by = 1): Read =>
    (value) => {
      const data = flat(value).map((x) => (double ? x : Math.fround(x)) * (value === target ? by : 1));
      return { data: single ? Float32Array.from(data) : data, shape: shapeOf(value) };
    };
  const compared = cases.flatMap((entry, i) => {
    const label = `${i} ${entry.distribution}`;
    const family = families[entry.distribution];
    if (!family) return [same(`${label}/distribution`, entry.distribution, Object.keys(families))];
    const run = (...how: Parameters<typeof reader>): ReturnType<typeof named> => named(family(entry, reader(...how)));
    const [exact, single] = [run(false), run(true)];
    // What an input moves by in its last place may move the result by more than is accepted: near a limit of a squash.
    const given = [...Object.values(entry.params), ...entry.values.map(({ value }) => value)];
    const moved = given.flatMap((input) => [run(false, input, 1 + unit), run(false, input, 1 - unit)]);
    const doubt = (name: string, k: number): number =>
      Math.max(0, ...moved.map((other) => difference(other.get(name)?.[k], exact.get(name)?.[k])));
    return [...expected(entry)].flatMap(([name, want]) => {
      if (want === absent) return [];
      const numbersWanted = flat(want);
      const accepted = name.startsWith('grad') ? tolerance.gradient : tolerance.value;
      return [exact, single].map((results): Comparison => {
        const full = `${label}/${name} ${results === exact ? 'float64' : 'float32'}`;
        const got = results.get(name);
        if (got?.length !== numbersWanted.length) return same(full, got?.length ?? 'nothing computes it', want);
        const errors = Array.from(numbersWanted, (b, k) => relativeError(got[k] as number, b) - doubt(name, k));
        return { name: full, error: Math.max(0, ...errors), referenceError: Number.NaN, tolerance: accepted };
      });
    });
  });
  return [same('kind', kind, 'distributions'), ...compared];
}

function difference(a: number | undefined, b: number | undefined): number {
  const error = relativeError(a as number, b as number);
  return Number.isFinite(error) ? error : 0;
}
