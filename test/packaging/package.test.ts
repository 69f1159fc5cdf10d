// What is published: the files that belong in the package, and declarations that a user's compiler accepts.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '..', '..');
let folder = '';
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the package holds sources, declarations and the install script, and nothing else', () => {
  // Under `npm test` the folder of npm is in the environment; --ignore-scripts, as dist/ is there already.
  const pack = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' });
  const [{ files }] = JSON.parse(pack.stdout) as [{ files: { path: string }[] }];
  const paths = files.map((file) => file.path);
  for (const needed of ['dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'CMakeLists.txt']) {
    expect(paths).toContain(needed);
  }
  expect(paths).toContain('native/napi/addon.cc');
  expect(paths).toContain('native/device/cuda/cuda.cmake');
  expect(paths).toContain('scripts/install.cjs');
  const allowed =
    /^(dist|native|prebuilds|node_modules\/node-gyp-build)\/|^(CMakeLists\.txt|LICENSE|README\.md|THIRD_PARTY_NOTICES\.md|package\.json|scripts\/install\.cjs)$/;
  expect(paths.filter((file) => !allowed.test(file))).toEqual([]);
});

const userCode = `
import { gaussian, Model, type ModelOutputs, type Node } from 'torsor';

@Model.register('decorated')
class Decorated extends Model<{ hidden: number }> {
  static override readonly defaults = { hidden: 8 };
  build(observation: Node): ModelOutputs {
    const features = observation.linear(this.options.hidden).tanh();
    const logStd = features.parameter('log_std', [this.options.actionSpaceSize]);
    return { policy: gaussian(features.linear(this.options.actionSpaceSize), { logStd }), value: features.linear(1) };
  }
}
export const Same: typeof Decorated = Model.register('called')(Decorated);
export const model: Decorated = Model.create<Decorated>('decorated', { observationSpaceSize: 3, actionSpaceSize: 1, hidden: 4 });
const shared = Model.create('SharedActorCritic', { observationSpaceSize: 3, actionSpaceSize: 1, architecture: [8] });
export const widths: readonly number[] = shared.options.architecture;
// @ts-expect-error: the size of an action is missing
Model.create('SharedActorCritic', { observationSpaceSize: 3 });
`;

test.each([
  ['standard decorators', 'user.ts', false],
  ['legacy decorators', 'user.ts', true],
  ['CommonJS', 'user.cts', false],
])("a user's code type-checks against the declarations: %s", (_, file, experimentalDecorators) => {
  folder = mkdtempSync(path.join(tmpdir(), 'torsor-types-'));
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(root, path.join(folder, 'node_modules', 'torsor'));
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(folder, file), userCode);
  const compilerOptions = {
    target: 'ES2023',
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    experimentalDecorators,
    typeRoots: [path.join(root, 'node_modules', '@types')],
    types: ['node'],
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const check = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  expect(check.stdout).toBe('');
  expect(check.status).toBe(0);
});
