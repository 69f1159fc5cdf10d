// trainRun: a trainer, its checkpoints in a folder, and those who watch it.
import { addon } from '../addon/load.js';
import { boolean, options as checkOptions, positiveInteger, required } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { torsorVersion } from '../core/package.js';
import { exists } from '../io/files.js';
import { Model } from '../models/model.js';
import type { PPO } from '../training/ppo.js';
import { checkParts } from './checks.js';
import { CsvLogger } from './csv-logger.js';
import { JsonLinesLogger } from './json-lines-logger.js';
import { lockRun } from './lock.js';
import type { Logger, RunInfo, RunOutcome } from './logger.js';
import { RunFolder } from './run-folder.js';
import { type RunEvaluation, Session } from './session.js';
import { TensorBoardLogger } from './tensorboard-logger.js';
import { trainedBefore } from './trained-before.js';

/** Options of `trainRun`. */
export interface TrainRunOptions {
  /**
   * Where checkpoints and logs go; made where it is missing. What an earlier run wrote there is removed, unless `resume`; other files stay. A
   * folder whose run.json is not torsor's is refused where it has a file that bears the name of one of a run's.
   */
  folder: string;
  /** Steps of all environments to reach, those before a resumption included. */
  steps: number;
  /** Go on from `last.safetensors` of the folder. The trainer is to be made as it was. Default false. */
  resume?: boolean;
  /** Steps from one checkpoint to the next. Default: a twentieth of `steps`. */
  checkpointEvery?: number;
  /** Keep every checkpoint as `checkpoints/<steps>.safetensors` too. Default false. */
  keepAll?: boolean;
  /**
   * Evaluates the model at every checkpoint: `(model) => evaluatePolicy(model, environments of its own)`. Its mean return says then which
   * checkpoint is best; without it, that of the last episodes of training does, once there are a hundred of them. A resumed run that scores in the
   * other way looks for its best checkpoint anew.
   */
  evaluate?: (model: Model<object>) => Promise<RunEvaluation>;
  /** Besides metrics.jsonl, progress.csv and tensorboard/ in the folder. */
  loggers?: readonly Logger[];
  /** Ends the run after the iteration under way; it is saved and can be resumed. */
  signal?: AbortSignal;
  /** An object that `run.json` keeps under `about`, of what JSON can hold. */
  about?: Record<string, unknown>;
}

const names = ['folder', 'steps', 'resume', 'checkpointEvery', 'keepAll', 'evaluate', 'loggers', 'signal', 'about'];

/**
 * Trains, and keeps in `folder` what is needed to watch the run, to resume it, and to use what it learned: `last.safetensors` and
 * `best.safetensors`, written so that a process killed at any moment leaves whole files; `run.json`; metrics as JSON lines, CSV and
 * TensorBoard events; `summary.json` at the end. A run that was resumed equals one that was never interrupted, bit for bit on one machine,
 * where the environments can restore their state.
 *
 * Where an update is not finite, `non-finite.safetensors` holds the state before that iteration and the minibatch, as arrays `minibatch/…`
 * (`StoppedMinibatch`), and `non-finite.json` where it was and what was measured; `last.safetensors` stays the checkpoint before. Every other error leaves the last whole iteration in `last.safetensors`. For both, a
 * copy of the state before every iteration is kept in memory: about three times the parameters.
 *
 * @throws NonFiniteError; TorsorError IO, CORRUPT_FILE, INVALID_ARGUMENT (also where another process trains in the folder, or it is no run's); whatever a logger, an environment or `evaluate` throws.
 */
export async function trainRun(trainer: PPO, options: TrainRunOptions): Promise<RunOutcome> {
  checkOptions('trainRun', options, names);
  required('trainRun', 'folder', options?.folder);
  const steps = positiveInteger('steps', options.steps);
  const every = positiveInteger('checkpointEvery', options.checkpointEvery ?? Math.max(1, Math.ceil(steps / 20)));
  const resume = boolean('resume', options.resume ?? false);
  const keepAll = boolean('keepAll', options.keepAll ?? false);
  checkParts(trainer, options);
  const folder = new RunFolder(options.folder);
  if (!resume && trainer.iteration > 0) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `trainer: expected a new one, or resume: true, got one after ${trainer.iteration} iterations`,
    );
  }
  if (!resume) await folder.make();
  else if (!(await exists(folder.file('last')))) {
    throw new TorsorError('IO', `${folder.file('last')} is not there: nothing can be resumed`);
  }
  const unlock = lockRun(folder.lock);
  try {
    await folder.checkOwned();
    if (resume) await trainer.load(folder.file('last'));
    const bestBy = options.evaluate === undefined ? 'episodes' : 'evaluation';
    const info = describe(trainer, { steps, checkpointEvery: every, bestBy, about: options.about ?? {} });
    const own = [
      new JsonLinesLogger(folder.file('metrics')),
      new CsvLogger(folder.file('progress')),
      new TensorBoardLogger(folder.file('tensorboard')),
    ];
    const loggers = [...own, ...(options.loggers ?? [])];
    const before = await trainedBefore(folder.file('metrics'), trainer.steps);
    const session = new Session({ trainer, folder, info, loggers, keepAll, before, evaluate: options.evaluate });
    if (resume) await folder.removeTemporary();
    else await folder.clear();
    return await session.run(options.signal);
  } finally {
    unlock();
  }
}

function describe(trainer: PPO, more: Pick<RunInfo, 'steps' | 'checkpointEvery' | 'bestBy' | 'about'>): RunInfo {
  const { model, environment, settings } = trainer;
  const { simd, threads } = addon(model.device);
  return {
    torsor: torsorVersion(),
    environment: { name: environment.name, count: environment.count },
    model: {
      type: Model.registered(model.typeName)?.name ?? model.typeName,
      options: model.metadata,
      parameters: model.parameters.count,
    },
    device: model.device,
    simd,
    threads: threads(),
    ...more,
    settings: { ...settings },
  };
}
