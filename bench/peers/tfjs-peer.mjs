// TensorFlow.js: `tfjs-peer.mjs FOLDER wasm|cpu THREADS`, where FOLDER can resolve the packages.
import { createRequire } from 'node:module';
import path from 'node:path';
import { actionSize, normals, observationSize, observations, weights } from '../workloads.mjs';
import { serve } from './contender.mjs';

const [folder, backend, threads] = process.argv.slice(2);
const require = createRequire(path.join(folder, 'peers.js'));
const tf = require('@tensorflow/tfjs');
if (backend === 'wasm') {
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  wasm.setThreadsCount(Number(threads));
}
await tf.setBackend(backend);
await tf.ready();

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);
const gelu = (x) => {
  const cubic = tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x))));
  return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), cubic))));
};
// Written out: not every backend has a kernel for it.
const softplus = (x) => tf.add(tf.maximum(x, 0), tf.log(tf.add(1, tf.exp(tf.neg(tf.abs(x))))));

function network(hidden) {
  const widths = [observationSize, ...hidden];
  const linear = (k, inputs, outputs) => ({
    w: tf.variable(tf.tensor2d(weights(k, inputs, outputs), [inputs, outputs])),
    b: tf.variable(tf.zeros([outputs])),
  });
  const torso = hidden.map((width, k) => linear(k, widths[k], width));
  const mean = linear(hidden.length, widths.at(-1), actionSize);
  const value = linear(hidden.length + 1, widths.at(-1), 1);
  const logStd = tf.variable(tf.zeros([actionSize]));
  const apply = (x, { w, b }) => tf.add(tf.matMul(x, w), b);
  const forward = (x) => {
    let features = x;
    for (const layer of torso) features = gelu(apply(features, layer));
    return [apply(features, mean), tf.squeeze(apply(features, value), [1])];
  };
  return { forward, logStd };
}

const gaussian = (noise, logStd) => tf.sub(tf.sub(tf.mul(-0.5, tf.mul(noise, noise)), logStd), halfLogTwoPi);

function policyStep({ forward, logStd }, rows) {
  const data = observations(rows);
  const step = () => {
    const [mean, value] = forward(tf.tensor2d(data, [rows, observationSize]));
    const noise = tf.randomNormal(mean.shape);
    const latent = tf.add(mean, tf.mul(noise, tf.exp(logStd)));
    const logDet = tf.mul(2, tf.sub(tf.sub(Math.log(2), latent), softplus(tf.mul(-2, latent))));
    return [tf.tanh(latent), tf.sum(tf.sub(gaussian(noise, logStd), logDet), -1), value];
  };
  const run = () => tf.tidy(() => step().map((result) => result.dataSync()));
  const value = run()[2];
  return { run, check: [value[0], value.at(-1)] };
}

function ppoUpdate({ forward, logStd }, rows) {
  const column = (seed) => tf.tensor1d(normals(rows, seed));
  const observation = tf.tensor2d(observations(rows), [rows, observationSize]);
  const latent = tf.tensor2d(normals(rows * actionSize, 1), [rows, actionSize]);
  const oldLogProb = tf.sub(tf.mul(0.1, column(2)), 8);
  const [rawAdvantage, target, oldValue] = [column(3), column(4), column(5)];
  const optimizer = tf.train.adam(3e-4, 0.9, 0.999, 1e-5);
  const loss = () => {
    const [mean, value] = forward(observation);
    const { mean: centre, variance } = tf.moments(rawAdvantage);
    const advantage = tf.div(tf.sub(rawAdvantage, centre), tf.add(tf.sqrt(variance), 1e-8));
    const noise = tf.mul(tf.sub(latent, mean), tf.exp(tf.neg(logStd)));
    const ratio = tf.exp(tf.sub(tf.sum(gaussian(noise, logStd), -1), oldLogProb));
    const loss_ = tf.neg(advantage);
    const policyLoss = tf.mean(tf.maximum(tf.mul(loss_, ratio), tf.mul(loss_, tf.clipByValue(ratio, 0.8, 1.2))));
    const clipped = tf.add(oldValue, tf.clipByValue(tf.sub(value, oldValue), -0.2, 0.2));
    const worse = tf.maximum(tf.square(tf.sub(value, target)), tf.square(tf.sub(clipped, target)));
    return tf.add(policyLoss, tf.mul(0.25, tf.mean(worse))).asScalar();
  };
  const update = () => {
    const { value, grads } = tf.variableGrads(loss);
    const norm = tf.sqrt(tf.addN(Object.values(grads).map((g) => tf.sum(tf.square(g)))));
    const scale = tf.minimum(1, tf.div(0.5, tf.add(norm, 1e-6)));
    optimizer.applyGradients(Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, tf.mul(g, scale)])));
    value.dataSync();
  };
  return { run: () => tf.tidy(update) };
}

await serve(`tfjs ${tf.version.tfjs}`, async ({ bench, hidden, rows }) => {
  if (bench.startsWith('lstm')) throw new Error('its LSTM is a loop over steps in JavaScript');
  tf.disposeVariables();
  return bench === 'policy-step' ? policyStep(network(hidden), rows) : ppoUpdate(network(hidden), rows);
});
