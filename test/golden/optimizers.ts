// Adam, AdamW, Muon and JaxDEM's chains of them with clipping, a cosine schedule and accumulated updates; Newton-Schulz by itself.

import { addon, type Device } from '../../lib/addon/load.js';
import type { NativeOptimizerConfig } from '../../lib/addon/native-training.js';
import { factorAt } from '../../lib/training/schedule.js';
import { type Comparison, compare, comparePair, relativeError, tolerance, unsupported } from './compare.js';
import { type FileArray, floats, type Pair } from './format.js';
import { Arena, type Arrays, GradientTrainer } from './gradient-trainer.js';

interface Golden {
  params: Arrays;
  gradients: Arrays[];
  global_norms: Pair[];
  chains: Record<string, { updates: Record<string, Pair>; params: Record<string, Pair> }[]>;
  newton_schulz: Record<string, { input: FileArray; output: Pair }>;
  cosine: { init_value: number; decay_steps: number; counts: number[]; values: number[] };
}

interface Chain {
  config: NativeOptimizerConfig;
  learningRate: (update: number) => number;
  /** Longest gradient. */
  clip: number;
  /** Updates are summed, and only every k-th time taken. */
  every: number;
}

const adam = { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, nesterov: false, weightDecay: 0 };
const adamw = { ...adam, nesterov: true };
const muon = { ...adamw, name: 'muon' };
const optimizers: Record<string, NativeOptimizerConfig> = { adam, adamw_nesterov: adamw, muon };

/** `adam_lr0.01_eps1e-12` with a steady rate, or `jaxdem_muon_accumulate3` as JaxDEM's trainer makes it. */
function chainOf(name: string, cosine: Golden['cosine']): Chain | undefined {
  const steady = /^(\w+?)_lr([\d.e-]+)(?:_eps([\d.e-]+))?(?:_wd([\d.e-]+))?$/.exec(name);
  const jaxdem = /^jaxdem_(adam|muon)(?:_accumulate(\d+))?$/.exec(name);
  const config = optimizers[(steady ?? jaxdem)?.[1] ?? ''];
  if (config && steady) {
    const [, , rate, epsilon = config.epsilon, weightDecay = 0] = steady;
    if (Number(weightDecay) !== 0) return undefined; // a step from zero shows no decay
    return {
      config: { ...config, epsilon: Number(epsilon) },
      learningRate: () => Number(rate),
      clip: Number.POSITIVE_INFINITY,
      every: 1,
    };
  }
  if (config && jaxdem) {
    const learningRate = (update: number) => rateAt(cosine, update);
    return { config: { ...config, epsilon: 1e-12 }, learningRate, clip: 1.5, every: Number(jaxdem[2] ?? 1) };
  }
  return undefined;
}

function rateAt({ init_value, decay_steps }: Golden['cosine'], update: number): number {
  return init_value * factorAt('cosine', Math.min(update, decay_steps) / decay_steps);
}

async function checkChain(
  name: string,
  chain: Chain,
  golden: Golden,
  arena: Arena,
  device: Device,
): Promise<Comparison[]> {
  const trainer = new GradientTrainer(arena, chain.config, chain.clip, device);
  const comparisons: Comparison[] = [];
  const parameters = arena.fill(golden.params);
  let sum = new Float32Array(arena.count);
  const add = (to: Float32Array, what: Float32Array): void => {
    for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + (what[i] as number);
  };
  for (const [step, expected] of (golden.chains[name] ?? []).entries()) {
    const taken = await trainer.step(arena.fill(golden.gradients[step] as Arrays), chain.learningRate(step));
    add(sum, taken.update);
    const emits = (step + 1) % chain.every === 0;
    const update = emits ? sum : new Float32Array(arena.count);
    if (emits) sum = new Float32Array(arena.count);
    add(parameters, update);
    for (const key of Object.keys(golden.params)) {
      const at = (what: string) => `${name}/step ${step} ${what} ${key}`;
      comparisons.push(
        comparePair(at('update'), arena.slice(update, key), expected.updates[key] as Pair, tolerance.value),
        comparePair(at('parameters'), arena.slice(parameters, key), expected.params[key] as Pair, tolerance.value),
      );
    }
  }
  trainer.dispose();
  return comparisons;
}

/** The first step of Muon is Newton-Schulz of the gradient: its momentum only scales, and the result does not depend on scale. */
function checkNewtonSchulz(
  name: string,
  { input, output }: { input: FileArray; output: Pair },
  device: Device,
): Comparison {
  const [rows, columns] = input.shape as [number, number];
  const optimizer = new (addon(device).Optimizer)(rows * columns, muon, Int32Array.of(0, rows, columns));
  const parameters = new Float32Array(rows * columns);
  optimizer.step(parameters, floats(input), 1);
  optimizer.dispose();
  const stretch = -Math.sqrt(Math.max(1, columns / rows)); // Muon's factor for wide matrices, and the step goes downhill
  return comparePair(
    `newton_schulz/${name}`,
    parameters.map((x) => x / stretch),
    output,
    tolerance.value,
  );
}

async function checkNorms(golden: Golden, arena: Arena, device: Device): Promise<Comparison[]> {
  const trainer = new GradientTrainer(arena, adam, Number.POSITIVE_INFINITY, device);
  const comparisons: Comparison[] = [];
  for (const [i, expected] of golden.global_norms.entries()) {
    const { norm } = await trainer.step(arena.fill(golden.gradients[i] as Arrays), 0);
    comparisons.push(comparePair(`global_norms/${i}`, norm, expected, tolerance.value));
  }
  trainer.dispose();
  return comparisons;
}

export async function checkOptimizers(json: unknown, device: Device = 'cpu'): Promise<Comparison[]> {
  const golden = json as Golden;
  const arena = new Arena(golden.params);
  const chains: Comparison[] = [];
  for (const name of Object.keys(golden.chains)) {
    const chain = chainOf(name, golden.cosine);
    if (chain) chains.push(...(await checkChain(name, chain, golden, arena, device)));
    else chains.push(unsupported(name, `optimiser '${name}'`, `chains/${name}`));
  }
  const { counts, values } = golden.cosine;
  const cosine = counts.map((count, i) => {
    const expected = values[i] as number;
    const comparison = compare(`cosine/${count}`, rateAt(golden.cosine, count), expected, expected, tolerance.value);
    return { ...comparison, referenceError: relativeError(Math.fround(expected), expected) };
  });
  const squeezed = Object.entries(golden.newton_schulz).map(([name, entry]) => checkNewtonSchulz(name, entry, device));
  return [...(await checkNorms(golden, arena, device)), ...chains, ...squeezed, ...cosine];
}
