// Where torsor runs from its sources: compiles the thread of environments together with a user's module, which may be TypeScript as well.
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const root = path.join(import.meta.dirname, '..');
const compiled = new Map();

async function compile(module) {
  const hash = createHash('sha256').update(`${process.pid} ${module}`).digest('hex').slice(0, 16);
  // In node_modules, so that dependencies are found from there.
  const outDir = path.join(root, 'node_modules', '.torsor', 'workers', hash);
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  await build({
    ...{
      root,
      configFile: false,
      logLevel: 'error',
      resolve: { alias: { torsor: path.join(root, 'lib', 'index.ts') } },
    },
    build: {
      ...{ ssr: true, target: 'node20.19', outDir, emptyOutDir: true, minify: false },
      rollupOptions: {
        input: { thread: path.join(root, 'lib', 'envs', 'workers', 'thread.ts'), environments: fileURLToPath(module) },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
  });
  return { file: path.join(outDir, 'thread.js'), module: pathToFileURL(path.join(outDir, 'environments.js')).href };
}

/** The file of the thread, and the URL of the user's module as it can import it; once per module and process. */
export function compileWorker(module) {
  if (!compiled.has(module)) compiled.set(module, compile(module));
  return compiled.get(module);
}
