// Runs TypeScript of a test in a process of its own.
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const runner = `import { runnerImport } from 'vite';
const [file, root] = process.argv.splice(1, 2);
await runnerImport(file, { root, configFile: false, logLevel: 'error' });`;

/** What a file prints when it is imported; its arguments are process.argv from 1 on. */
export function runElsewhere(file: string, ...args: string[]): string {
  const command = ['--input-type=module', '--eval', runner, file, root, ...args];
  const run = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${file} ended with ${run.status}: ${run.stderr}`);
  return run.stdout;
}

/** As `runElsewhere`, for a process to watch and to kill. */
export function startElsewhere(file: string, ...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
  const command = ['--input-type=module', '--eval', runner, file, root, ...args];
  return spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
}
