// Compiles the addon of CUDA and reads the compiler's report: registers of every kernel, and no spilled register or local memory. Then loads
// the addon, which must not need a driver, and compares what we declare of cuDNN and cuBLASLt with their headers.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { headersOf } from './nvidia-headers.mjs';
import { root } from './setup.mjs';
import { skip } from './skip.mjs';

// The quadrature of bijectors that mix dimensions keeps values and gradients of one event (max_event = 64 floats each) on the
// stack: four arrays and what surrounds them. The solver of differential equations is a function that is called, and a categorical policy takes
// the words of a Philox block by number: a few bytes. Nothing else may use local memory.
const stackAllowed = {
  ...{ evaluate: 1280, gradient: 1296, layer_evaluate: 1280, layer_loss: 1296 },
  ...{ 'policy_step<16>': 16, 'policy_step<64>': 16, layer_act: 16 },
};

/** Kernels in the output of `ptxas -v`: name, architecture, registers, stack and spilled bytes (functions it calls included). */
export function kernelsOf(report) {
  const kernels = [];
  for (const line of report.split('\n')) {
    const entry = /Compiling entry function '(\w+)' for '(\w+)'/.exec(line);
    if (entry) kernels.push({ name: plainName(entry[1]), architecture: entry[2], registers: 0, stack: 0, spilled: 0 });
    const kernel = kernels.at(-1);
    if (!kernel) continue;
    const memory = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (memory) {
      kernel.stack += Number(memory[1]);
      kernel.spilled += Number(memory[2]) + Number(memory[3]);
    }
    const registers = /Used (\d+) registers/.exec(line);
    if (registers) kernel.registers = Number(registers[1]);
  }
  return kernels;
}

/** `_ZN6torsor6device11policy_stepILi16EEEv…` is `policy_step<16>`. */
function plainName(mangled) {
  let rest = mangled.replace(/^_ZN/, '');
  let name = mangled;
  for (let length = /^\d+/.exec(rest); length; length = /^\d+/.exec(rest)) {
    const end = length[0].length + Number(length[0]);
    name = rest.slice(length[0].length, end);
    rest = rest.slice(end);
  }
  const number = /^ILi(\d+)E/.exec(rest);
  return number ? `${name}<${number[1]}>` : name;
}

export function problemsOf(kernels) {
  return kernels.flatMap(({ name, architecture, stack, spilled }) => {
    const problems = [];
    const allowed = stackAllowed[name] ?? 0;
    if (spilled > 0) problems.push(`${name} (${architecture}) spills ${spilled} bytes of registers`);
    if (stack > allowed)
      problems.push(`${name} (${architecture}) has a stack of ${stack} bytes, ${allowed} are allowed`);
    return problems;
  });
}

function findCompiler() {
  const homes = [process.env.CUDA_HOME, process.env.CUDA_PATH, '/usr/local/cuda'].filter(Boolean);
  const candidates = [process.env.CUDACXX, 'nvcc', ...homes.map((home) => path.join(home, 'bin', 'nvcc'))].filter(
    Boolean,
  );
  return candidates.find((nvcc) => spawnSync(nvcc, ['--version']).status === 0);
}

function cmake(args, env = process.env) {
  const run = spawnSync('cmake', args, { cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status === 0) return run.stdout + run.stderr;
  console.error(run.stdout ?? '', run.stderr ?? run.error);
  process.exit(1);
}

/** In a process of its own: what the addon says of this machine. */
function load(file) {
  const script =
    'const m = { exports: {} }; process.dlopen(m, process.argv[1]); console.log(m.exports.status().problem)';
  const run = spawnSync(process.execPath, ['-e', script, file], { encoding: 'utf8' });
  return { problems: run.status === 0 ? [] : [`the addon does not load: ${run.stderr}`], says: run.stdout.trim() };
}

/** Compiles what compares our declarations of a library with its headers. */
function compare(library, folder) {
  const include = headersOf(library);
  if (include === null) return 'not compared with its headers, which could not be had from PyPI';
  const name = library.toLowerCase();
  cmake(['-S', '.', '-B', folder, `-DTORSOR_${name.toUpperCase()}_INCLUDE=${include}`]);
  cmake(['--build', folder, '--target', `emulated_${name}`]);
  return 'as its headers have it';
}

function main() {
  const compiler = findCompiler();
  if (!compiler) skip('no nvcc');
  const folder = path.join(root, 'build', 'kernels');
  const options = ['-DTORSOR_CUDA=ON', '-DCMAKE_CUDA_FLAGS=-Xptxas=-v'];
  cmake(['-S', '.', '-B', folder, ...options], { ...process.env, CUDACXX: compiler });
  // Clean first: the compiler reports only on what it compiles.
  const build = [
    '--build',
    folder,
    '--target',
    'torsor_cuda',
    '--clean-first',
    '--parallel',
    String(availableParallelism()),
  ];
  const kernels = kernelsOf(cmake(build));
  for (const { name, architecture, registers, stack } of kernels) {
    console.log(
      `${name.padEnd(20)} ${architecture} ${String(registers).padStart(4)} registers ${String(stack).padStart(5)} bytes of stack`,
    );
  }
  const problems = kernels.length > 0 ? problemsOf(kernels) : ['the compiler reported no kernel'];
  const addon = load(path.join(folder, 'Release', 'torsor_cuda.so'));
  problems.push(...addon.problems);
  console.log(`loaded: ${addon.says || 'it runs here'}`);
  for (const library of ['cuDNN', 'cuBLASLt'])
    console.log(`what we declare of ${library}: ${compare(library, folder)}`);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) main();
