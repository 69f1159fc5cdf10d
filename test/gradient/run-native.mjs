// Runs cases through the native core, here or - started as a process of its own - with another instruction set. Plain JavaScript, so
// that the process needs nothing but the addon.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const key = { seedLow: 7, seedHigh: 11, stream: 3, counter: 12345 };

/** @param c a case, with `native`, the program in the form of the addon */
export function runNative(addon, c) {
  const { rows, native, observation, mask } = c;
  const model = new addon.Model(native);
  model.writeParameters(c.arena, 0);
  const floats = (length = rows) => new Float32Array(length);
  const discrete = native.head.kind !== 'gaussian';
  const size = native.widths[native.head.inputs[0]];

  const outputs = native.head.inputs.map(() => floats(rows * size));
  const value = floats();
  model.forward(rows, observation, outputs, value);

  const act = (deterministic) => {
    const arrays = {
      rows,
      observation,
      action: discrete ? new Int32Array(c.latent.length) : floats(rows * size),
      latent: floats(c.latent.length),
      logProb: floats(),
      value: floats(),
      ...(mask && { mask }),
      ...(model.carryWidth > 0 && { carry: floats(rows * model.carryWidth) }),
    };
    model.act(arrays, key, deterministic);
    const { action, latent, logProb, value } = arrays;
    return { action, latent, logProb, value };
  };

  const evaluate = (action, latent) => {
    const results = { logProb: floats(), entropy: floats(), value: floats() };
    model.evaluate(rows, observation, action, latent, mask, results.logProb, results.entropy, results.value);
    return results;
  };

  const gradients = floats(native.parameterCount);
  const dObservation = floats(observation.length);
  const weights = [c.dLogProb, c.dEntropy, c.dValue];
  model.gradient(rows, observation, c.latent, mask, ...weights, gradients, dObservation);
  const alone = floats(native.parameterCount);
  model.gradient(rows, observation, c.latent, mask, ...weights, alone, null);

  const sampled = act(false);
  const results = {
    simd: addon.simd,
    outputs,
    value,
    likeliest: act(true),
    sampled,
    evaluated: discrete ? evaluate(Int32Array.from(c.latent), false) : evaluate(c.latent, true),
    evaluatedAction: evaluate(sampled.action, false),
    gradients,
    dObservation,
    gradientsAlone: alone,
  };
  model.dispose();
  return results;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const addon = createRequire(import.meta.url)('node-gyp-build')(
    fileURLToPath(new URL('../..', import.meta.url)),
  ).start(0);
  process.on('message', (cases) => {
    process.send(
      cases.map((c) => runNative(addon, c)),
      () => process.disconnect(),
    );
  });
}
