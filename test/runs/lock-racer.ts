// Tries for a lock after another, each at a moment that others try at too, and keeps those it gets until all have ended.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { lockRun } from '../../lib/runs/lock.js';

const [folder, rounds, name] = process.argv.slice(1) as [string, string, string];
const start = path.join(folder, 'start');
writeFileSync(path.join(folder, `ready-${name}`), '');
while (!existsSync(start)) await new Promise((done) => setTimeout(done, 1));
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
while (Date.now() < from + 5 * Number(rounds) + 500) await new Promise((done) => setTimeout(done, 10));
