#!/usr/bin/env node
// npm's install step of the published package: keeps a prebuilt addon that loads here, otherwise compiles one.
'use strict';
const { spawnSync } = require('node:child_process');
const { existsSync, rmSync } = require('node:fs');
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

function fail(what) {
  console.error(
    `torsor: ${fromSource ? '' : `no prebuilt addon fits ${process.platform}-${process.arch}, and `}${what}`,
  );
  process.exit(1);
}

function requireTool(names, what) {
  if (names.some((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)) return;
  fail(
    `compiling one needs ${what}: there is no ${names.join(' or ')} on PATH (Debian, Ubuntu: apt-get install cmake g++ make)`,
  );
}

/** What a prebuilt addon spares: cmake-js and the headers of Node-API, in a folder of their own, of the versions torsor is developed with. */
function fetchBuildTools(folder) {
  const { devDependencies } = require('../package.json');
  const tools = ['cmake-js', 'node-addon-api'].map((name) => `${name}@${devDependencies[name]}`);
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  console.error(`torsor: fetching ${tools.join(' and ')}`);
  const [command, ...args] = [...npm, 'install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', ...tools];
  if (spawnSync(command, args, { stdio: 'inherit' }).status !== 0)
    fail('its build tools could not be fetched (above).');
}

function compile() {
  requireTool(['cmake'], 'CMake 3.21 or newer');
  requireTool([process.env.CXX ?? 'c++', 'g++', 'clang++'], 'a C++17 compiler');
  requireTool(['ninja', 'make'], 'ninja or make');
  const tools = path.join(root, 'build-tools');
  fetchBuildTools(tools);
  console.error('torsor: compiling the native core (a minute or two)');
  // The addon of CUDA is compiled on request only: it takes nvcc and some minutes.
  const cuda = `--CDTORSOR_CUDA=${process.env.TORSOR_CUDA ?? 'OFF'}`;
  const modules = path.join(tools, 'node_modules');
  const cmakeJs = path.join(modules, 'cmake-js', 'bin', 'cmake-js');
  const jobs = String(availableParallelism());
  const build = spawnSync(process.execPath, [cmakeJs, 'compile', '--directory', root, '--parallel', jobs, cuda], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NODE_PATH: modules },
  });
  rmSync(tools, { recursive: true, force: true });
  if (build.status !== 0) fail('compiling one failed (above).');
}

if (fromSource || !prebuiltLoads()) compile();
