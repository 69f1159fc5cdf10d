// What the documentation says besides TypeScript: links lead somewhere, commands exist, and no error is left without an explanation.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocksOf, pages, readPage, root } from './pages.js';

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...readPage(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  const prose = readPage(page).replaceAll(/^```[\s\S]*?^```/gm, '');
  const broken = [...prose.matchAll(/\]\(([^)]+)\)/g)]
    .map(([, target]) => target as string)
    .filter((target) => !/^https?:/.test(target))
    .filter((target) => {
      const [file = '', anchor] = target.split('#');
      const linked = file === '' ? page : path.join(path.dirname(page), file);
      if (!existsSync(path.join(root, linked))) return true;
      return anchor !== undefined && linked.endsWith('.md') && !anchorsOf(linked).includes(anchor);
    });
  expect(broken).toEqual([]);
});

test('every page of docs/ is listed on the first of them, and in the site', () => {
  const there = readdirSync(path.join(root, 'docs')).filter((file) => file !== 'README.md');
  const listed = [...readPage('docs/README.md').matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, file]) => file);
  expect(listed.toSorted()).toEqual(there.toSorted());
  const { projectDocuments } = JSON.parse(readPage('scripts/docs/typedoc.json')) as { projectDocuments: string[] };
  expect(projectDocuments.map((file) => path.basename(file)).toSorted()).toEqual(there.toSorted());
});

test('nearly all TypeScript is run: few blocks are for the eye alone', () => {
  const shown = pages.flatMap((page) => blocksOf(page).filter(({ language }) => /^(ts|js|typescript)$/.test(language)));
  const idle = shown.filter(({ language, info }) => language !== 'ts' || info.includes('fragment'));
  expect(shown.length).toBeGreaterThan(30);
  expect(idle.length).toBeLessThanOrEqual(3);
});

test('every error code has an explanation', () => {
  const source = readFileSync(path.join(root, 'lib', 'core', 'errors.ts'), 'utf8');
  const codes = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code);
  const explained = [...readPage('docs/troubleshooting.md').matchAll(/^### (\w+)\n(.+)/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(20);
  expect(explained.toSorted()).toEqual(codes.toSorted());
});

describe('commands', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const lines = pages.flatMap((page) =>
    blocksOf(page)
      .filter(({ language }) => language === 'sh')
      .flatMap(({ code }) => code.map((line) => line.replace(/#.*/, '').trim())),
  );
  const matches = (pattern: RegExp) => lines.flatMap((line) => [...line.matchAll(pattern)]);

  test('of npm exist', () => {
    const named = [...matches(/\bnpm run (?:--?\w+ )*([\w:]+)/g), ...matches(/\bnpm (start|test)\b/g)];
    expect(named.length).toBeGreaterThan(3);
    expect(named.map(([, name]) => name as string).filter((name) => !(name in scripts))).toEqual([]);
    const examples = matches(/\bnpm run example -- ([\w-]+)/g).map(([, name]) =>
      path.join(root, 'examples', `${name}.ts`),
    );
    expect(examples.filter((file) => !existsSync(file))).toEqual([]);
  });

  const torsor = matches(/\b(?:npx torsor|npm start(?: --\w+)* --) (.*)/g).map(([all, rest]) => {
    const words = (rest as string).split(/\s+/);
    return {
      command: all.startsWith('npm') ? 'train' : (words[0] as string),
      options: words.filter((word) => /^--\w/.test(word)),
    };
  });
  test.each([...new Set(torsor.map(({ command }) => command))])('of torsor exist: %s', (command) => {
    const main = path.join(root, 'dist', 'cli', 'main.js');
    const help = spawnSync(process.execPath, [main, command, '--help'], { encoding: 'utf8' });
    expect(help.stderr).toBe('');
    const used = torsor.filter((line) => line.command === command).flatMap(({ options }) => options);
    expect(used.filter((option) => !help.stdout.includes(option))).toEqual([]);
  });
});
