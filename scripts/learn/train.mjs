// One training by the command line, in a process of its own.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { root } from '../setup.mjs';

const run = promisify(execFile);
const main = path.join(root, 'dist', 'cli', 'main.js');
const oneThread = pathToFileURL(path.join(import.meta.dirname, 'one-thread.mjs')).href;

/**
 * The last line of `torsor train --json`, whose return is that of the last policy over 100 episodes, deterministic, and the seconds of the whole command.
 * `options` are those of the command, by name; those undefined are left out.
 */
export async function train(options, { threads } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'torsor-learn-'));
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const args = given.flatMap(([name, value]) => [`--${name}`, String(value)]);
  const first = threads === 1 ? ['--import', oneThread] : [];
  const start = performance.now();
  try {
    const command = [...first, main, 'train', ...args, '--json', '--out', path.join(folder, 'run')];
    const { stdout } = await run(process.execPath, command, { maxBuffer: 1 << 28 });
    const done = JSON.parse(stdout.trim().split('\n').at(-1));
    return { ...done, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    throw new Error(`train ${args.join(' ')} failed: ${error.stderr ?? error.message}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
