// `torsor doctor`: what torsor runs on here, and what is missing for the rest.
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { type DeviceInfo, devices } from '../addon/devices.js';
import { addon, type DeviceChoice, resolveDevice } from '../addon/load.js';
import { TorsorError } from '../core/errors.js';
import { torsorVersion } from '../core/package.js';
import type { Output } from '../runs/progress-logger.js';
import { type Command, exitCodes } from './command.js';
import { readOptions } from './options.js';

const options = { device: { type: 'string', default: 'cpu' }, json: { type: 'boolean', default: false } } as const;

export const doctorCommand: Command = {
  summary: 'says what torsor runs on here, and what is missing for the rest',
  help: `torsor doctor — says what torsor runs on here, and what is missing for the rest

  --device NAME     the device that has to be there: cpu, cuda, cuda:1 …, or auto (default cpu)
  --json            one JSON object
  --help            this text

The exit code is 0 where the device works, else 1.`,
  async run(argv, output) {
    const { values } = readOptions(argv, options);
    const found = examine(values.device);
    if (values.json) output.write(`${JSON.stringify(found)}\n`);
    else writeText(found, output);
    return found.problem === null ? exitCodes.ok : exitCodes.failed;
  },
};

interface Findings {
  torsor: string;
  node: string;
  nodeApi: string;
  platform: string;
  /** Instruction set of the CPU in use; null where the native core cannot be loaded. */
  simd: string | null;
  threads: number | null;
  devices: DeviceInfo[];
  /** What of CUDA lies on this machine: a path or a version, or null. */
  cuda: { kernelDriver: string | null; driverLibrary: string | null; deviceFile: string | null };
  /** Why the device asked for does not work; null: it does. */
  problem: string | null;
}

function examine(device: string): Findings {
  const found: Findings = {
    torsor: torsorVersion(),
    node: process.version,
    nodeApi: process.versions.napi as string,
    platform: `${process.platform}-${process.arch}, kernel ${release()}`,
    simd: null,
    threads: null,
    devices: [],
    cuda: lookForCuda(),
    problem: null,
  };
  try {
    const cpu = addon('cpu');
    found.simd = cpu.simd;
    found.threads = cpu.threads();
    found.devices = devices();
    resolveDevice(device as DeviceChoice);
  } catch (error) {
    found.problem = TorsorError.from(error).message;
  }
  return found;
}

/** Where the library of the driver lies on the distributions it is packaged for. */
const libraryFolders = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/lib/wsl/lib',
];

function lookForCuda(): Findings['cuda'] {
  const version = '/proc/driver/nvidia/version';
  const folders = [...(process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean), ...libraryFolders];
  const libraries = folders.map((folder) => path.join(folder, 'libcuda.so.1'));
  return {
    kernelDriver: existsSync(version) ? (readFileSync(version, 'utf8').split('\n')[0] as string) : null,
    driverLibrary: libraries.find(existsSync) ?? null,
    deviceFile: ['/dev/nvidia0', '/dev/dxg'].find(existsSync) ?? null,
  };
}

const simdNames: Readonly<Record<string, string>> = { baseline: 'plain', v3: 'AVX2 + FMA', v4: 'AVX-512' };

function writeText(found: Findings, output: Output): void {
  const line = (good: boolean, name: string, text: string): unknown =>
    output.write(`${good ? '✓' : '✗'} ${name.padEnd(14)} ${text}\n`);
  line(true, 'torsor', `${found.torsor}, Node ${found.node}, Node-API ${found.nodeApi}, ${found.platform}`);
  const simd = found.simd ?? '';
  if (found.simd !== null) line(true, 'native core', `${simd} (${simdNames[simd] ?? simd}), ${found.threads} threads`);
  for (const { device, available, reason, name, memory, computeCapability, driver, runtime } of found.devices) {
    const facts = [
      name,
      memory !== undefined && `${(memory / 2 ** 30).toFixed(1)} GiB`,
      computeCapability && `compute capability ${computeCapability}`,
      driver && `driver for CUDA ${driver}`,
      runtime && `built with CUDA ${runtime}`,
      reason && `not available: ${reason}`,
    ];
    line(available, device, facts.filter(Boolean).join(', '));
  }
  const { kernelDriver, driverLibrary, deviceFile } = found.cuda;
  line(
    kernelDriver !== null,
    'kernel driver',
    kernelDriver ?? 'no NVIDIA driver is loaded (/proc/driver/nvidia/version)',
  );
  line(
    driverLibrary !== null,
    'libcuda',
    driverLibrary ?? 'libcuda.so.1 lies in none of the usual folders nor in LD_LIBRARY_PATH',
  );
  line(
    deviceFile !== null,
    'device file',
    deviceFile ?? 'there is no /dev/nvidia0; in a container it has to be passed in',
  );
  if (found.problem !== null) line(false, 'problem', found.problem);
}
