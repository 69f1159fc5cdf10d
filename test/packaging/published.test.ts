// The package as tools see it: package.json points at what is there, and every way to import it finds its types.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(path.join(tmpdir(), 'torsor-published-'));
// --ignore-scripts, as dist/ is there already.
spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
const tarball = readFileSync(path.join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) as string));
afterAll(() => rmSync(folder, { recursive: true }));

test('publint has nothing to say', async () => {
  const { buffer, byteOffset, byteLength } = tarball;
  const own = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  const { messages, pkg } = await publint({ pack: { tarball: own }, strict: true });
  expect(pkg?.name).toBe('torsor');
  expect(messages.map((message) => formatMessage(message, pkg as object))).toEqual([]);
});

test('types are found by every kind of resolution', async () => {
  const result = await checkPackage(createPackageFromTarballData(tarball));
  if (!result.types) throw new Error('there are no types in the package');
  // Every Node.js that package.json allows can require() an ES module, and there is nothing but ES modules.
  const intended = new Set(['CJSResolvesToESM']);
  expect(result.problems.filter(({ kind }) => !intended.has(kind))).toEqual([]);
  // Rule by rule: an exception that is not needed any more is removed.
  expect([...new Set(result.problems.map(({ kind }) => kind))]).toEqual([...intended]);
});

test('licences of what is inside are inside', () => {
  const notices = readFileSync(path.join(root, 'THIRD_PARTY_NOTICES.md'), 'utf8').replaceAll(/\s+/g, ' ');
  const { bundleDependencies, files } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  expect(files).toContain('THIRD_PARTY_NOTICES.md');
  // The headers are compiled into the addon.
  for (const name of [...bundleDependencies, 'node-addon-api', 'node-api-headers']) {
    const own = path.join(root, 'node_modules', name);
    const file = readdirSync(own).find((candidate) => /^licen[cs]e/i.test(candidate)) as string;
    const copyright = readFileSync(path.join(own, file), 'utf8').match(/Copyright.*/) as RegExpMatchArray;
    const { version } = JSON.parse(readFileSync(path.join(own, 'package.json'), 'utf8'));
    expect(notices).toContain(`${name} ${version}`);
    expect(notices).toContain(copyright[0]);
  }
});
