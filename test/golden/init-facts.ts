// init_facts: initial parameters. Their bits are our own, so that shapes, constants, norms and orthogonality are compared.
import type { Device } from '../../lib/addon/load.js';
import type { Model } from '../../lib/models/model.js';
import { type Comparison, compare, same, tolerance, unsupported } from './compare.js';
import { createModel, isSupported } from './reference-model.js';

interface Gram {
  scale: number;
  max_offdiag: number;
  orthonormal: 'columns' | 'rows';
}

interface Facts {
  shape: number[];
  mean: number;
  std: number;
  absmax: number;
  gram?: Gram;
}

export function checkInitFacts(json: unknown, device: Device = 'cpu'): Comparison[] {
  const facts = json as Record<string, Facts>;
  const names = Object.keys(facts).map((key) => key.split('/') as [string, string]);
  const groups = new Set(names.map(([model]) => model));
  return [...groups].flatMap((group) => {
    if (!isSupported(group)) return [unsupported(group, group, group)];
    const own = names.filter(([model]) => model === group).map(([, parameter]) => parameter);
    return checkModel(group, own, (parameter) => facts[`${group}/${parameter}`] as Facts, device);
  });
}

function checkModel(
  name: string,
  parameters: string[],
  factsOf: (parameter: string) => Facts,
  device: Device,
): Comparison[] {
  const config = configOf(parameters, (parameter) => factsOf(parameter).shape);
  const make = (actor_sigma_head: boolean): Model =>
    createModel({ model: name, config: { ...config, actor_sigma_head }, action_space: null }, device);
  // The reference has both forms of sigma in every model, ours the one in use.
  const models = [make(true), make(false)];
  const comparisons = parameters.flatMap((parameter) => {
    const model = models.find((m) => m.parameters.names.includes(parameter));
    if (!model) throw new Error(`${name} has no parameter ${parameter}`);
    const facts = factsOf(parameter);
    return [
      same(`${name}/${parameter} shape`, model.parameters.shape(parameter), facts.shape),
      ...compareFacts(`${name}/${parameter}`, model.parameters.get(parameter), facts),
    ];
  });
  for (const model of models) model.dispose();
  return comparisons;
}

/** Sizes of the model, from the shapes of its parameters. */
function configOf(parameters: string[], shapeOf: (parameter: string) => number[]): Record<string, unknown> {
  const kernels = (prefix: string): number[][] =>
    parameters
      .filter((parameter) => parameter.startsWith(`${prefix}.layers.`) && parameter.endsWith('.kernel'))
      .sort((a, b) => Number(a.split('.')[2]) - Number(b.split('.')[2]))
      .map(shapeOf);
  const widths = (prefix: string): number[] => kernels(prefix).map((shape) => shape[1] as number);
  const sizes = { action_space_size: shapeOf('actor_mu.bias')[0] };
  const [first] = [...kernels('network'), ...kernels('actor_torso'), shapeOf('actor_mu.kernel')];
  const shared = { ...sizes, observation_space_size: (first as number[])[0] };
  if (parameters.includes('critic.kernel')) return { ...shared, architecture: widths('network') };
  return { ...shared, actor_architecture: widths('actor_torso'), critic_architecture: widths('critic').slice(0, -1) };
}

function compareFacts(name: string, values: Float32Array, { shape, mean, std, absmax, gram }: Facts): Comparison[] {
  const largest = Math.max(...values.map(Math.abs));
  const average = values.reduce((sum, x) => sum + x, 0) / values.length;
  if (std === 0) {
    const exact = (what: string, actual: number, expected: number): Comparison =>
      compare(`${name} ${what}`, actual, expected, expected, 0);
    return [exact('mean', average, mean), exact('absmax', largest, absmax), exact('least', Math.min(...values), mean)];
  }
  // The sum of squares of an orthogonal kernel is fixed; its mean and its largest element are those of other random numbers.
  const rms = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  const expected = Math.hypot(mean, std);
  const spread = (6 * Math.SQRT2 * std) / Math.sqrt(values.length); // six standard deviations of the difference of two means
  return [
    compare(`${name} rms`, rms, expected, Math.fround(expected), tolerance.value),
    { ...compare(`${name} mean`, average, mean, mean, spread), referenceError: Number.NaN },
    { name: `${name} absmax`, error: Math.abs(Math.log2(largest / absmax)), referenceError: Number.NaN, tolerance: 1 },
    ...(gram ? compareGram(name, values, shape, gram) : []),
  ];
}

/** Columns or rows of a kernel are orthogonal and of one length. */
function compareGram(name: string, values: Float32Array, shape: number[], gram: Gram): Comparison[] {
  const [rows, columns] = shape as [number, number];
  const byColumns = gram.orthonormal === 'columns';
  const [count, length] = byColumns ? [columns, rows] : [rows, columns];
  const at = (vector: number, i: number): number =>
    values[byColumns ? i * columns + vector : vector * columns + i] as number;
  let [trace, largest] = [0, 0];
  for (let a = 0; a < count; a++) {
    for (let b = a; b < count; b++) {
      let product = 0;
      for (let i = 0; i < length; i++) product += at(a, i) * at(b, i);
      if (a === b) trace += product;
      else largest = Math.max(largest, Math.abs(product));
    }
  }
  return [
    compare(
      `${name} gram scale`,
      Math.sqrt(trace / count),
      gram.scale,
      Math.round(gram.scale * 1e6) / 1e6,
      tolerance.value,
    ),
    { name: `${name} gram max_offdiag`, error: largest, referenceError: gram.max_offdiag, tolerance: tolerance.value },
  ];
}
