// writeReport: the page of a run, as a file.
import { writeWholeFile } from '../../io/files.js';
import { RunFolder } from '../run-folder.js';
import { reportPage } from './page.js';
import { readRecords } from './series.js';

/**
 * Writes one self-contained HTML page about the run in `folder`: learning curves, losses, divergences, schedules, actions and settings. It can be
 * written while the run goes on.
 *
 * @returns the path of the page, `report.html` in the folder unless `file` names another.
 * @throws TorsorError IO, CORRUPT_FILE, UNSUPPORTED_VERSION
 */
export async function writeReport(folder: string, file?: string): Promise<string> {
  const run = new RunFolder(folder);
  const info = await run.readInfo();
  const [outcome, records] = [await run.readSummary(), await readRecords(run.file('metrics'))];
  const page = reportPage({ folder: run.path, info, outcome, records });
  const target = file ?? run.file('report');
  await writeWholeFile(target, [new TextEncoder().encode(page)]);
  return target;
}
