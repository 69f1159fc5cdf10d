// Tries for a lock after another, each at a moment that others try at too, and keeps those it gets until all have ended.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockRun } from '../../lib/runs/lock.js';

const [folder, rounds, count, name] = process.argv.slice(1) as [string, string, string, string];
const start = path.join(folder, 'start');
writeFileSync(path.join(folder, `ready-${name}`), '');
while (!existsSync(start)) await sleep(1);
const from = Number(readFileSync(start, 'utf8'));
for (let k = 0; k < Number(rounds); k++) {
  while (Date.now() < from + 5 * k);
  const lock = path.join(folder, `run-${k}.lock`);
  try {
    lockRun(lock);
    writeFileSync(`${lock}.won-${name}`, '');
  } catch (error) {
    if (!(error as Error).message.includes('is training in')) throw error;
  }
}
writeFileSync(path.join(folder, `done-${name}`), '');
while (readdirSync(folder).filter((file) => file.startsWith('done-')).length < Number(count)) await sleep(10);
