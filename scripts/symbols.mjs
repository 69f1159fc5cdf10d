// Fails when two instruction sets could share a function. The linker keeps one copy of an inline function, perhaps the AVX-512 one,
// and an older machine would crash in it; so every weak symbol of a *.simd.cc object must carry its set's namespace.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root } from './setup.mjs';
import { skip } from './skip.mjs';

/** Weak symbols in the output of `nm -C` that are not `torsor::<isa>`'s own. */
export function shared(symbols, isa) {
  return symbols
    .split('\n')
    .filter((line) => / [WVu] /.test(line) && !line.includes(`torsor::${isa}::`))
    .map((line) => line.replace(/^\S* *[WVu] /, ''))
    .filter((symbol) => !symbol.startsWith('DW.ref.')); // a pointer to the personality routine: data, the same in all
}

function main() {
  if (spawnSync('nm', ['--version']).status !== 0) skip('nm (binutils) was not found');
  const builds = path.join(root, 'build', 'CMakeFiles');
  let objects = 0;
  const problems = [];
  for (const isa of ['baseline', 'v3', 'v4']) {
    const folder = path.join(builds, `torsor_${isa}.dir`);
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder, { recursive: true }).filter((each) => each.endsWith('.o'))) {
      objects++;
      const { stdout } = spawnSync('nm', ['-C', path.join(folder, name)], { encoding: 'utf8', maxBuffer: 1 << 28 });
      problems.push(...shared(stdout, isa).map((symbol) => `${isa}: ${name}: ${symbol}`));
    }
  }
  for (const problem of problems) console.error(problem);
  if (objects === 0) problems.push('no objects: run `npm run build:native` first');
  console.log(`symbols: ${objects} objects, ${problems.length === 0 ? 'none shared' : problems.at(-1)}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) main();
