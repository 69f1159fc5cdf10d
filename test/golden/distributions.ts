// distributions.json: normal, categorical and transformed distributions, with gradients.
import { addon } from '../../lib/addon/load.js';
import { broadcastShapes, broadcastTo, combine, type NdArray, zeros } from '../../lib/bijectors/array.js';
import { Block } from '../../lib/bijectors/block.js';
import { Categorical } from '../../lib/distributions/categorical.js';
import type { IntArray } from '../../lib/distributions/distribution.js';
import { MultivariateNormalDiag } from '../../lib/distributions/multivariate-normal-diag.js';
import { Transformed } from '../../lib/distributions/transformed.js';
import { actionSpace } from './action-space-bijectors.js';
import { array } from './bijector-table.js';
import { type Comparison, comparePair, same, tolerance } from './compare.js';
import { type FileArray, ints, isPair } from './format.js';

type Results = Record<string, NdArray | IntArray | readonly number[] | number | string>;
interface Case {
  [input: string]: FileArray | null | object;
  out: Record<string, unknown>;
}

const gradientNames = /grad/;

/** The name of what cannot be told, where the reference has a NotImplementedError. */
function attempt(run: () => NdArray): NdArray | string {
  try {
    return run();
  } catch (error) {
    if ((error as { code?: string }).code === 'UNSUPPORTED') return 'NotImplementedError';
    throw error;
  }
}

/** Every leaf of `out` against the result of the same path, `a/b` for nested ones. */
function compareAll(
  name: string,
  out: Record<string, unknown>,
  results: Results,
  single: boolean,
  path = '',
): Comparison[] {
  return Object.keys(out).flatMap((key) => {
    const at = path + key;
    const label = `${name}/${at} ${single ? 'float32' : 'float64'}`;
    const [expected, actual] = [out[key], results[at]];
    if (isPair(expected)) {
      if (typeof actual !== 'object' || !('data' in actual))
        throw new Error(`${label}: nothing computes it, or ${actual}`);
      const accepted = gradientNames.test(at) ? tolerance.gradient : tolerance.value;
      return [
        same(`${label} shape`, actual.shape, (expected.f64 as FileArray).shape),
        comparePair(label, actual.data, expected, single ? accepted : 1e-10),
      ];
    }
    if (typeof expected === 'object' && expected !== null && 'dtype' in expected) {
      return [same(label, [...(actual as IntArray).data], [...ints(expected as FileArray)])];
    }
    if (typeof expected === 'object' && expected !== null && !Array.isArray(expected)) {
      return compareAll(name, expected as Record<string, unknown>, results, single, `${at}/`);
    }
    return [same(label, actual, expected)];
  });
}

const product = (a: NdArray, b: NdArray): NdArray => combine(a, b, (x, y) => x * y);

/** Sums what broadcasting had repeated. */
function reduceTo(gradient: NdArray, shape: readonly number[]): NdArray {
  const result = zeros(shape, gradient);
  const places = { data: Float64Array.from(result.data, (_, i) => i), shape };
  broadcastTo(places, gradient.shape).data.forEach((place, i) => {
    (result.data[place] as number) += gradient.data[i] as number;
  });
  return result;
}

/** Partial derivatives of the log-density of each element. */
function partials(x: NdArray, dist: MultivariateNormalDiag): { x: NdArray; loc: NdArray; scale: NdArray } {
  const shape = broadcastShapes(x.shape, dist.loc.shape);
  const [value, dx, dScale] = [zeros(shape, x), zeros(shape, x), zeros(shape, x)];
  const inputs = [x, dist.loc, dist.scaleDiag].map((each) => broadcastTo(each, shape).data);
  addon().apply('gaussian_log_prob', inputs, [value.data, dx.data, dScale.data]);
  return { x: dx, loc: combine(dx, dx, (d) => -d), scale: dScale };
}

function normal(inputs: Case, prefix: string, single: boolean): MultivariateNormalDiag {
  const read = (key: string) => (inputs[key] ? array(inputs[key] as FileArray, single) : undefined);
  const [loc, scaleDiag] = [read(`${prefix}loc`), read(`${prefix}scale_diag`)];
  return new MultivariateNormalDiag({ ...(loc && { loc }), ...(scaleDiag && { scaleDiag }) });
}

function normalResults(entry: Case, single: boolean): Results {
  const [dist, other] = [normal(entry, '', single), normal(entry, 'kl_other_', single)];
  const value = array(entry.value as FileArray, single);
  const d = partials(value, dist);
  const shapeOf = (key: string, fallback: NdArray) => (entry[key] as FileArray | null)?.shape ?? fallback.shape;
  const scaleShape = shapeOf('scale_diag', dist.scaleDiag);
  return {
    ...common(dist),
    log_prob: dist.logProb(value),
    prob: dist.prob(value),
    entropy: dist.entropy(),
    median: dist.median(),
    stddev: dist.stddev(),
    variance: dist.variance(),
    mean: dist.mean(),
    mode: dist.mode(),
    covariance: dist.covariance(),
    cdf: dist.cdf(value),
    log_cdf: dist.logCdf(value),
    kl: dist.klDivergence(other),
    cross_entropy: dist.crossEntropy(other),
    'grad_log_prob/loc': reduceTo(d.loc, shapeOf('loc', dist.loc)),
    'grad_log_prob/scale_diag': reduceTo(d.scale, scaleShape),
    'grad_log_prob/value': reduceTo(d.x, value.shape),
    grad_entropy_scale_diag: reduceTo(
      combine(dist.scaleDiag, dist.scaleDiag, (s) => 1 / s),
      scaleShape,
    ),
  };
}

const common = (dist: { batchShape: readonly number[]; eventShape: readonly number[] }): Results => ({
  batch_shape: dist.batchShape,
  event_shape: dist.eventShape,
});

function categoricalResults(entry: Case, single: boolean): Results {
  const given = entry.probs
    ? { probs: array(entry.probs as FileArray, single) }
    : { logits: array(entry.logits as FileArray, single) };
  const dist = new Categorical(given);
  const other = new Categorical({ logits: array(entry.kl_other_logits as FileArray, single) });
  const file = entry.value as FileArray;
  const value = { data: ints(file), shape: file.shape };
  const gradient = (logProb: number, entropy: number): NdArray => {
    const result = zeros(dist.logits.shape, dist.logits);
    const rows = zeros(dist.batchShape, dist.logits).data;
    // The density of a choice that is not there is -Infinity whatever the logits: no gradient.
    const weights = dist.logProb(value).data.map((p) => (Number.isFinite(p) ? logProb : 0)) as typeof rows;
    const choice = value.data;
    addon().categoricalGradient(
      dist.numCategories,
      dist.logits.data,
      choice,
      weights,
      rows.slice().fill(entropy),
      result.data,
    );
    return result;
  };
  return {
    batch_shape: dist.batchShape,
    num_categories: dist.numCategories,
    logits: dist.logits,
    probs: dist.probs,
    log_prob: dist.logProb(value),
    prob: dist.prob(value),
    entropy: dist.entropy(),
    mode: dist.mode(),
    kl: dist.klDivergence(other),
    cross_entropy: dist.crossEntropy(other),
    cdf: dist.cdf(value),
    grad_log_prob_logits: gradient(1, 0),
    grad_entropy_logits: gradient(0, 1),
  };
}

function transformedResults(entry: Case, single: boolean): Results {
  const [base, otherBase] = [normal(entry, '', single), normal(entry, 'kl_other_', single)];
  const { type, kw } = entry.space as { type: string; kw: Record<string, unknown> };
  const space = actionSpace(type, kw);
  const bijector = space.eventNdimsIn === 0 ? new Block({ bijector: space, ndims: 1 }) : space;
  const dist = new Transformed({ distribution: base, bijector });
  const value = array(entry.value as FileArray, single);
  const noise = array(entry.noise as FileArray, single);
  const n = dist.eventShape[0] as number;
  const chain = bijector.native(n);

  const x = bijector.inverse(value);
  const d = partials(x, base);
  const dValue = { data: d.x.data.slice() as NdArray['data'], shape: d.x.shape };
  addon().chainGradient(chain, n, true, value.data, dValue.data);

  const [expectation, dMean, dStd] = [zeros(base.batchShape, x), zeros(base.loc.shape, x), zeros(base.loc.shape, x)];
  addon().logDetExpectation(chain, n, base.loc.data, base.scaleDiag.data, expectation.data, dMean.data, dStd.data);
  const perScale = combine(base.scaleDiag, base.scaleDiag, (s) => 1 / s);

  // sum(y^2) + sum(log_prob(y)) of the first sample, through the sample: with x = loc + scale noise, log_prob is a
  // constant minus log(scale) minus the log-det at x.
  const first = { data: noise.data.slice(0, base.loc.data.length) as NdArray['data'], shape: base.loc.shape };
  const latent = combine(product(first, base.scaleDiag), base.loc, (a, b) => a + b);
  const pull = (cotangent: NdArray): NdArray => {
    const gradient = { data: cotangent.data.slice() as NdArray['data'], shape: cotangent.shape };
    addon().chainGradient(chain, n, false, latent.data, gradient.data);
    return gradient;
  };
  const dLogDet = pull(zeros(latent.shape, latent));
  const y = bijector.forward(latent);
  const dLatent = combine(pull(combine(y, y, (a, b) => a + b)), dLogDet, (a, b) => a - 2 * b);

  const samples = dist.sampleAndLogProb({ noise }, noise.shape.slice(0, 1));
  return {
    ...common(dist),
    log_prob: dist.logProb(value),
    entropy: dist.entropy(),
    kl: dist.klDivergence(new Transformed({ distribution: otherBase, bijector })),
    base_mean: base.mean(),
    forward_of_base_mode: bijector.forward(base.mode()),
    mean: attempt(() => dist.mean()),
    mode: attempt(() => dist.mode()),
    stddev: attempt(() => dist.stddev()),
    variance: attempt(() => dist.variance()),
    median: attempt(() => dist.median()),
    plain_distrax_entropy: bijector.isConstantLogDet ? dist.entropy() : 'NotImplementedError',
    samples_from_noise: samples.sample,
    samples_log_prob: samples.logProb,
    'grad_log_prob/loc': d.loc,
    'grad_log_prob/scale_diag': d.scale,
    'grad_log_prob/value': dValue,
    'grad_entropy/loc': dMean,
    'grad_entropy/scale_diag': combine(dStd, perScale, (a, b) => a + b),
    'grad_pathwise(sum(y^2)+sum(log_prob(y)))/loc': dLatent,
    'grad_pathwise(sum(y^2)+sum(log_prob(y)))/scale_diag': combine(product(dLatent, first), perScale, (a, b) => a - b),
  };
}

const families = {
  MultivariateNormalDiag: normalResults,
  Categorical: categoricalResults,
  Transformed: transformedResults,
};

export function checkDistributions(json: unknown): Comparison[] {
  const file = json as Record<keyof typeof families, Record<string, Case>>;
  return (Object.keys(file) as (keyof typeof families)[]).flatMap((family) =>
    Object.keys(file[family]).flatMap((name) => {
      const entry = file[family][name] as Case;
      return [false, true].flatMap((single) =>
        compareAll(`${family}, ${name}`, entry.out, families[family](entry, single), single),
      );
    }),
  );
}
