// One process at a time writes to the folder of a run.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { TorsorError } from '../core/errors.js';

interface Holder {
  pid: number;
  host: string;
  /** When the process began, where the system tells: a number may be that of another process by now. */
  began: string | null;
}

/**
 * Takes the lock of a run until the function returned is called. A lock whose process is gone, as one that was killed, is taken over.
 *
 * @throws TorsorError INVALID_ARGUMENT when another process holds it, IO when it cannot be written.
 */
export function lockRun(file: string): () => void {
  checkUnlocked(file);
  const own: Holder = { pid: process.pid, host: hostname(), began: began(process.pid) };
  try {
    writeFileSync(file, `${JSON.stringify(own)}\n`);
  } catch (error) {
    throw new TorsorError('IO', `${file} could not be written: ${(error as Error).message}`, { cause: error });
  }
  return () => rmSync(file, { force: true });
}

/** @throws TorsorError INVALID_ARGUMENT when a process holds the lock. */
export function checkUnlocked(file: string): void {
  const holder = read(file);
  if (holder === null || !alive(holder)) return;
  throw new TorsorError(
    'INVALID_ARGUMENT',
    `folder: process ${holder.pid} is training in ${path.dirname(file)}; wait for its end or choose another folder`,
  );
}

function read(file: string): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Holder;
    return Number.isSafeInteger(holder?.pid) ? holder : null;
  } catch {
    return null;
  }
}

function alive({ pid, host, began: when }: Holder): boolean {
  // Of other machines nothing is known, and a container that was started anew is another one: their locks must not keep a run from being resumed.
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It exists, and is another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return when === began(pid);
}

/** Start of a process in clock ticks since the machine was started: field 22 of /proc/PID/stat. Null where there is no such file. */
function began(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command in parentheses, may hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
