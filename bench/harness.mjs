// Runs the cases of a benchmark: every contender in every round, in turn, so that what disturbs the machine disturbs all of them.
import { Contender, contenders } from './contenders.mjs';
import { peakGflops } from './peak.mjs';

export const defaults = { threads: 1, rounds: 5, seconds: 0.2, device: 'cpu', limit: Infinity };

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function startAll({ peers: names, threads, device }, say) {
  const started = [];
  const absent = {};
  for (const [name, command] of Object.entries(contenders(threads, device))) {
    if (names && name !== 'torsor' && !names.includes(name)) continue;
    const contender = new Contender(name, command, threads);
    try {
      await contender.start();
      started.push(contender);
      say(`${name}: ${contender.version}`);
    } catch (error) {
      if (name === 'torsor') throw error;
      absent[name] = error.message;
      say(`${name}: absent (${error.message})`);
    }
  }
  return { started, absent };
}

/** Numbers that differ say that two contenders do not compute the same network. */
function disagree(own, other, agreement) {
  return own.length > 0 && other.some((x, k) => Math.abs(x - own[k]) > agreement * (1 + Math.abs(own[k])));
}

/** Microseconds of every contender that can run the case, and torsor's choice of kernels. */
async function measureCase(task, started, options, absent) {
  const able = [];
  let reference = [];
  let kernels = [];
  // A GPU's libraries form sums in orders of their own.
  const { agreement = options.device === 'cpu' ? 1e-6 : 1e-5 } = task;
  for (const contender of started) {
    try {
      const answer = await contender.ask({ prepare: task });
      const { check } = answer;
      if (contender.name === 'torsor') [reference, kernels] = [check, answer.kernels];
      else if (disagree(reference, check, agreement)) throw new Error(`computes ${check}, torsor ${reference}`);
      able.push({ contender, samples: [] });
    } catch (error) {
      if (contender.name === 'torsor') throw error;
      absent[contender.name] = error.message;
    }
  }
  // The time on the processor leaves out what other programs took, but adds up threads, and waits for no GPU.
  const clock = task.clock ?? (options.threads === 1 && options.device === 'cpu' ? 'cpu' : 'wall');
  for (let round = 0; round < options.rounds; round++) {
    for (let k = 0; k < able.length; k++) {
      const { contender, samples } = able[(k + round) % able.length];
      // A call that is much slower than the others need not be repeated: its median is known well enough.
      if (round > 1 && median(samples) > 2e6) continue;
      samples.push(...(await contender.ask({ measure: options.seconds }))[clock]);
    }
  }
  const times = Object.fromEntries(able.map(({ contender, samples }) => [contender.name, median(samples)]));
  return { times, kernels };
}

const rounded = (x) => Number(x.toPrecision(4));

/** One result per case, in the form `npm run bench -- NAME --json` prints. After `limit` seconds no further case is begun. */
export async function runBenchmark(cases, options, say) {
  const onCpu = options.device === 'cpu';
  const end = performance.now() + 1000 * options.limit;
  const { started, absent } = await startAll(options, say);
  const measured = [];
  // The best of many short looks: on a shared machine the first one may see half of the core.
  let peak = onCpu ? peakGflops() : 0;
  try {
    for (const task of cases) {
      if (performance.now() >= end) {
        say(`left out: ${task.name}`);
        continue;
      }
      say(`measuring ${task.bench} ${task.name}`);
      const missing = { ...absent };
      measured.push({ task, missing, ...(await measureCase(task, started, options, missing)) });
      if (onCpu) peak = Math.max(peak, peakGflops());
    }
  } finally {
    for (const contender of started) contender.stop();
  }
  const results = measured.map((each) => result(each, options, peak));
  if (onCpu) say(peak > 0 ? `peak of one thread: ${peak.toFixed(0)} GFLOP/s` : 'peak: unknown, there is no C compiler');
  for (const each of results) say(row(each));
  return results;
}

function result({ task, times, kernels, missing }, { threads, device }, peak) {
  const { torsor, ...peers } = times;
  const best = Object.keys(peers).sort((a, b) => peers[a] - peers[b])[0] ?? null;
  // A case whose work depends on its numbers, as an adaptive solve, has no count of them.
  const gflops = task.flops ? rounded(task.flops / torsor / 1e3) : null;
  return {
    bench: task.bench,
    case: task.name,
    threads,
    device,
    torsor_us: rounded(torsor),
    peers: Object.fromEntries(Object.entries(peers).map(([name, us]) => [name, rounded(us)])),
    absent: missing,
    best_peer: best,
    ratio: best && rounded(peers[best] / torsor),
    gflops,
    // Of a case that does something many times in a call, as stepping environments.
    ...(task.perCall && { per_second: rounded((task.perCall / torsor) * 1e6) }),
    share_of_peak: gflops && peak > 0 ? rounded(gflops / (peak * threads)) : null,
    ...(kernels.length > 0 && { kernels }),
  };
}

function row(r) {
  const time = (us) => (us < 1000 ? `${us} µs` : `${Number((us / 1000).toPrecision(4))} ms`);
  const peers = Object.entries(r.peers).map(([name, us]) => `${name} ${time(us)}`);
  const ratio = r.best_peer ? `${r.ratio} x ${r.best_peer}` : 'no peer';
  const share = r.share_of_peak ? ` (${Math.round(100 * r.share_of_peak)} % of peak)` : '';
  return [
    r.case.padEnd(18),
    `torsor ${time(r.torsor_us)}`,
    ratio,
    ...(r.per_second ? [`${r.per_second} / s`] : []),
    ...(r.gflops ? [`${r.gflops} GFLOP/s${share}`] : []),
    peers.join(', '),
    ...(r.kernels ?? []).map(({ purpose, taken }) => `${purpose}: ${taken}`),
  ].join(' | ');
}
