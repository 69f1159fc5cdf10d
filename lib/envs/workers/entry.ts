// Which file a worker thread runs, and the user's module as that can import it.
import path from 'node:path';
import { packageRoot as root } from '../../core/package.js';

export interface WorkerEntry {
  file: string;
  module: string;
}

/** In the package both are JavaScript, or whatever the loaders of this process take. From sources both have to be compiled first. */
export async function workerEntry(module: string): Promise<WorkerEntry> {
  if (!import.meta.url.endsWith('.ts'))
    return { file: path.join(root, 'dist', 'envs', 'workers', 'thread.js'), module };
  const script = path.join(root, 'scripts', 'compile-worker.mjs');
  const { compileWorker } = (await import(/* @vite-ignore */ script)) as {
    compileWorker(module: string): Promise<WorkerEntry>;
  };
  return compileWorker(module);
}
