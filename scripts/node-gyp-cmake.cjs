#!/usr/bin/env node
// Stands in for node-gyp under prebuildify: takes its `rebuild --target= --devdir= --arch= --release|--debug` and calls cmake-js.
'use strict';
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '..');
const given = process.argv.slice(2);
const arch = given.find((word) => word.startsWith('--arch='))?.slice('--arch='.length);
const config = given.includes('--debug') ? 'Debug' : 'Release';
const command = [require.resolve('cmake-js/bin/cmake-js'), 'rebuild', '--directory', root, '--config', config];
if (arch) command.push('--arch', arch);
if (process.env.TORSOR_CUDA) command.push(`--CDTORSOR_CUDA=${process.env.TORSOR_CUDA}`);
process.exit(spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' }).status ?? 1);
