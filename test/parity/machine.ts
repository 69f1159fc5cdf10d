// What tests do to the emulated machine while it runs, and what they see of what it does: test/parity/emulated/faults.h.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import { buildEmulated } from './emulated.js';

let [faults, machines] = [0, 0];

/** A machine of its own, whose GPUs may be lost: fresh modules and a copy of the addon, which the process would not load twice. */
export async function anotherMachine(gpus = 1): Promise<typeof import('../../lib/index.js')> {
  const file = path.join(tmpdir(), `torsor-machine-${process.pid}-${++machines}.so`);
  copyFileSync(await buildEmulated(), file);
  process.env.TORSOR_CUDA_ADDON = file;
  process.env.TORSOR_EMULATED_GPUS = String(gpus);
  vi.resetModules();
  const library = await import('../../lib/index.js');
  library.devices(); // loads the addon
  rmSync(file);
  return library;
}

/** From here on counted; see the file above. Until `run` has ended. */
export async function withFault<T>(
  kind: 'allocation' | 'launch' | 'lost',
  which: number,
  run: () => T | Promise<T>,
): Promise<T> {
  // The number at the end makes it another fault than the one before, so that counting starts again.
  process.env.TORSOR_EMULATED_FAULT = `${kind} ${which} ${++faults}`;
  try {
    return await run();
  } finally {
    delete process.env.TORSOR_EMULATED_FAULT;
  }
}

const ofMemory = ['direct', 'staged', 'pageable', 'pin', 'unpin', 'unknown'] as const;

/** How often each of these happened while `run` ran; those that did not are left out. */
export async function eventsOf(
  run: () => unknown,
  counted: readonly string[] = ofMemory,
): Promise<Record<string, number>> {
  const file = path.join(tmpdir(), `torsor-events-${process.pid}`);
  writeFileSync(file, '');
  process.env.TORSOR_EMULATED_EVENTS = file;
  try {
    await run();
    const counts: Record<string, number> = {};
    const words = readFileSync(file, 'utf8').split('\n');
    for (const word of counted) {
      const times = words.filter((each) => each === word).length;
      if (times > 0) counts[word] = times;
    }
    return counts;
  } finally {
    delete process.env.TORSOR_EMULATED_EVENTS;
    rmSync(file);
  }
}
