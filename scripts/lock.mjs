// One setup at a time per checkout: two builds in one folder would spoil each other's files.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The process that holds the lock, or undefined when it is gone (killed, say) or has just let go. */
function holder(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

function acquire(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

/** Runs `body` while no other process does so for `root`. */
export async function withLock(root, say, body) {
  const file = path.join(tmpdir(), `torsor-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`);
  let waiting = false;
  while (!acquire(file)) {
    const pid = holder(file);
    if (pid === undefined) {
      rmSync(file, { force: true });
      continue;
    }
    if (!waiting) say(`torsor: waiting for the setup of process ${pid}`);
    waiting = true;
    await sleep(200);
  }
  try {
    return await body();
  } finally {
    rmSync(file, { force: true });
  }
}
