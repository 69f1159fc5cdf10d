// A contender of a benchmark written in JavaScript: a child process that answers JSON lines with JSON lines (see bench/contenders.mjs).
import { createInterface } from 'node:readline';

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

/** Microseconds per call, of the clock and of the processor (all threads), in groups of calls long enough to be timed. */
async function measure({ run, awaits, units = 1 }, seconds) {
  const call = async (count) => {
    if (awaits) for (let k = 0; k < count; k++) await run();
    else for (let k = 0; k < count; k++) run();
  };
  const before = performance.now();
  await call(1);
  const group = Math.max(1, Math.floor(2 / Math.max(performance.now() - before, 1e-4)));
  const wall = [];
  const cpu = [];
  const end = performance.now() + 1000 * seconds;
  do {
    const used = process.cpuUsage();
    const start = performance.now();
    await call(group);
    wall.push(((performance.now() - start) * 1000) / group / units);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / group / units);
  } while (performance.now() < end);
  return { wall, cpu };
}

/**
 * `prepare(case)` gives {run, awaits, units, check, kernels, dispose}: the call to time, whether it is asynchronous, how many times it does what
 * is measured (default: once), numbers that all contenders must agree on, and what torsor found the fastest way on a GPU, as `model.kernels` has it.
 */
export async function serve(version, prepare) {
  say({ version });
  let prepared;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      if (request.prepare) {
        await prepared?.dispose?.();
        prepared = await prepare(request.prepare);
        for (let k = 0; k < 3; k++) await prepared.run();
        say({ check: Array.from(prepared.check ?? []), kernels: prepared.kernels?.() ?? [] });
      } else {
        say(await measure(prepared, request.measure));
      }
    } catch (error) {
      say({ error: String(error?.message ?? error) });
    }
  }
}
