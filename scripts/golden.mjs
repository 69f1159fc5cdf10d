// `npm run golden -- [PATH…] [--device cpu|cuda] [--json]`: sets up what is missing, then runs test/golden/main.ts.
import path from 'node:path';
import { root, setupOrExit } from './setup.mjs';

const args = process.argv.slice(2);
// With --json standard output belongs to the document.
await setupOrExit({
  only: ['dependencies', 'native'],
  say: args.includes('--json') ? console.error : console.log,
});
// The checks are TypeScript beside the tests, which are no part of the package: vite compiles them on the fly, as it does for tests.
const { runnerImport } = await import('vite');
const { module } = await runnerImport(path.join(root, 'test', 'golden', 'main.ts'), { root, logLevel: 'error' });
process.exitCode = await module.main(args);
