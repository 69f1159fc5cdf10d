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

/** The recurrent network: a layer with gelu, an LSTM, and one product for means and value. */
export const lstmNetwork = { encoder: 64, units: 128 };

/** As `forwardFlops`. */
export function lstmForwardFlops({ encoder, units }) {
  return 2 * (observationSize * encoder + (encoder + units) * 4 * units + units * (actionSize + 1));
}

/** As `updateFlops`. */
export const lstmUpdateFlops = (network) => 3 * lstmForwardFlops(network) - 2 * observationSize * network.encoder;

/** Weights of encoder, of gates i, f, g, o from the encoder and from h, and of means and value; each [inputs][outputs]. */
export function lstmWeights({ encoder, units }) {
  return [
    weights(0, observationSize, encoder),
    weights(1, encoder, 4 * units),
    weights(2, units, 4 * units),
    weights(3, units, actionSize + 1),
  ];
}

/** Where episodes end, [steps][rows]: two steps in a hundred, or none. The same in bench/peers/contender.py. */
export const episodeEnds = ({ steps, rows, resets }) =>
  Uint8Array.from({ length: steps * rows }, (_, i) => (resets && (i * 7919) % 50 === 0 ? 1 : 0));

/** Latent actions [rows][size]. */
export const latents = (rows, size = actionSize) =>
  Float32Array.from({ length: rows * size }, (_, i) => Math.sin(0.7 * i));

/** dL/dlogProb, dL/dentropy or dL/dvalue of every row (k = 0, 1, 2), small enough that gradients are of order one. */
export const lossWeights = (k, rows) =>
  Float32Array.from({ length: rows }, (_, i) => Math.sin(k + 0.3 * i) / Math.sqrt(rows));

/** Weights [inputs][outputs] of layer k (the hidden ones, then mean, then value), the same in bench/peers/contender.py. */
export function weights(k, inputs, outputs) {
  const scale = 1 / Math.sqrt(inputs);
  return Float32Array.from({ length: inputs * outputs }, (_, i) => Math.sin(1000 * k + i + 1) * scale);
}

/** Observations [rows][17]. */
export const observations = (rows) =>
  Float32Array.from({ length: rows * observationSize }, (_, i) => Math.sin(0.5 + i));

/** The neural CDE policy with its defaults: widths of its parts, and how many observations it looks back. */
export const ncdeNetwork = { observation: 8, actions: 2, latent: 4, history: 4, field: 8, initial: 16, value: 16 };

/**
 * With step control torsor solves in float64, as lerax's example has JAX do; in float32 rounding decides the steps. Steps of equal length are
 * those of torsor alone: its peers keep the step control, in float32. How far contenders may be apart: the start of a solve, in float32 here,
 * decides the steps of a few rows; and steps of equal length give another, more accurate solution.
 */
export const ncdeCases = (bench) =>
  [64, 1024].flatMap((rows) =>
    [
      { name: `B=${rows}`, stepping: 'adaptive', float64: false },
      { name: `B=${rows} float64`, stepping: 'adaptive', float64: true },
      { name: `B=${rows} substeps 4`, stepping: { substeps: 4 }, float64: false },
    ].map((each) => ({ ...each, bench, ...ncdeNetwork, rows, agreement: each.stepping === 'adaptive' ? 1e-3 : 0.1 })),
  );

/** Weights of the layers by the names of the model's parameters; biases are zero. */
export function ncdeWeights({ observation, actions, latent, field, initial, value }) {
  const layers = [
    ['encoder.initial.layers.0', observation, initial],
    ['encoder.initial.layers.1', initial, latent],
    ['encoder.term.layers.0', latent, field],
    ['encoder.term.layers.1', field, latent * observation],
    ['value_head.layers.0', latent, value],
    ['value_head.layers.1', value, 1],
    ['action_head.mlp.layers.0', latent, latent],
    ['action_head.action_dist.mapping', latent, actions],
  ];
  return layers.map(([name, inputs, outputs], k) => [name, weights(k, inputs, outputs)]);
}

/** Observations of full windows at times 1, 2, …, [rows][history][observation], and the ones that come next, [rows][observation]. */
export function ncdeWindows({ rows, history, observation }) {
  const at = (row, k, i) => Math.sin(0.5 + 0.37 * ((row * (history + 1) + k) * observation + i));
  const size = history * observation;
  const number = (i) => [Math.floor(i / size), Math.floor((i % size) / observation), i % observation];
  return {
    points: Float32Array.from({ length: rows * size }, (_, i) => at(...number(i))),
    next: Float32Array.from({ length: rows * observation }, (_, i) =>
      at(Math.floor(i / observation), history, i % observation),
    ),
  };
}

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
