// The layer check must see every kind of wrong import in both languages, and nothing in a tree that has none.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { inspect } from '../../scripts/layers.mjs';

let root = '';
afterEach(() => rmSync(root, { recursive: true, force: true }));

function problems(files: Record<string, string>): string[] {
  root = mkdtempSync(path.join(tmpdir(), 'torsor-layers-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return inspect(root).problems;
}

test('a tree in order has no problem', () => {
  const files = {
    'lib/index.ts': "export { f } from './models/model.js';",
    'lib/models/model.ts': "import { g } from '../core/check.js';\n// import '../cli/main.js'\nconst url = 'http://x';",
    'lib/core/check.ts': 'export const g = 1;',
    'native/napi/addon.cc': '#include <napi.h>\n#include "program/run.h"\n',
    'native/program/run.h': '#include "math/fast.h"  // as CUDA does\n',
    'native/math/fast.h': '#include "number.h"\n#ifdef __CUDACC__\n#endif\n',
    'native/math/number.h': '',
    'native/device/cuda/tile.h': '#include <cuda_runtime.h>\n',
    'native/ops/linear.h': '#include "device/cuda/tile.h"\n',
  };
  expect(problems(files)).toEqual([]);
});

test.each([
  ["import { f } from '../models/model.js';", 'static'],
  ["import type { F } from '../models/model.js';", 'of a type'],
  ["export * from '../models/model.js';", 'exported again'],
  ["import '../models/model.js';", 'for its effect'],
  ["const m = await import('../models/model.js');", 'dynamic'],
])('an upward import in TypeScript is reported: %s (%s)', (line) => {
  const found = problems({ 'lib/core/check.ts': line, 'lib/models/model.ts': '' });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/lib\/core\/check\.ts.*'core' must not import 'models\/model\.ts'/);
});

test('an upward #include is reported, whether found from native/ or beside the file', () => {
  expect(problems({ 'native/math/fast.h': '#include "program/run.h"\n', 'native/program/run.h': '' })).toHaveLength(1);
  expect(problems({ 'native/ops/x.h': '#include "../training/y.h"\n', 'native/training/y.h': '' })).toHaveLength(1);
});

test('rooms of one row must not import each other both ways', () => {
  const one = { 'lib/envs/a.ts': "import '../rollout/b.js';", 'lib/rollout/b.ts': '' };
  expect(problems(one)).toEqual([]);
  const both = problems({ ...one, 'lib/rollout/b.ts': "import '../envs/a.js';" });
  expect(both).toHaveLength(1);
  expect(both[0]).toMatch(/'rollout' and 'envs' import each other/);
});

test('a room that DESIGN.md does not know is reported', () => {
  expect(problems({ 'lib/utils/misc.ts': '' })).toEqual(["lib/utils/misc.ts: DESIGN.md knows no room 'utils'"]);
});

test('the words of a device and of Node-API stay in their rooms', () => {
  const found = problems({
    'native/program/run.cc': 'int f();\nvoid g() { cudaMalloc(0, 0); }\n',
    'native/training/ppo.cc': '#include <napi.h>\n',
  });
  expect(found).toEqual([
    "native/program/run.cc:2: 'cuda' belongs in native/device/cuda/",
    "native/training/ppo.cc:1: 'napi' belongs in native/napi/",
  ]);
});
