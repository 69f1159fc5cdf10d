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
  /** Of the four gates of a kernel that is orthogonal as a whole. */
  gram_per_gate?: Gram[];
  /** Of a fused head: its columns but the last, and the length of that. */
  gram_mu_columns?: Gram;
  value_column_norm?: number;
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
    const facts = factsOf(parameter);
    const { values, shape } = initialOf(parameter, models);
    return [
      same(`${name}/${parameter} shape`, shape, facts.shape),
      ...compareFacts(`${name}/${parameter}`, values, facts),
    ];
  });
  for (const model of models) model.dispose();
  return comparisons;
}

/** A parameter of one of the models. The separate heads the reference keeps beside a fused one are columns of ours. */
function initialOf(parameter: string, models: Model[]): { values: Float32Array; shape: readonly number[] } {
  const { parameters } = models.find((m) => m.parameters.names.includes(parameter)) ?? {};
  if (parameters) return { values: parameters.get(parameter), shape: parameters.shape(parameter) };
  const [head, kind] = parameter.split('.');
  const fused = (models[0] as Model).parameters;
  const name = `fused_head.${kind}`;
  if (!fused.names.includes(name) || !/^(actor_mu|critic)$/.test(head as string)) {
    throw new Error(`there is no parameter ${parameter}`);
  }
  const [width = 1, ...others] = [...fused.shape(name)].reverse();
  const [from, to] = head === 'critic' ? [width - 1, width] : [0, width - 1];
  return {
    values: fused.get(name).filter((_, i) => i % width >= from && i % width < to),
    shape: [...others, to - from],
  };
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
  if (parameters.includes('encoder.layers.0.kernel')) {
    const [observation_space_size, hidden_features] = shapeOf('encoder.layers.0.kernel');
    const encoder = { ...sizes, observation_space_size, hidden_features };
    if (parameters.includes('cell.dense_h.kernel')) {
      return { ...encoder, lstm_features: shapeOf('cell.dense_h.kernel')[0] };
    }
    const [num_layers, gru_features] = shapeOf('mingru_kernel');
    return { ...encoder, num_layers, gru_features };
  }
  const [first] = [...kernels('network'), ...kernels('actor_torso'), shapeOf('actor_mu.kernel')];
  const shared = { ...sizes, observation_space_size: (first as number[])[0] };
  if (parameters.includes('critic.kernel')) return { ...shared, architecture: widths('network') };
  return { ...shared, actor_architecture: widths('actor_torso'), critic_architecture: widths('critic').slice(0, -1) };
}

function compareFacts(name: string, values: Float32Array, facts: Facts): Comparison[] {
  const { shape, mean, std, absmax, gram } = facts;
  const largest = Math.max(...values.map(Math.abs));
  const average = values.reduce((sum, x) => sum + x, 0) / values.length;
  if (std === 0) {
    const exact = (what: string, actual: number, expected: number): Comparison =>
      compare(`${name} ${what}`, actual, expected, expected, 0);
    return [exact('mean', average, mean), exact('absmax', largest, absmax), exact('least', Math.min(...values), mean)];
  }
  const rms = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  const expected = Math.hypot(mean, std);
  // The sum of squares of an orthogonal kernel is fixed, that of independent numbers varies; the mean and the largest element are those
  // of other random numbers. Six standard deviations of the difference of two samples:
  const spread = (6 * Math.SQRT2 * std) / Math.sqrt(values.length);
  const independent = gram !== undefined && /dense_i/.test(name);
  return [
    compare(`${name} rms`, rms, expected, Math.fround(expected), independent ? spread : tolerance.value),
    { ...compare(`${name} mean`, average, mean, mean, spread), referenceError: Number.NaN },
    { name: `${name} absmax`, error: Math.abs(Math.log2(largest / absmax)), referenceError: Number.NaN, tolerance: 1 },
    ...(gram ? compareGram(`${name} gram`, values, shape, gram) : []),
    ...compareParts(name, values, facts),
  ];
}

/** Blocks of columns: the gates of an LSTM, and the policy and the value of a fused head. */
function compareParts(name: string, values: Float32Array, facts: Facts): Comparison[] {
  const { shape, gram_per_gate = [], gram_mu_columns, value_column_norm } = facts;
  const [rows = 1, width = 1] = shape;
  const columns = (from: number, to: number): Float32Array =>
    values.filter((_, i) => i % width >= from && i % width < to);
  const gate = width / Math.max(1, gram_per_gate.length);
  const gates = gram_per_gate.flatMap((gram, k) =>
    compareGram(`${name} gate ${k} gram`, columns(k * gate, (k + 1) * gate), [rows, gate], gram),
  );
  if (!gram_mu_columns || value_column_norm === undefined) return gates;
  const norm = Math.hypot(...columns(width - 1, width));
  return [
    ...gates,
    ...compareGram(`${name} mu columns gram`, columns(0, width - 1), [rows, width - 1], gram_mu_columns),
    compare(`${name} value column norm`, norm, value_column_norm, Math.fround(value_column_norm), tolerance.value),
  ];
}

/**
 * Columns or rows of a kernel, of the blocks of a stack of kernels, are orthogonal and of one length. Where they are not in the reference,
 * being parts of something orthogonal or independent numbers, only the sizes are compared.
 */
function compareGram(name: string, values: Float32Array, shape: number[], gram: Gram): Comparison[] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const blocks = values.length / (rows * columns);
  const [count, length] = gram.orthonormal === 'columns' ? [columns, rows] : [rows, columns];
  let [trace, largest] = [0, 0];
  const products: [product: number, diagonal: boolean][] = [];
  for (let block = 0; block < blocks; block++) {
    const at = (vector: number, i: number): number => {
      const [row, column] = gram.orthonormal === 'columns' ? [i, vector] : [vector, i];
      return values[(block * rows + row) * columns + column] as number;
    };
    for (let a = 0; a < count; a++) {
      for (let b = a; b < count; b++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += at(a, i) * at(b, i);
        if (a === b) trace += product;
        products.push([product, a === b]);
      }
    }
  }
  const scale = Math.sqrt(trace / (count * blocks));
  // How far the Gram matrix is from scale^2 times the identity.
  for (const [product, diagonal] of products) {
    largest = Math.max(largest, Math.abs(product - (diagonal ? scale * scale : 0)));
  }
  const orthogonal = gram.max_offdiag < 1e-5;
  const [of, off] = [`${name} scale`, `${name} max_offdiag`];
  const rounded = Math.round(gram.scale * 1e6) / 1e6;
  const accepted = orthogonal || /fused_head/.test(name) ? tolerance.value : 0.02;
  return [
    compare(of, scale, gram.scale, rounded, accepted),
    orthogonal
      ? { name: off, error: largest, referenceError: gram.max_offdiag, tolerance: tolerance.value }
      : { name: off, error: Math.abs(Math.log2(largest / gram.max_offdiag)), referenceError: Number.NaN, tolerance: 1 },
  ];
}
