// Checks the format of C++, or mends it with --write. The binary comes with an npm package, so that everyone has the same version.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './setup.mjs';
import { skip } from './skip.mjs';

const files = ['native', 'test/native'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true })
    .filter((name) => /\.(h|cc|cu)$/.test(name))
    .map((name) => path.join(folder, name)),
);

let binary;
try {
  binary = createRequire(import.meta.url)('clang-format').getNativeBinary();
} catch (error) {
  skip(`clang-format: ${error.message}`);
}
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '--Werror'];
const run = spawnSync(binary, [...mode, '--style=file', ...files], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
if (run.error) skip(`clang-format does not run here: ${run.error.message}`);
const wrong = new Set(
  [...run.stderr.matchAll(/^(.*?):\d+:\d+: error: code should be clang-formatted/gm)].map((m) => m[1]),
);
if (wrong.size > 0) console.error(`to be mended by \`npm run format\`:\n  ${[...wrong].join('\n  ')}`);
else process.stderr.write(run.stderr);
process.exitCode = run.status ?? 1;
