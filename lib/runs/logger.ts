// What watches a run. Every method may be left out, so an object with one function is a callback.
import type { TrainingMetrics } from '../training/metrics.js';
import type { ActionHistogram } from './action-histogram.js';

/** What is known when a run begins; `run.json` holds it. */
export interface RunInfo {
  /** Version of torsor. */
  torsor: string;
  environment: { name: string; count: number };
  /** Name of the class as `Model.create` takes it, its options as JSON, and how many numbers are learned. */
  model: { type: string; options: Record<string, unknown>; parameters: number };
  device: string;
  simd: string;
  threads: number;
  /** Steps of all environments to reach. */
  steps: number;
  /** Steps from one checkpoint to the next. */
  checkpointEvery: number;
  /** What the best checkpoint is best at: the mean return of an evaluation, or of the last episodes of training. */
  bestBy: 'evaluation' | 'episodes';
  /** Every setting of the trainer. Schedules that are functions are their source text. */
  settings: Record<string, unknown>;
  /** What the caller wants to find again. */
  about: Record<string, unknown>;
}

/** Where a run begins: zeros, or the checkpoint it is resumed from. */
export interface RunStart {
  info: RunInfo;
  iteration: number;
  steps: number;
  /** Of training before, pauses between its sessions not counted. */
  seconds: number;
}

/** Of whole episodes. */
export interface EvaluationSummary {
  meanReturn: number;
  /** Of the mean. */
  standardError: number;
  meanLength: number;
  episodes: number;
}

/** One iteration. What is beside the metrics is there at checkpoints only. */
export interface RunRecord {
  /** `seconds` go on from those of the run before it was resumed: of training, pauses not counted. */
  metrics: TrainingMetrics;
  evaluation?: EvaluationSummary;
  actions?: ActionHistogram;
}

/** A checkpoint on the disk. */
export interface SavedCheckpoint {
  path: string;
  iteration: number;
  steps: number;
  /** Mean return by `RunInfo.bestBy`; null where there is none yet. */
  score: number | null;
  /** It became the best one too. */
  best: boolean;
}

/** How a run ended; `summary.json` holds it. */
export interface RunOutcome {
  status: 'finished' | 'interrupted' | 'failed';
  iteration: number;
  steps: number;
  /** Of training, as in the last metrics: those before the run was resumed included, pauses not. */
  seconds: number;
  /** Of the last episodes of training; null before the first. */
  meanReturn: number | null;
  /** Null where no checkpoint has had a score. */
  best: { score: number; by: RunInfo['bestBy']; steps: number } | null;
  /** Of the model as it ended. */
  parametersSha256: string;
  /** Of the model as it ended; `torsor train` and `torsor resume` add it to summary.json. */
  evaluation?: EvaluationSummary;
  /** What ended a run that failed. */
  error?: { code: string; message: string };
}

/** Calls come in this order, and the next one waits for a promise returned. What a logger throws ends the run, after it is saved. */
export interface Logger {
  begin?(start: RunStart): void | Promise<void>;
  /** After every iteration. */
  record?(record: RunRecord): void | Promise<void>;
  /** After a checkpoint was written; that of an iteration follows its record. */
  saved?(checkpoint: SavedCheckpoint): void | Promise<void>;
  end?(outcome: RunOutcome): void | Promise<void>;
}
