// Trains in a folder for `train` and `resume`: Ctrl-C, what is said, the evaluation at the end, and the exit code.
import type { EvaluationSummary, RunOutcome } from '../runs/logger.js';
import { type Output, ProgressLogger } from '../runs/progress-logger.js';
import { RunFolder } from '../runs/run-folder.js';
import { summarize } from '../runs/session.js';
import { trainRun } from '../runs/train-run.js';
import type { PPO } from '../training/ppo.js';
import { exitCodes } from './command.js';
import { JsonLogger, writeEvent } from './json-logger.js';
import { evaluate } from './make-trainer.js';

/** What of a plan is needed once the trainer is made; `run.json` keeps some of it. */
export interface TrainingRequest {
  trainer: PPO;
  /** As typed. */
  env: string;
  model: string;
  seed: number;
  steps: number;
  folder: string;
  resume: boolean;
  checkpointEvery: number | undefined;
  keepAll: boolean;
  /** Of an evaluation at every checkpoint; 0: none. */
  evalEpisodes: number;
  json: boolean;
  /** What `run.json` had under this name already. */
  about?: Record<string, unknown>;
}

const finalEpisodes = 100;

/** The first Ctrl-C ends training in order; a second one ends the process, as it would without us. */
export async function runTraining(request: TrainingRequest, output: Output): Promise<number> {
  const { env, model, seed, trainer, steps, resume, checkpointEvery, keepAll, evalEpisodes } = request;
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => controller.abort(signal);
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const progress = new ProgressLogger(output);
    const outcome = await trainRun(trainer, {
      folder: request.folder,
      steps,
      resume,
      keepAll,
      signal: controller.signal,
      about: { ...request.about, seed, keepAll, evalEpisodes },
      loggers: [request.json ? new JsonLogger(output, { env, model, seed }) : progress],
      ...(checkpointEvery !== undefined && { checkpointEvery }),
      ...(evalEpisodes > 0 && { evaluate: (model) => evaluate(model, { env, seed, episodes: evalEpisodes }) }),
    });
    const interrupted = outcome.status === 'interrupted';
    const result = interrupted
      ? undefined
      : summarize(await evaluate(trainer.model, { env, seed, episodes: finalEpisodes }));
    if (result) await new RunFolder(request.folder).writeSummary({ ...outcome, evaluation: result });
    if (request.json) writeJson(request, output, outcome, result);
    else writeText(request, progress, outcome, result);
    if (!interrupted) return exitCodes.ok;
    return controller.signal.reason === 'SIGTERM' ? exitCodes.terminated : exitCodes.interrupted;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function writeJson(request: TrainingRequest, output: Output, outcome: RunOutcome, result?: EvaluationSummary): void {
  const { env, model, seed } = request;
  const folder = new RunFolder(request.folder);
  const { steps, seconds, status, best, parametersSha256 } = outcome;
  if (result) writeEvent(output, 'evaluation', result);
  writeEvent(output, 'done', {
    env,
    model,
    seed,
    steps,
    seconds,
    meanReturn: result?.meanReturn ?? null,
    checkpoint: folder.file('last'),
    standardError: result?.standardError ?? null,
    episodes: result?.episodes ?? 0,
    interrupted: status === 'interrupted',
    best: best && { ...best, checkpoint: folder.file('best') },
    parametersSha256,
    metrics: folder.file('metrics'),
    folder: folder.path,
  });
}

function writeText(
  request: TrainingRequest,
  progress: ProgressLogger,
  outcome: RunOutcome,
  result?: EvaluationSummary,
): void {
  const folder = new RunFolder(request.folder);
  if (result) {
    const { meanReturn, standardError, episodes } = result;
    progress.say(
      `Evaluation over ${episodes} episodes, deterministic: return ${meanReturn.toFixed(1)} ± ${standardError.toFixed(1)}`,
    );
  }
  progress.say(`Checkpoint  ${folder.file('last')}`);
  if (outcome.best) progress.say(`Best        ${folder.file('best')}`);
  progress.say(`Metrics     ${folder.file('metrics')}`);
  if (outcome.status === 'interrupted') progress.say(`Saved. To go on: npx torsor resume ${quoted(folder.path)}`);
  else progress.say(`To see it: npx torsor report ${quoted(folder.path)}`);
}

/** A path as a shell takes it. */
function quoted(file: string): string {
  return /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
