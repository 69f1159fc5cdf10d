// activations.json: values and derivatives of activations.
import { addon } from '../../lib/addon/load.js';
import { type Comparison, comparePair, tolerance, unsupported } from './compare.js';
import { type FileArray, numbers, type Pair } from './format.js';

interface File {
  x: FileArray;
  out: Record<string, { y: Pair; dy: Pair }>;
}

export function checkActivations(json: unknown): Comparison[] {
  const { x, out } = json as File;
  const known = addon().vocabulary.activations;
  return Object.keys(out).flatMap((name) => {
    if (!known.includes(name)) return [unsupported(name, `the activation ${name}`, `out/${name}`)];
    const { y, dy } = out[name] as { y: Pair; dy: Pair };
    return [Float32Array, Float64Array].flatMap((type) => {
      const input = type.from(numbers(x));
      const [value, derivative] = [new type(input.length), new type(input.length)];
      addon().activation(name, input, value, derivative);
      const [values, gradients] = type === Float32Array ? [tolerance.value, tolerance.gradient] : [1e-12, 1e-12];
      return [
        comparePair(`${name}/y ${type.name}`, value, y, values),
        comparePair(`${name}/dy ${type.name}`, derivative, dy, gradients),
      ];
    });
  });
}
