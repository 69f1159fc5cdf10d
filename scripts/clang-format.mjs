// Checks the format of native/, or mends it with --write. The binary comes with an npm package, so that everyone has the same version.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './setup.mjs';
import { skip } from './skip.mjs';

const folder = path.join(root, 'native');
const files = readdirSync(folder, { recursive: true })
  .filter((name) => /\.(h|cc|cu)$/.test(name))
  .map((name) => path.join(folder, name));

let binary;
try {
  binary = createRequire(import.meta.url)('clang-format').getNativeBinary();
} catch (error) {
  skip(`clang-format: ${error.message}`);
}
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '--Werror'];
const run = spawnSync(binary, [...mode, '--style=file', ...files], { stdio: 'inherit' });
if (run.error) skip(`clang-format does not run here: ${run.error.message}`);
process.exitCode = run.status ?? 1;
