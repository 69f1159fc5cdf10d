// `npm run golden -- [PATH…] [--device cpu|cuda] [--json]`: compares torsor with the numbers of reference implementations.
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type DeviceChoice, resolveDevice } from '../../lib/addon/load.js';
import { document, summary, table } from './report.js';
import { exitCode, type FileReport, runFile } from './runner.js';

const usage = `usage: npm run golden -- [PATH…] [--device cpu|cuda] [--json]

Paths are golden vectors in the format of test/golden/README.md, or folders of them; without any, all of test/golden. Exit code 0:
everything in them was compared and is within tolerance. 1: something is not, or is not supported. 2: a file cannot be read.`;

/** The vectors that are kept here, by the reference they are of. */
export const ownFolders = ['jaxdem', 'lerax'].map((name) => path.join(import.meta.dirname, name));

/** The vectors of a folder and of those within it, seen from `base`. */
export function vectorsIn(folder: string, base = ''): string[] {
  return readdirSync(path.resolve(base, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => path.join(folder, name));
}

/** Returns the exit code. */
export async function main(args: readonly string[], print: (text: string) => void = console.log): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { device: { type: 'string', default: 'cpu' }, json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    return await run(positionals, values.device, values.json, print);
  } catch (error) {
    print(`golden: ${(error as Error).message}\n${usage}`);
    return 2;
  }
}

async function run(files: string[], choice: string, json: boolean, print: (text: string) => void): Promise<number> {
  const device = resolveDevice(choice as DeviceChoice);
  // npm runs scripts in the folder of the package, and keeps in INIT_CWD where the user is.
  const base = (process.env.npm_lifecycle_event === 'golden' && process.env.INIT_CWD) || process.cwd();
  const isFolder = (given: string): boolean =>
    statSync(path.resolve(base, given), { throwIfNoEntry: false })?.isDirectory() === true;
  const given = files.length > 0 ? files : ownFolders.map((folder) => path.relative(base, folder));
  const reports: FileReport[] = [];
  for (const file of given.flatMap((each) => (isFolder(each) ? vectorsIn(each, base) : [each]))) {
    const report = { ...(await runFile(path.resolve(base, file), device)), file };
    reports.push(report);
    if (!json) print(`${table(report)}\n`);
  }
  print(json ? document(reports, device) : summary(reports));
  return exitCode(reports);
}
