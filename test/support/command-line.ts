// The command line as a process of its own.
// Taken off first: the module runs by itself where the first of them is its own file.
const typed = process.argv.splice(1);
const { main } = await import('../../lib/cli/main.js');
process.exitCode = await main(typed);
