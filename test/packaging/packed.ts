// The package as it is published, made of the addon that is built already: packed into a tarball, and installed where a user would.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const root = path.join(import.meta.dirname, '..', '..');

export interface Packed {
  /** Its own to remove. */
  folder: string;
  tarball: string;
  /** A folder of programs with nothing but Node.js, npm and a shell in it. */
  bare: string;
}

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  const child = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (child.status === 0) return child.stdout;
  throw new Error(
    `${command} ${args.join(' ')} ended with ${child.status}: ${child.error ?? child.stdout + child.stderr}`,
  );
}

/** Runs prebuildify and `npm pack` on a copy of the package's files, so that the checkout stays as it is. */
export function pack(): Packed {
  const folder = mkdtempSync(path.join(tmpdir(), 'torsor-packed-'));
  const copy = path.join(folder, 'package');
  const scripts = ['scripts/install.cjs', 'scripts/node-gyp-cmake.cjs'];
  const texts = ['LICENSE', 'README.md', 'THIRD_PARTY_NOTICES.md'];
  for (const entry of ['dist', 'native', ...scripts, 'CMakeLists.txt', ...texts, 'package.json']) {
    cpSync(path.join(root, entry), path.join(copy, entry), { recursive: true });
  }
  const modules = path.join(root, 'node_modules');
  cpSync(path.join(modules, 'node-gyp-build'), path.join(copy, 'node_modules', 'node-gyp-build'), { recursive: true });
  const built = path.join(folder, 'built');
  cpSync(path.join(root, 'build', 'Release', 'torsor.node'), path.join(built, 'torsor.node'));
  const prebuildify = path.join(modules, 'prebuildify', 'bin.js');
  const shim = path.join(copy, 'scripts', 'node-gyp-cmake.cjs');
  chmodSync(shim, 0o755);
  run(process.execPath, [prebuildify, '--napi', '--strip', '--tag-libc', '--node-gyp', shim], copy, {
    ...process.env,
    TORSOR_BUILT: built,
  });
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], copy),
  );
  const bare = path.join(folder, 'bin');
  mkdirSync(bare);
  for (const name of ['npm', 'sh', 'env']) {
    symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), path.join(bare, name));
  }
  symlinkSync(process.execPath, path.join(bare, 'node'));
  return { folder, tarball: path.join(folder, filename), bare };
}

/** An empty project in a folder of that name, with torsor installed: without network, compiler, CMake or Python. */
export function install({ folder, tarball, bare }: Packed, name: string, ...options: string[]): string {
  const project = path.join(folder, name);
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), '{ "name": "project", "private": true }');
  run('npm', ['install', tarball, '--offline', '--no-audit', '--no-fund', ...options], project, {
    ...clean(),
    PATH: bare,
  });
  return project;
}

/** The environment without what `npm test` and the tools around it have put there. */
export function clean(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|TORSOR_|VITEST)/.test(name));
  return Object.fromEntries(own);
}

/** What a program prints that lies in a project. */
export function runIn(project: string, file: string, source: string): string {
  writeFileSync(path.join(project, file), source);
  return run(process.execPath, [file], project, clean()).trim();
}

/** Files under a folder, relative to it. */
export function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}
