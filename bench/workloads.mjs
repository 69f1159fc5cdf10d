// The cases of the benchmarks, as data, and the numbers that every contender computes them with.
// Network: 17 observations, hidden layers with gelu in its tanh form, means of a 6-dimensional Gaussian, a value. All in float32.

export const observationSize = 17;
export const actionSize = 6;

/** Multiplications and additions of the matrix products for one row; activations, sampling and losses are not counted. */
export function forwardFlops(hidden) {
  const widths = [observationSize, ...hidden];
  const torso = hidden.reduce((sum, width, k) => sum + 2 * widths[k] * width, 0);
  return torso + 2 * widths.at(-1) * (actionSize + 1);
}

/** Forward, and twice that for the gradients of weights and inputs, except that nobody wants the gradient of the observation. */
export const updateFlops = (hidden) => 3 * forwardFlops(hidden) - 2 * observationSize * hidden[0];

/** Weights [inputs][outputs] of layer k (the hidden ones, then mean, then value), the same in bench/peers/contender.py. */
export function weights(k, inputs, outputs) {
  const scale = 1 / Math.sqrt(inputs);
  return Float32Array.from({ length: inputs * outputs }, (_, i) => Math.sin(1000 * k + i + 1) * scale);
}

/** Observations [rows][17]. */
export const observations = (rows) =>
  Float32Array.from({ length: rows * observationSize }, (_, i) => Math.sin(0.5 + i));

/** `count` numbers that are spread as a standard normal sample would be, and the same for every contender. */
export function normals(count, seed) {
  let state = seed >>> 0 || 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}
