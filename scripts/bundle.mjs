// Bundles lib/ into dist/, whose declarations tsc writes: reading a hundred small modules would take most of the time of an import.
import path from 'node:path';
import { build } from 'vite';

const root = path.join(import.meta.dirname, '..');
await build({
  ...{ configFile: false, logLevel: 'warn', root },
  build: {
    ...{ ssr: true, target: 'node20.19', outDir: 'dist', emptyOutDir: false, minify: false },
    rollupOptions: {
      input: {
        ...{ index: 'lib/index.ts', 'cli/main': 'lib/cli/main.ts' },
        'environment-worker': 'lib/envs/workers/thread.ts',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' },
    },
  },
});
