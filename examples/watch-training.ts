// Train with checkpoints, logs and a report; interrupt the run and go on. `npm run example -- watch-training`
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  evaluatePolicy,
  type Logger,
  Model,
  NativeVectorEnvironment,
  PPO,
  ProgressLogger,
  trainRun,
  writeReport,
} from 'torsor';

// With RUN_FOLDER=runs/watched it is kept; `tensorboard --logdir runs/watched` shows it too.
const folder = process.env.RUN_FOLDER ?? (await mkdtemp(join(tmpdir(), 'torsor-example-')));

function makeTrainer(): PPO {
  const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 32, key: 1 });
  const model = Model.create('SharedActorCritic', {
    observationSpaceSize: 4,
    actionSpaceSize: 2,
    discrete: true,
    architecture: [32, 32],
    key: 2,
  });
  return new PPO({
    model,
    environment,
    key: 3,
    horizon: 64,
    rewardScale: 0.1,
    // The rate follows the KL divergence; the entropy counts less and less.
    learningRate: 1e-3,
    anneal: 'adaptive',
    entropyCoefficient: { from: 0.01, to: 0 },
  });
}

const judges = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 20, key: 4 });
const options = {
  folder,
  steps: 120_000,
  checkpointEvery: 20_000,
  // Says which checkpoint is best.
  evaluate: (model: Model<object>) => evaluatePolicy(model, judges, { episodes: 20 }),
};

// A logger is an object with any of begin, record, saved and end. This one interrupts the run half-way.
const controller = new AbortController();
const interrupting: Logger = {
  saved({ steps, score, best }) {
    console.log(`step ${steps}: evaluation ${score?.toFixed(0)}${best ? ', the best so far' : ''}`);
    if (steps > options.steps / 2) controller.abort();
  },
};
const { status } = await trainRun(makeTrainer(), { ...options, loggers: [interrupting], signal: controller.signal });
console.log(`${status}; a new trainer goes on from the folder`);

const trainer = makeTrainer();
const outcome = await trainRun(trainer, { ...options, resume: true, loggers: [new ProgressLogger()] });
console.log(`parameters ${outcome.parametersSha256.slice(0, 12)}…, the same as without the interruption`);
console.log((await readdir(folder)).sort().join(' '));
console.log(`report: ${await writeReport(folder)}`);
if (process.env.RUN_FOLDER === undefined) await rm(folder, { recursive: true });
