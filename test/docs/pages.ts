// Pages of documentation as programs: fenced blocks of TypeScript, in files whose lines are those of the page.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.join(import.meta.dirname, '..', '..');

/** Everything written for readers, relative to the root. */
export const pages = [
  ...['README.md', 'CONTRIBUTING.md'],
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export interface Block {
  language: string;
  /** Words behind the language. */
  info: readonly string[];
  /** Of its first line of code, from 0. */
  line: number;
  code: readonly string[];
}

export interface Program {
  /** Name of its file, and where it is from. */
  file: string;
  code: string;
  /** Whether it is run, or only imported by others of its page. */
  runs: boolean;
}

export function readPage(page: string): string {
  return readFileSync(path.join(root, page), 'utf8');
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; info: string[]; line: number; code: string[] } | undefined;
  readPage(page)
    .split('\n')
    .forEach((text, line) => {
      const fence = /^```(.*)$/.exec(text);
      if (fence === null) open?.code.push(text);
      else if (open !== undefined) {
        blocks.push(open);
        open = undefined;
      } else {
        const [language = '', ...info] = (fence[1] as string).trim().split(/\s+/);
        open = { language, info, line: line + 1, code: [] };
      }
    });
  return blocks;
}

/**
 * Blocks `ts` of a page are one program from top to bottom. `ts new` begins another one, `ts file=NAME` is a file that the others import,
 * and `ts fragment` is for the eye alone.
 */
export function programsOf(page: string): Program[] {
  const programs: { file: string; lines: string[]; runs: boolean; imported: Set<string> }[] = [];
  const add = (file: string, runs: boolean) => {
    programs.push({ file, runs, lines: [], imported: new Set() });
    return programs.at(-1) as (typeof programs)[number];
  };
  let current: (typeof programs)[number] | undefined;
  for (const { language, info, line, code } of blocksOf(page)) {
    if (language !== 'ts' || info.includes('fragment')) continue;
    const name = info.find((word) => word.startsWith('file='))?.slice('file='.length);
    if (name === undefined && (current === undefined || info.includes('new'))) {
      current = add(`${path.basename(page, '.md')}.${line}.ts`, true);
    }
    const program = name === undefined ? (current as (typeof programs)[number]) : add(name, false);
    while (program.lines.length < line) program.lines.push('');
    program.lines.push(...code.map((text) => withoutKnown(text, program.imported)));
  }
  return programs.map(({ file, lines, runs }) => ({ file, runs, code: `${lines.join('\n')}\nexport {};\n` }));
}

/** A block imports what it uses, also where one above has imported it already. */
function withoutKnown(line: string, imported: Set<string>): string {
  return line.replace(/^import \{(.*)\} from (.*)$/, (_, names: string, source: string) => {
    const fresh = names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !imported.has(name));
    for (const name of fresh) imported.add(name);
    return fresh.length === 0 ? '' : `import { ${fresh.join(', ')} } from ${source}`;
  });
}
