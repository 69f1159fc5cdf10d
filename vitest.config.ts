// Tests run from source: vite compiles lib/*.ts on the fly, only the addon has to be built.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    reporters: ['default', './scripts/tally-reporter.mjs'],
  },
});
