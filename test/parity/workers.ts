// Runs worker.ts in a thread and in a process of its own; both give what it prints.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

const file = path.join(import.meta.dirname, 'worker.ts');
const root = path.join(import.meta.dirname, '..', '..');
const runner = (source: string) =>
  `const [file, root] = ${source}; import('vite').then(({ runnerImport }) => ` +
  `runnerImport(file, { root, configFile: false, logLevel: 'error' })).catch((error) => { console.error(error); process.exitCode = 1; });`;

function output(child: { stdout: NodeJS.ReadableStream | null; stderr: NodeJS.ReadableStream | null }): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => (text += part));
  return () => text;
}

const environment = (addon: string, device: string) => ({
  ...process.env,
  TORSOR_CUDA_ADDON: addon,
  TORSOR_WORKER_DEVICE: device,
});

export function inThread(addon: string, device = 'cuda'): Promise<unknown> {
  const worker = new Worker(runner('process.argv.slice(2)'), {
    ...{ eval: true, argv: [file, root], stdout: true, stderr: true },
    env: environment(addon, device),
  });
  const text = output(worker);
  return new Promise((resolve, reject) => {
    worker.on('exit', (code) => (code === 0 ? resolve(JSON.parse(text())) : reject(new Error(text()))));
  });
}

export function inProcess(addon: string, device = 'cuda'): Promise<unknown> {
  const child = spawn(process.execPath, ['--eval', runner('process.argv.splice(1, 2)'), file, root], {
    ...{ cwd: root, env: environment(addon, device) },
  });
  const text = output(child);
  return new Promise((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(text())) : reject(new Error(text()))));
  });
}
