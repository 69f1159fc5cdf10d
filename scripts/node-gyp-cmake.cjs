#!/usr/bin/env node
// Stands in for node-gyp under prebuildify: takes its `rebuild --target= --devdir= --arch= --release|--debug` and calls cmake-js.
'use strict';
const { spawnSync } = require('node:child_process');
const { availableParallelism } = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const given = process.argv.slice(2);
const arch = given.find((word) => word.startsWith('--arch='))?.slice('--arch='.length);
const config = given.includes('--debug') ? 'Debug' : 'Release';
const cuda = `--CDTORSOR_CUDA=${process.env.TORSOR_CUDA ?? 'OFF'}`;
const command = [require.resolve('cmake-js/bin/cmake-js'), 'rebuild', '--directory', root, '--config', config, cuda];
command.push('--parallel', String(availableParallelism()), ...(arch ? ['--arch', arch] : []));
process.exit(spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' }).status ?? 1);
