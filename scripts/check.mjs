// Everything CI runs: the tests, then the checks, each of which counts as one. Closes with `N passed, N failed[, N skipped]`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './setup.mjs';
import { skipped } from './skip.mjs';

const checks = {
  lint: ['npm', ['run', '--silent', 'lint']],
  'format of TypeScript': [path.join('node_modules', '.bin', 'biome'), ['check', '--linter-enabled=false']],
  'format of C++': ['node', ['scripts/clang-format.mjs']],
  types: ['npm', ['run', '--silent', 'typecheck']],
  layers: ['npm', ['run', '--silent', 'layers']],
  symbols: ['npm', ['run', '--silent', 'symbols']],
  documentation: ['npm', ['run', '--silent', 'docs']],
  kernels: ['npm', ['run', '--silent', 'kernels']],
  'exported files in onnxruntime-node': ['npm', ['run', '--silent', 'onnx']],
};

/** Runs the tests with their output shown; the reporter leaves the numbers in a file. */
function test() {
  const folder = mkdtempSync(path.join(tmpdir(), 'torsor-tally-'));
  const file = path.join(folder, 'tally.json');
  try {
    const run = spawnSync('npm', ['test'], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, TORSOR_TALLY: file },
    });
    const count = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
    // It failed before the first test, or after the last one.
    if (run.status !== 0 && count.failed === 0) count.failed = 1;
    return count;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const count = test();
for (const [name, [command, args]] of Object.entries(checks)) {
  const run = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const outcome = run.status === 0 ? 'passed' : run.status === skipped ? 'skipped' : 'failed';
  count[outcome]++;
  console.log(`check: ${name} ${outcome}`);
  if (outcome !== 'passed') console.log(`${run.stdout ?? ''}${run.stderr ?? ''}`.trimEnd());
}
console.log(`${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`);
process.exitCode = count.failed > 0 ? 1 : 0;
