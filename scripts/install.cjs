#!/usr/bin/env node
// npm's install step of the published package: keeps a prebuilt addon that loads here, otherwise compiles one with cmake-js.
'use strict';
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');
const root = path.join(__dirname, '..');

// A checkout has more than the package's files: there `npm start`, `npm test` and `npm run build` build, each only what changed.
if (existsSync(path.join(root, 'scripts', 'setup.mjs'))) process.exit(0);

// npm 11 warns that its own --build-from-source will stop working, hence a variable of our own beside it.
const fromSource = [process.env.TORSOR_BUILD_FROM_SOURCE, process.env.npm_config_build_from_source].some((value) =>
  ['1', 'true', 'torsor'].includes(value ?? ''),
);

// In a child process: a prebuilt file for a newer libc, or one with a missing library, must not end this process.
function prebuiltLoads() {
  const script = "require('node-gyp-build')(process.argv[1])";
  const child = spawnSync(process.execPath, ['-e', script, root], { cwd: root, encoding: 'utf8' });
  if (child.status !== 0 && process.env.npm_config_loglevel === 'verbose') process.stderr.write(child.stderr);
  return child.status === 0;
}

if (!fromSource && prebuiltLoads()) process.exit(0);

const jobs = String(availableParallelism());
// The addon of CUDA is compiled on request only: it takes nvcc and some minutes.
const cuda = `--CDTORSOR_CUDA=${process.env.TORSOR_CUDA ?? 'OFF'}`;
const command = [require.resolve('cmake-js/bin/cmake-js'), 'compile', '--directory', root, '--parallel', jobs, cuda];
const build = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
if (build.status !== 0) {
  console.error(
    `torsor: no prebuilt addon fits ${process.platform}-${process.arch}, and compiling failed (above). ` +
      'Compiling needs CMake 3.21 or newer, a C++17 compiler, and make or ninja.',
  );
}
process.exit(build.status ?? 1);
