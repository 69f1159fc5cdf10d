// A run from where it begins, or is resumed, to where it ends: iterations, checkpoints, and calls of loggers. Internal.
import { TorsorError } from '../core/errors.js';
import type { Checkpoint } from '../io/checkpoint.js';
import type { Model } from '../models/model.js';
import type { Evaluation } from '../rollout/evaluate.js';
import type { TrainingMetrics } from '../training/metrics.js';
import { NonFiniteError } from '../training/non-finite.js';
import type { PPO } from '../training/ppo.js';
import { actionHistogram } from './action-histogram.js';
import { checkEvaluation } from './checks.js';
import type { EvaluationSummary, Logger, RunInfo, RunOutcome, RunRecord } from './logger.js';
import type { RunFolder, Score } from './run-folder.js';
import type { TrainedBefore } from './trained-before.js';

/** What an evaluation of a run has to say: that of `evaluatePolicy` does. */
export type RunEvaluation = Pick<Evaluation, 'meanReturn' | 'standardError' | 'returns' | 'lengths'>;

export interface SessionParts {
  trainer: PPO;
  folder: RunFolder;
  info: RunInfo;
  loggers: readonly Logger[];
  keepAll: boolean;
  before: TrainedBefore;
  evaluate: ((model: Model<object>) => Promise<RunEvaluation>) | undefined;
}

/** Episodes a mean return is over before it says which checkpoint is best: the first to end are the short ones. */
const leastEpisodes = 100;

export class Session {
  readonly #parts: SessionParts;
  #best: Score | null = null;
  /** The state after the last whole iteration, and the iteration whose state is on the disk. */
  #state: Checkpoint;
  #saved: number;
  #trained: TrainedBefore;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#state = parts.trainer.checkpoint();
    this.#saved = parts.trainer.iteration;
    this.#trained = parts.before;
  }

  async run(signal: AbortSignal | undefined): Promise<RunOutcome> {
    const { trainer, folder, info, before } = this.#parts;
    const best = await folder.readBest();
    if (best?.by === info.bestBy) this.#best = best;
    await folder.begin(info);
    // From the first moment on there is something to resume.
    if (trainer.iteration === 0) await folder.saveLast(this.#state, 0, false);
    try {
      const start = { info, iteration: trainer.iteration, steps: trainer.steps, seconds: before.seconds };
      await this.#tell((logger) => logger.begin?.(start));
      for await (const metrics of trainer.run({ steps: info.steps, ...(signal && { signal }) })) {
        await this.#after({ ...metrics, seconds: before.seconds + metrics.seconds });
      }
      // Where a run is interrupted must not decide which checkpoint is best: this one has no score.
      if (this.#saved < trainer.iteration) await this.#save(null);
    } catch (error) {
      await this.#fail(error);
      throw error;
    }
    return this.#end(trainer.steps >= info.steps ? 'finished' : 'interrupted');
  }

  async #after(metrics: TrainingMetrics): Promise<void> {
    const { trainer, info, evaluate } = this.#parts;
    const { seconds, meanReturn } = metrics;
    this.#trained = { seconds, meanReturn: Number.isNaN(meanReturn) ? null : meanReturn };
    this.#state = trainer.checkpoint();
    const { steps } = metrics;
    const passed = (at: number): number => Math.floor(at / info.checkpointEvery);
    const due = steps >= info.steps || passed(steps) > passed(steps - trainer.rollout.size);
    const record: RunRecord = { metrics };
    let score = this.#episodeScore(metrics);
    if (due) {
      record.actions = actionHistogram(trainer.rollout);
      if (evaluate !== undefined) {
        record.evaluation = summarize(checkEvaluation(await evaluate(trainer.model)));
        score = record.evaluation.meanReturn;
      }
    }
    // What is logged may be ahead of the checkpoint, and is then cut back; the other way round an iteration would be missing.
    await this.#tell((logger) => logger.record?.(record));
    if (due) await this.#save(score);
  }

  /** The mean return of the last episodes, where that is what counts and there are enough of them. */
  #episodeScore({ meanReturn, windowEpisodes }: TrainingMetrics): number | null {
    return this.#parts.info.bestBy === 'episodes' && windowEpisodes >= leastEpisodes ? meanReturn : null;
  }

  async #save(score: number | null): Promise<void> {
    const { trainer, folder, info, keepAll } = this.#parts;
    const { iteration, steps } = trainer;
    const best = score !== null && score > (this.#best?.score ?? Number.NEGATIVE_INFINITY);
    // The best one first: should the process end in between, the iteration is run again and finds itself the best.
    if (best) {
      this.#best = { score, by: info.bestBy, steps };
      await folder.saveBest(this.#state, this.#best);
    }
    await folder.saveLast(this.#state, steps, keepAll);
    this.#saved = iteration;
    await this.#tell((logger) => logger.saved?.({ path: folder.file('last'), iteration, steps, score, best }));
  }

  /** Writes what there is to write before the error goes on to the caller; an error in doing so must not hide it. */
  async #fail(error: unknown): Promise<void> {
    const { folder, info, trainer } = this.#parts;
    const attempt = (act: () => Promise<unknown>): Promise<unknown> => act().catch(() => undefined);
    if (error instanceof NonFiniteError) await attempt(() => folder.saveNonFinite(this.#state, error, info));
    else if (this.#saved < trainer.iteration) await attempt(() => folder.saveLast(this.#state, trainer.steps, false));
    const { code, message } = TorsorError.from(error);
    await attempt(() => this.#end('failed', { code, message }));
  }

  async #end(status: RunOutcome['status'], error?: RunOutcome['error']): Promise<RunOutcome> {
    const { trainer, folder } = this.#parts;
    const outcome: RunOutcome = {
      status,
      iteration: trainer.iteration,
      steps: trainer.steps,
      ...this.#trained,
      best: this.#best,
      parametersSha256: trainer.model.parameters.sha256,
      ...(error && { error }),
    };
    await folder.writeSummary(outcome);
    await this.#tell((logger) => logger.end?.(outcome));
    return outcome;
  }

  async #tell(call: (logger: Logger) => void | Promise<void> | undefined): Promise<void> {
    for (const logger of this.#parts.loggers) await call(logger);
  }
}

export function summarize({ meanReturn, standardError, returns, lengths }: RunEvaluation): EvaluationSummary {
  const meanLength = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  return { meanReturn, standardError, meanLength, episodes: returns.length };
}
