// Which machine and which code the numbers of a run are of.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { root } from '../setup.mjs';

function output(command, ...args) {
  const run = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

/** A checkout without its history was packed, and the pack says of what. */
function commitOf() {
  const head = output('git', 'rev-parse', 'HEAD');
  if (head) return output('git', 'status', '--porcelain') ? `${head}, changed` : head;
  const file = path.join(root, '.device', 'commit');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

/** Name, driver and memory of the GPU are null where there is none. */
export function machine(emulated) {
  const smi = emulated
    ? undefined
    : output('nvidia-smi', '--query-gpu=name,driver_version,memory.total', '--format=csv,noheader');
  const [gpu = null, driver = null, memory = null] = smi?.split('\n')[0].split(', ') ?? [emulated ? 'emulated' : null];
  const date = new Date().toISOString();
  return { date, gpu, driver, memory, cpu: cpus()[0]?.model ?? null, node: process.version, commit: commitOf() };
}
