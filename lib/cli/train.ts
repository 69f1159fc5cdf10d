// `torsor train`: makes environments and a model, trains, saves, evaluates, and says where everything is.
import { RunFolder } from '../runs/run-folder.js';
import type { Command } from './command.js';
import { makeTrainer } from './make-trainer.js';
import { readPlan } from './plan.js';
import { runTraining } from './run-training.js';

export const trainCommand: Command = {
  summary: 'trains a policy with PPO and saves it',
  help: `torsor train — trains a policy with PPO and saves it

  --env NAME              environment (default Pendulum-v1; also CartPole-v1, CartPoleMasked-v1, PendulumMasked-v1, RepeatPrevious-k4, …)
  --model NAME            model (default SharedActorCritic, where a memory is needed LSTMActorCritic; also ActorCritic, MinGRUActorCritic,
                          MLPActorCriticPolicy, NCDEActorCriticPolicy)
  --preset NAME           the defaults of another library: cleanrl, cleanrl-continuous, sb3, rsl_rl, pufferlib, jaxdem
                          (default: settings of ours for the environment)
  --set KEY=VALUE         a setting of PPO, as --set learningRate=1e-3 --set sampling=prioritized --set 'clipRatio={"from":0.2,"to":0.05}';
                          any number of them
  --seed N                where all randomness comes from (default 1)
  --steps N               steps of all environments together (default: those of the preset)
  --environments N        environments side by side (default: those of the preset)
  --device NAME           cpu, cuda, cuda:1 …, or auto (default cpu)
  --out FOLDER            where the run goes (default runs/<env>-<model>-<seed>)
  --checkpoint-every N    steps from one checkpoint to the next (default: a twentieth of all)
  --keep-all              keep every checkpoint, as checkpoints/<steps>.safetensors
  --eval-episodes N       evaluate with N episodes at every checkpoint; the best checkpoint is then that with the best evaluation,
                          and without it that with the best mean return of the last hundred episodes of training
  --config FILE           JSON with any of: env, model, modelOptions, preset, seed, steps, environments, device, out, checkpointEvery,
                          keepAll, evalEpisodes, settings; what is typed wins over it
  --json                  every line of output is one JSON object; the last is {"event":"done",…}
  --help                  this text

The folder holds last.safetensors and best.safetensors (also of a process that was killed), run.json, metrics.jsonl, progress.csv,
tensorboard/ and, at the end, summary.json. A finished run in it is replaced, the files of an unfinished one are moved to FOLDER-1 (or -2, …);
all other files stay. A folder that has a file of such a name, but no run.json of torsor, is refused.

Ctrl-C ends training after the iteration under way and saves it; 'torsor resume FOLDER' goes on. A second Ctrl-C ends at once.
A loss or gradient that is not finite ends training too; non-finite.safetensors and non-finite.json hold what led to it.`,
  async run(argv, output) {
    const plan = await readPlan(argv);
    const trainer = makeTrainer(plan);
    const kept = await new RunFolder(plan.out).setAside();
    if (kept !== null && !plan.json)
      output.write(`There was an unfinished run in ${plan.out}; it is kept in ${kept}\n`);
    return runTraining({ ...plan, trainer, folder: plan.out, resume: false }, output);
  },
};
