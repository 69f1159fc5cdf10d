// Leaves those declarations in dist/ that a user's compiler reads: what index.d.ts speaks of, itself or through others.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const dist = path.join(import.meta.dirname, '..', 'dist');
const reached = new Set();

function reach(file) {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, from] of readFileSync(file, 'utf8').matchAll(/(?:\bfrom |\bimport\(|\bimport )'(\.[^']+)\.js'/g)) {
    reach(path.join(path.dirname(file), `${from}.d.ts`));
  }
}

reach(path.join(dist, 'index.d.ts'));
for (const name of readdirSync(dist, { recursive: true })) {
  const file = path.join(dist, name);
  if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file);
}
