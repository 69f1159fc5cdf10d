// The networks of policies over spaces in float64, by their formulas.
import type { Model } from '../../lib/index.js';

type Parameters = Pick<Model<object>, 'parameters'>;

/** Linears with an activation between them, as many as there are of the name. */
export function naiveMlp(
  policy: Parameters,
  name: string,
  x: readonly number[],
  activation = (v: number) => Math.max(0, v),
): number[] {
  let y = [...x];
  for (let i = 0; policy.parameters.names.includes(`${name}.layers.${i}.kernel`); i++) {
    if (i > 0) y = y.map(activation);
    y = naiveLinear(policy, `${name}.layers.${i}`, y);
  }
  return y;
}

export function naiveLinear({ parameters }: Parameters, name: string, x: readonly number[]): number[] {
  const [kernel, bias] = [parameters.get(`${name}.kernel`), parameters.get(`${name}.bias`)];
  return Array.from(bias, (b, k) => x.reduce((sum, v, i) => sum + v * (kernel[i * bias.length + k] as number), b));
}
