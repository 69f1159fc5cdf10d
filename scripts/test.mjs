// `npm test [-- OPTIONS OF VITEST]`: sets up what is missing, then runs the tests once.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root, setupOrExit } from './setup.mjs';

await setupOrExit();
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const run = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exitCode = run.status ?? 1;
