// `torsor export`: a checkpoint as a file for other programs.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Model } from '../models/model.js';
import { checkpointPath } from './checkpoint-path.js';
import { type Command, exitCodes } from './command.js';
import { writeEvent } from './json-logger.js';
import { count, readOptions, UsageError, word } from './options.js';

const options = {
  onnx: { type: 'string' },
  sample: { type: 'boolean', default: false },
  mask: { type: 'boolean', default: false },
  substeps: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const exportCommand: Command = {
  summary: 'writes the policy of a checkpoint as an ONNX file',
  help: `torsor export WHAT --onnx FILE — writes the policy of a checkpoint as an ONNX file

WHAT is a checkpoint, or the folder of a run: its best checkpoint then, or the last where there is no best one.

  --onnx FILE     the file to write
  --sample        actions are samples, given an input 'noise' (default: the mean, or the likeliest choice)
  --mask          an input 'action_mask'; discrete actions only
  --substeps N    of a neural CDE with adaptive steps: N equal steps between observations instead, which are faster
  --json          one JSON object with its path, size and the checkpoint it came from
  --help          this text

Inputs: observation [batch, size], and carry.… of a policy that remembers, zeros where an episode begins. Outputs: action (within the
limits of the action space), log_prob, value, of discrete actions logits, and next_carry.… for the next step.`,
  async run(argv, output) {
    const { values, positionals } = readOptions(argv, options, 1);
    const typed = word(positionals, 'a checkpoint or the folder of a run');
    if (values.onnx === undefined) throw new UsageError('--onnx FILE is missing');
    const substeps = count('--substeps', values.substeps, 1);
    const checkpoint = await checkpointPath(typed);
    const file = path.resolve(values.onnx);
    const model = await Model.load(checkpoint);
    await model.exportOnnx(file, {
      deterministic: !values.sample,
      actionMask: values.mask,
      ...(substeps !== undefined && { substeps }),
    });
    const { size } = await stat(file);
    if (values.json) writeEvent(output, 'export', { file, bytes: size, checkpoint });
    else output.write(`${file}\n`);
    return exitCodes.ok;
  },
};
