// Bundles lib/ into dist/, whose declarations tsc writes: reading a hundred small modules would take most of the time of an import.
import path from 'node:path';
import { build } from 'vite';

// The third is what threads of environments run; the last two are what benchmarks reach inside for.
const entries = ['index', 'cli/main', 'envs/workers/thread', 'addon/load', 'training/ppo-options'];
const root = path.join(import.meta.dirname, '..');
await build({
  ...{ configFile: false, logLevel: 'error', root },
  build: {
    ...{ ssr: true, target: 'node20.19', outDir: 'dist', emptyOutDir: false, minify: false },
    rollupOptions: {
      input: Object.fromEntries(entries.map((name) => [name, `lib/${name}.ts`])),
      output: {
        // Declarations have the comments.
        ...{ entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js', comments: false },
        // Short names of variables save 18 KB of the package. Lines, and names of functions and classes, stay for stack traces and errors.
        minify: { compress: false, mangle: { keepNames: true, toplevel: true }, codegen: { removeWhitespace: false } },
        // What entries share is one file; what threads of environments need alone, or imports and exports, is read with the first of them.
        codeSplitting: {
          groups: [{ name: 'torsor', test: /lib\/(?!index|cli|envs\/workers|onnx|models\/(?:ex|im)ported)/ }],
        },
      },
    },
  },
});
