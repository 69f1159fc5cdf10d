#!/usr/bin/env node
// Stands in for node-gyp under prebuildify: takes its `rebuild --target= --devdir= --arch= --release|--debug` and calls cmake-js. With TORSOR_BUILT,
// a folder of addons that are built already, it takes those. `--arch=arm64` on another processor takes Debian's cross compiler.
'use strict';
const { spawnSync } = require('node:child_process');
const { cpSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');

const given = process.argv.slice(2);
const config = given.includes('--debug') ? 'Debug' : 'Release';

function build() {
  const root = path.join(__dirname, '..');
  const arch = given.find((word) => word.startsWith('--arch='))?.slice('--arch='.length) ?? process.arch;
  const cross = {
    CMAKE_SYSTEM_NAME: 'Linux',
    CMAKE_SYSTEM_PROCESSOR: 'aarch64',
    CMAKE_CXX_COMPILER: 'aarch64-linux-gnu-g++',
  };
  const cuda = `--CDTORSOR_CUDA=${process.env.TORSOR_CUDA ?? 'OFF'}`;
  const command = [require.resolve('cmake-js/bin/cmake-js'), 'rebuild', '--directory', root, '--config', config, cuda];
  command.push('--parallel', String(availableParallelism()), '--arch', arch);
  if (arch === 'arm64' && process.arch !== 'arm64')
    command.push(...Object.entries(cross).map(([name, value]) => `--CD${name}=${value}`));
  return spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

const built = process.env.TORSOR_BUILT;
if (built) cpSync(built, path.join('build', config), { recursive: true });
else process.exitCode = build();
