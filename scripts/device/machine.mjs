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

const columns = ['index', 'name', 'uuid', 'driver_version', 'memory.total'];

/** What nvidia-smi tells of each, a line of text with the columns above: {index, name, uuid, driver, memory}. */
export function gpusOf(lines) {
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [index, name, uuid, driver, memory] = line.split(', ');
      return { index: Number(index), name, uuid, driver, memory };
    });
}

/**
 * The one that is cuda:0 where stages run, which have CUDA number GPUs as nvidia-smi does; undefined where there is none, or a part of one (MIG).
 * `visible` is CUDA_VISIBLE_DEVICES: numbers, or beginnings of UUIDs.
 */
export function gpuInUse(gpus, visible) {
  if (visible === undefined) return gpus[0];
  const first = visible.split(',')[0].trim();
  return gpus.find(({ index, uuid }) => String(index) === first || (/^GPU-./.test(first) && uuid.startsWith(first)));
}

/** `gpu`, its driver and its memory are those in use, null where there is none; `gpus` are all of the machine. */
export function machine(emulated) {
  const query = [`--query-gpu=${columns.join(',')}`, '--format=csv,noheader'];
  const gpus = emulated ? [] : gpusOf(output('nvidia-smi', ...query) ?? '');
  const used = emulated ? { name: 'emulated' } : gpuInUse(gpus, process.env.CUDA_VISIBLE_DEVICES);
  const { name: gpu = null, index: gpuIndex = null, driver = null, memory = null } = used ?? {};
  const date = new Date().toISOString();
  const computer = { cpu: cpus()[0]?.model ?? null, node: process.version, commit: commitOf() };
  return { date, gpu, gpuIndex, driver, memory, gpus, ...computer };
}
