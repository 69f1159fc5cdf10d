// Runs TypeScript of a test in a process or a thread of its own.
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

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

const threadRunner = `const [file, root] = process.argv.splice(2, 2);
import('vite').then(({ runnerImport }) => runnerImport(file, { root, configFile: false, logLevel: 'error' }));`;

/** As `runElsewhere`, in a thread: its arguments are process.argv from 2 on. */
export async function runInThread(file: string, ...args: string[]): Promise<string> {
  const worker = new Worker(threadRunner, { eval: true, argv: [file, root, ...args], stdout: true });
  let text = '';
  worker.stdout.on('data', (part) => {
    text += part;
  });
  await once(worker, 'exit'); // rejects with what the thread throws
  return text;
}
