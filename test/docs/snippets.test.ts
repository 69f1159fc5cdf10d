// What the documentation shows is true: its TypeScript type-checks and runs, and its commands exist.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { pages, programsOf, root } from './pages.js';

// Inside the checkout, so that imports are found, and not in node_modules, where nothing is compiled.
mkdirSync(path.join(root, 'build'), { recursive: true });
const folder = mkdtempSync(path.join(root, 'build', 'snippets-'));
const written = pages.flatMap((page) => {
  const own = path.join(folder, path.parse(page).dir, path.basename(page, '.md'));
  mkdirSync(own, { recursive: true });
  return programsOf(page).map(({ file, code, runs }) => {
    writeFileSync(path.join(own, file), code);
    return { page, file: path.join(own, file), runs };
  });
});
const programs = written.filter(({ runs }) => runs);

const home = process.cwd();
beforeAll(() => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test('every snippet type-checks', () => {
  const config = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, typeRoots: [path.join(root, 'node_modules', '@types')] },
    include: ['**/*.ts'],
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  // Lines are those of the page.
  expect(spawnSync(process.execPath, [tsc, '-p', folder], { cwd: folder, encoding: 'utf8' }).stdout).toBe('');
});

/** As a reader would run it, but for the number of steps: enough to go through all of it, not to learn. */
function shortened(file: string): string {
  const short = file.replace(/\.ts$/, '.short.ts');
  const code = readFileSync(file, 'utf8')
    .replaceAll(
      /\bsteps: ([\d_]+)/g,
      (_, steps: string) => `steps: ${Math.min(Number(steps.replaceAll('_', '')), 10_000)}`,
    )
    .replaceAll("from 'torsor'", `from ${JSON.stringify(path.join(root, 'lib', 'index.ts'))}`);
  writeFileSync(short, code);
  return short;
}

describe('every snippet runs', () => {
  test.each(programs.map(({ page, file }) => [`${page}, ${path.basename(file, '.ts')}`, file]))(
    '%s',
    async (_, file) => {
      process.chdir(path.dirname(file));
      // Each has a registry of its own.
      vi.resetModules();
      await import(shortened(file));
    },
  );
});
