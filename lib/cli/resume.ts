// `torsor resume`: goes on with a run where its last checkpoint is.
import type { DeviceChoice } from '../addon/load.js';
import { TorsorError } from '../core/errors.js';
import { NativeVectorEnvironment } from '../envs/native-vector-environment.js';
import { Model } from '../models/model.js';
import { RunFolder } from '../runs/run-folder.js';
import { PPO } from '../training/ppo.js';
import { scheduledSettings } from '../training/ppo-options.js';
import type { PPOSettings } from '../training/ppo-settings.js';
import { type Command, exitCodes } from './command.js';
import { keysOf } from './make-trainer.js';
import { count, readOptions, word } from './options.js';
import { runTraining } from './run-training.js';

const options = {
  steps: { type: 'string' },
  device: { type: 'string' },
  'checkpoint-every': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const resumeCommand: Command = {
  summary: 'goes on with a run that was interrupted or killed',
  help: `torsor resume FOLDER — goes on with a run that was interrupted or killed

  --steps N               steps of all environments to reach, those made included (default: those the run was started with)
  --checkpoint-every N    steps from one checkpoint to the next (default: as before)
  --device NAME           cpu, cuda, cuda:1 …, or auto (default: as before)
  --json                  as of torsor train
  --help                  this text

The run goes on from last.safetensors, with everything in it: parameters, optimiser, schedules, random numbers and environments. On the CPU
it ends with the same bits as one that was never interrupted. With other --steps, schedules that follow the share done are stretched.
A run that was killed while it was evaluated at its end is evaluated.`,
  async run(argv, output) {
    const { values, positionals } = readOptions(argv, options, 1);
    const typed = count('--steps', values.steps, 1);
    const every = count('--checkpoint-every', values['checkpoint-every'], 1);
    const folder = new RunFolder(word(positionals, 'the folder of a run'));
    const info = await folder.readInfo();
    const steps = typed ?? info.steps;
    const { environment, about } = info;
    const seed = Number(about.seed ?? 1);
    const trainer = await remake(folder, values.device ?? info.device);
    const ended = await folder.readSummary();
    // Without its evaluation a run was killed during it: it is resumed where it ended, and evaluated.
    if (ended?.status === 'finished' && ended.evaluation !== undefined && trainer.steps >= steps) {
      const event = { event: 'finished', steps: trainer.steps, folder: folder.path };
      const text = `This run has reached its ${steps} steps; --steps N goes on to N`;
      output.write(`${values.json ? JSON.stringify(event) : text}\n`);
      return exitCodes.ok;
    }
    return runTraining(
      {
        trainer,
        env: environment.name,
        model: info.model.type,
        seed,
        steps,
        folder: folder.path,
        resume: true,
        checkpointEvery: every ?? info.checkpointEvery,
        keepAll: about.keepAll === true,
        evalEpisodes: Number(about.evalEpisodes ?? (info.bestBy === 'evaluation' ? 100 : 0)),
        json: values.json,
        about,
      },
      output,
    );
  },
};

/** The trainer of a run with native environments, in the state of its last checkpoint. */
async function remake(folder: RunFolder, device: string): Promise<PPO> {
  const { environment, settings, about } = await folder.readInfo();
  for (const name of scheduledSettings) {
    if (typeof settings[name] !== 'string') continue;
    throw new TorsorError(
      'UNSUPPORTED',
      `${folder.file('run')}: settings.${name} is a function of the program that made this run; resume it there, with trainRun(…, { resume: true })`,
    );
  }
  if (!NativeVectorEnvironment.names.includes(environment.name)) {
    throw new TorsorError(
      'UNSUPPORTED',
      `${folder.file('run')}: ${environment.name} is no native environment; resume this run in the program that made it, with trainRun(…, { resume: true })`,
    );
  }
  const key = keysOf(Number(about.seed ?? 1));
  const where = { device: device as DeviceChoice };
  const model = await Model.load(folder.file('last'), where);
  const environments = new NativeVectorEnvironment({ ...environment, ...where, key: key.environment });
  const trainer = new PPO({
    model,
    environment: environments,
    key: key.trainer,
    ...(settings as Partial<PPOSettings>),
  });
  await trainer.load(folder.file('last'));
  return trainer;
}
