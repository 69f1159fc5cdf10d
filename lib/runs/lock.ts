// One process at a time writes to the folder of a run.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { TorsorError } from '../core/errors.js';

interface Holder {
  pid: number;
  host: string;
  /** When the process began, where the system tells: a number may be that of another process by now. */
  began: string | null;
  /** No two locks have the same text, so a text that was judged once stays judged. */
  id: string;
}

/** Loaded when asked for: it is a large part of the time of an import. */
const crypto = () => process.getBuiltinModule('node:crypto');

/**
 * Takes the lock of a run until the function returned is called. A lock whose process is gone, as one that was killed, is taken over; of
 * several processes that try at once, one gets it.
 *
 * @throws TorsorError INVALID_ARGUMENT when another process holds it, IO when it cannot be read or written.
 */
export function lockRun(file: string): () => void {
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    began: life(process.pid).began,
    id: crypto().randomUUID(),
  };
  const own = `${JSON.stringify(holder)}\n`;
  attempt(file, () => take(file, own));
  return () => attempt(file, () => giveBack(file, own));
}

function take(file: string, own: string): void {
  for (;;) {
    const held = read(file);
    if (held === null) {
      if (create(file, own)) return;
      continue;
    }
    const holder = parse(held);
    if (holder !== null && alive(holder)) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `folder: process ${holder.pid} is training in ${path.dirname(file)}; wait for its end or choose another folder`,
      );
    }
    // The lock of the dead may be replaced by who holds a lock on replacing this very one; should that process die too, the same goes for its lock.
    // Whoever comes late finds another text in the file: without looking again it would replace a lock that is alive.
    const right = `${file}.${crypto().createHash('sha256').update(held).digest('hex').slice(0, 36)}.tmp`;
    take(right, own);
    try {
      if (read(file) === held) {
        put(own, file, renameSync);
        return;
      }
    } finally {
      giveBack(right, own);
    }
  }
}

/** False where the file is there already. */
function create(file: string, own: string): boolean {
  try {
    // By a link the file has its text from its first moment on.
    put(own, file, linkSync);
    return true;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (syscall !== 'link') throw error;
    // Who holds the lock by now has cleared up.
    if (code === 'ENOENT') return false;
  }
  // Some file systems have no links (exFAT, folders of a cloud). For a moment the file is empty then, and another process may have replaced it.
  try {
    writeFileSync(file, own, { flag: 'wx' });
    return read(file) === own;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Makes `file` out of a whole file. */
function put(text: string, file: string, how: (from: string, to: string) => void): void {
  const whole = `${file}.${crypto().randomUUID()}.tmp`;
  try {
    writeFileSync(whole, text, { flag: 'wx' });
    how(whole, file);
  } finally {
    rmSync(whole, { force: true });
  }
}

function giveBack(file: string, own: string): void {
  if (read(file) === own) rmSync(file, { force: true });
}

/** Null where there is no such file. */
function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Null where it was damaged, as by a power cut. */
function parse(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isSafeInteger(holder?.pid) ? holder : null;
  } catch {
    return null;
  }
}

function alive({ pid, host, began }: Holder): boolean {
  // Of other machines nothing is known, and a container that was started anew is another one: their locks must not keep a run from being resumed.
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It exists, and is another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = life(pid);
  return !now.ended && began === now.began;
}

/**
 * Of a process, from /proc/PID/stat: whether it ended and only its parent has not asked for its exit code (state Z or X), and its start in clock
 * ticks since the machine was started (field 22). Where there is no such file, it has not ended and `began` is null.
 */
function life(pid: number): { ended: boolean; began: string | null } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command in parentheses, may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { ended: fields[0] === 'Z' || fields[0] === 'X', began: fields[19] ?? null };
  } catch {
    return { ended: false, began: null };
  }
}

function attempt(file: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (error instanceof TorsorError) throw error;
    throw new TorsorError('IO', `${file} could not be written: ${(error as Error).message}`, { cause: error });
  }
}
