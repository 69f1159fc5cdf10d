// `npm run onnx`: the tests of exported files once more, by onnxruntime-node in place of onnxruntime-web. Its 290 MB are installed for this alone, into
// .onnxruntime/ (git-ignored), without the script that asks other hosts for a GPU's libraries.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root, setupOrExit } from './setup.mjs';
import { skip } from './skip.mjs';

const folder = path.join(root, '.onnxruntime');

function versionOf(name, modules) {
  const file = path.join(modules, name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
}

/** Installs the version that the other tests have; whether it is there. */
function install() {
  const wanted = versionOf('onnxruntime-web', path.join(root, 'node_modules'));
  if (versionOf('onnxruntime-node', path.join(folder, 'node_modules')) === wanted) return true;
  mkdirSync(folder, { recursive: true });
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--prefix', folder];
  return spawnSync('npm', ['install', ...options, `onnxruntime-node@${wanted}`], { stdio: 'inherit' }).status === 0;
}

await setupOrExit();
if (!install()) skip('onnxruntime-node could not be installed');
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const env = { ...process.env, TORSOR_ONNXRUNTIME: folder };
const tests = spawnSync(process.execPath, [vitest, 'run', 'test/onnx'], { cwd: root, env, stdio: 'inherit' });
process.exitCode = tests.status ?? 1;
