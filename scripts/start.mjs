// `npm start [-- OPTIONS]`: sets up what is missing, then trains (`torsor train OPTIONS`).
import { setupOrExit } from './setup.mjs';

const options = process.argv.slice(2);
// With --json standard output belongs to the JSON lines.
await setupOrExit({ say: options.includes('--json') ? console.error : console.log });
const { main } = await import('../dist/cli/main.js');
process.exitCode = await main(['train', ...options]);
