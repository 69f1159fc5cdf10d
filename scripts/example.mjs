// `npm run example -- NAME`: sets up what is missing, then runs examples/NAME.ts against the sources of torsor.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { root, setupOrExit } from './setup.mjs';

const names = readdirSync(path.join(root, 'examples'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const name = process.argv[2];
if (!names.includes(name)) {
  console.error(`which example? npm run example -- NAME, where NAME is one of: ${names.join(', ')}`);
  process.exit(1);
}

await setupOrExit({ only: ['dependencies', 'native'] });
// Examples are TypeScript with decorators, and import torsor as a user would; vite compiles them on the fly.
const { runnerImport } = await import('vite');
const alias = { torsor: path.join(root, 'lib', 'index.ts') };
await runnerImport(path.join(root, 'examples', `${name}.ts`), { root, logLevel: 'error', resolve: { alias } });
