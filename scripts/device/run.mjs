// Runs one stage of scripts/device.mjs: a command with a time limit, and what to make of its output.
import { spawn } from 'node:child_process';
import { root } from '../setup.mjs';
import { skipped } from '../skip.mjs';

const linesShown = 30;

/** The command's exit code, all it printed, and standard output alone. `limit` in seconds; at its end the command and its children are killed. */
function execute([command, ...args], env, limit) {
  return new Promise((resolve) => {
    const result = { code: null, late: false, output: '', stdout: '' };
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      detached: true, // a group of its own, which can be killed as a whole
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => {
      result.late = true;
      process.kill(-child.pid, 'SIGKILL');
    }, 1000 * limit);
    child.stdout.on('data', (text) => {
      result.stdout += text;
      result.output += text;
    });
    child.stderr.on('data', (text) => {
      result.output += text;
    });
    child.on('error', (error) => {
      result.output += error.message;
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ...result, code });
    });
  });
}

function outcomeOf({ code, late }) {
  if (late) return 'timed out';
  if (code === skipped) return 'skipped';
  return code === 0 ? 'passed' : 'failed';
}

/** `read(run)` of the stage gives {summary, details}: a few words for the table, and data for the JSON. */
function read(stage, run) {
  try {
    return stage.read?.(run) ?? {};
  } catch {
    return {}; // it did not get so far as to say anything: the outcome says why
  }
}

/** Never throws: {name, outcome: passed | failed | skipped | timed out | not run, seconds, summary, details, output: its last lines}. */
export async function runStage(stage, limit) {
  const { name } = stage;
  const nothing = { seconds: 0, summary: '', details: null, output: '' };
  if (stage.absent) return { name, outcome: 'skipped', ...nothing, summary: stage.absent };
  if (limit <= 0) return { name, outcome: 'not run', ...nothing, summary: 'no time was left' };
  const start = performance.now();
  const command = typeof stage.command === 'function' ? stage.command(limit) : stage.command;
  const run = await execute(command, stage.env, limit);
  const seconds = Number(((performance.now() - start) / 1000).toFixed(1));
  const lines = run.output.trimEnd().split('\n').slice(-linesShown);
  const { summary = '', details = null } = read(stage, run);
  return { name, outcome: outcomeOf(run), seconds, summary, details, output: lines.join('\n') };
}

/** A line of the table. */
export function row({ name, outcome, seconds, summary }) {
  return `${name.padEnd(20)} ${outcome.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s  ${summary}`.trimEnd();
}
