// Brings a checkout up to date with nothing but Node: dependencies, native addon, dist/. Each step runs only when its inputs changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { withLock } from './lock.mjs';

export const root = path.join(import.meta.dirname, '..');

/** Something the user has to mend; its message is all there is to say. */
class SetupError extends Error {}

function filesUnder(entry) {
  const names = existsSync(entry) ? readdirSync(entry, { withFileTypes: true, recursive: true }) : [];
  return names.filter((name) => name.isFile()).map((name) => path.join(name.parentPath, name.name));
}

/** Content, not times: every file of a fresh clone is as old as the clone. */
function hashOf(files, ...words) {
  const hash = createHash('sha256').update(words.join('\n'));
  for (const file of files.toSorted()) hash.update(`${path.relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** Runs a command; its output is shown when it fails, or as it comes with `loud`. */
function run(command, args, loud) {
  const stdio = loud ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
  const child = spawnSync(command, args, { cwd: root, stdio, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (child.error) throw new SetupError(`could not run ${command}: ${child.error.message}`);
  if (child.status === 0) return;
  if (!loud) process.stderr.write(child.stdout + child.stderr);
  throw new SetupError(
    `${[path.basename(command), ...args].join(' ')} failed (${child.signal ?? `exit code ${child.status}`})`,
  );
}

function requireTool(names, purpose) {
  if (names.some((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)) return;
  throw new SetupError(`no ${names.join(' or ')} on PATH: ${purpose} (Debian, Ubuntu: apt-get install cmake g++ make)`);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) return;
  throw new SetupError(`Node.js ${process.versions.node} is too old: 20.19 or newer, or 22.12 or newer, is needed`);
}

const lockFile = path.join(root, 'package-lock.json');
const modules = path.join(root, 'node_modules');
const [bundle, declarations] = ['bundle.mjs', 'declarations.mjs'].map((name) => path.join(root, 'scripts', name));
// CUDA is compiled by CI and on request: developers should not wait for it at every start.
const cuda = process.env.TORSOR_CUDA ?? 'OFF';

const steps = {
  dependencies: {
    message: 'installing dependencies (npm ci)',
    product: path.join(modules, 'node-addon-api', 'package.json'),
    inputs: () => hashOf([lockFile], process.platform, process.arch),
    run(loud) {
      // Under `npm start` this is the npm that runs us, which need not be the first on PATH.
      const npm = process.env.npm_execpath;
      const args = ['ci', '--no-audit', '--no-fund'];
      if (npm?.endsWith('.js')) run(process.execPath, [npm, ...args], loud);
      else run('npm', args, loud);
    },
  },
  native: {
    message: 'compiling the native core (a minute or two)',
    product: path.join(root, 'build', 'Release', 'torsor.node'),
    inputs: () => hashOf([lockFile, path.join(root, 'CMakeLists.txt'), ...filesUnder(path.join(root, 'native'))], cuda),
    run(loud) {
      requireTool(['cmake'], 'the native core needs CMake 3.21 or newer');
      requireTool([process.env.CXX ?? 'c++', 'g++', 'clang++'], 'the native core needs a C++17 compiler');
      requireTool(['ninja', 'make'], 'the native core is built with one of them');
      const cmakeJs = path.join(modules, 'cmake-js', 'bin', 'cmake-js');
      // `compile` would configure only once and ignore a changed TORSOR_CUDA from then on.
      run(process.execPath, [cmakeJs, 'configure', `--CDTORSOR_CUDA=${cuda}`], loud);
      run(process.execPath, [cmakeJs, 'build', '--parallel', String(availableParallelism())], loud);
    },
  },
  typescript: {
    message: 'compiling TypeScript',
    product: path.join(root, 'dist', 'index.js'),
    inputs: () => {
      const configs = ['tsconfig.json', 'tsconfig.build.json'].map((name) => path.join(root, name));
      return hashOf([lockFile, bundle, declarations, ...configs, ...filesUnder(path.join(root, 'lib'))]);
    },
    run(loud) {
      rmSync(path.join(root, 'dist'), { recursive: true, force: true }); // tsc never removes what a renamed file left
      run(process.execPath, [path.join(modules, 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'], loud);
      run(process.execPath, [bundle], loud);
      run(process.execPath, [declarations], loud);
    },
  },
};

/**
 * Runs the steps named (all of them by default) whose product is missing or whose inputs changed since they last succeeded.
 * `force` runs them anyway, `loud` passes the tools' output on, `say` receives one line per step that runs.
 */
export async function setup({ only = Object.keys(steps), force = false, loud = false, say = console.log } = {}) {
  requireNode();
  await withLock(root, say, () => {
    for (const name of only) {
      const step = steps[name];
      // In node_modules, so that a fresh install makes every step look again.
      const stamp = path.join(modules, '.torsor', name);
      const inputs = step.inputs();
      const done = existsSync(step.product) && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs;
      if (done && !force) continue;
      say(`torsor: ${step.message}`);
      rmSync(stamp, { force: true });
      step.run(loud);
      mkdirSync(path.dirname(stamp), { recursive: true });
      writeFileSync(stamp, inputs);
    }
  });
}

/** setup() for a script: says what is wrong in one line and ends the process. */
export async function setupOrExit(options) {
  try {
    await setup(options);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`torsor: ${error.message}`);
    process.exit(1);
  }
}

// `node scripts/setup.mjs [STEP…]`: everything that is out of date, or the steps named in any case.
if (process.argv[1] === import.meta.filename) {
  const only = process.argv.slice(2);
  await setupOrExit(only.length > 0 ? { only, force: true, loud: true } : {});
}
