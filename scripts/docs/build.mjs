// `npm run docs`: the site, from docs/ and the docstrings of what lib/index.ts exports, into docs-site/.
// Fails where a link is broken or a docstring missing.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setupOrExit } from '../setup.mjs';

await setupOrExit({ only: ['dependencies'] });
const { Application, TSConfigReader, TypeDocReader } = await import('typedoc');

const options = path.join(import.meta.dirname, 'typedoc.json');
const app = await Application.bootstrapWithPlugins({ options, logLevel: 'Warn' }, [
  new TypeDocReader(),
  new TSConfigReader(),
]);
const clean = () => !app.logger.hasErrors() && !app.logger.hasWarnings();
const project = await app.convert();
if (project !== undefined) app.validate(project);
if (project !== undefined && clean()) {
  const out = app.options.getValue('out');
  rmSync(out, { recursive: true, force: true });
  await app.generateOutputs(project);
  if (clean()) console.log(`the site: ${path.relative('', out)}/index.html`);
}
process.exitCode = project !== undefined && clean() ? 0 : 1;
