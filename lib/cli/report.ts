// `torsor report`: a page about a run.
import path from 'node:path';
import { writeReport } from '../runs/report/write-report.js';
import { type Command, exitCodes } from './command.js';
import { writeEvent } from './json-logger.js';
import { readOptions, word } from './options.js';

const options = { out: { type: 'string' }, json: { type: 'boolean', default: false } } as const;

export const reportCommand: Command = {
  summary: 'writes a page about a run: curves, losses, actions, settings',
  help: `torsor report FOLDER — writes a page about a run: curves, losses, actions, settings

  --out FILE    the page (default report.html in the folder)
  --json        one JSON object with its path
  --help        this text

The page is one HTML file that loads nothing, in light and dark. It can be written while the run goes on.`,
  async run(argv, output) {
    const { values, positionals } = readOptions(argv, options, 1);
    const folder = word(positionals, 'the folder of a run');
    const file = path.resolve(await writeReport(folder, values.out));
    if (values.json) writeEvent(output, 'report', { file });
    else output.write(`${file}\n`);
    return exitCodes.ok;
  },
};
