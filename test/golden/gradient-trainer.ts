// Native training steps on gradients of our choice: how the optimisers are compared through the trainer itself.

import { addon, type Device } from '../../lib/addon/load.js';
import type { NativeModel } from '../../lib/addon/native-model.js';
import type { NativeRollout } from '../../lib/addon/native-rollout.js';
import type { NativeOptimizerConfig, NativePpoConfig, NativeTrainer } from '../../lib/addon/native-training.js';
import { layout } from '../../lib/graph/layout.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { type FileArray, floats } from './format.js';
import { plainUpdate } from './native-update.js';

export type Arrays = Record<string, FileArray>;

/** All parameters in one arena, as in a model. */
export class Arena {
  readonly count: number;
  readonly #placed: { name: string; shape: number[]; offset: number }[];

  constructor(arrays: Arrays) {
    const { placed, count } = layout(Object.entries(arrays).map(([name, { shape }]) => ({ name, shape })));
    this.#placed = placed;
    this.count = count;
  }

  fill(arrays: Arrays): Float32Array {
    const flat = new Float32Array(this.count);
    for (const { name, offset } of this.#placed) flat.set(floats(arrays[name] as FileArray), offset);
    return flat;
  }

  slice(flat: Float32Array, name: string): Float32Array {
    const { offset, shape } = this.#placed.find((p) => p.name === name) as { offset: number; shape: number[] };
    return flat.subarray(offset, offset + sizeOf(shape));
  }

  /** What Muon takes: [offset, rows, columns] of all matrices. */
  get matrices(): Int32Array {
    return Int32Array.from(this.#placed.filter((p) => p.shape.length === 2).flatMap((p) => [p.offset, ...p.shape]));
  }
}

/**
 * A native trainer whose gradient is what we want it to be. Its model is value = observation · kernel with a kernel of zeros, so that
 * for a value target of -1 the gradient of the value loss is the observation itself, and the policy has no parameters.
 */
export class GradientTrainer {
  readonly #arena: Arena;
  readonly #config: NativePpoConfig;
  readonly #model: NativeModel;
  readonly #rollout: NativeRollout;
  readonly #trainer: NativeTrainer;

  constructor(arena: Arena, optimizer: NativeOptimizerConfig, maxGradNorm: number, device: Device) {
    const { Model, Rollout, Trainer } = addon(device);
    this.#arena = arena;
    this.#config = { ...plainUpdate.config, maxGradNorm };
    this.#model = new Model({
      widths: [arena.count, 1, 1],
      instructions: [
        { op: 'slice', inputs: [0], output: 1, parameters: [], constants: [0] },
        { op: 'linear', inputs: [0], output: 2, parameters: [0, -1], variant: 'identity' },
      ],
      head: { kind: 'categorical', inputs: [1] },
      value: 2,
      parameterCount: arena.count,
    });
    this.#rollout = new Rollout(this.#model, 1, 1);
    this.#trainer = new Trainer(this.#model, optimizer, arena.matrices);
  }

  /** Norm of the gradient before it is clipped, and the step taken. Starting from zero shows a step to its last digit. */
  async step(gradient: Float32Array, learningRate: number): Promise<{ norm: number; update: Float32Array }> {
    this.#model.writeParameters(new Float32Array(this.#arena.count), 0);
    const key = { seedLow: 0, seedHigh: 0, stream: 0, counter: 0 };
    this.#rollout.bindAct(gradient, null, new Int32Array(1), key);
    this.#rollout.act(0);
    this.#rollout.bindRecord(Float32Array.of(-1), Uint8Array.of(1), Uint8Array.of(0), gradient);
    this.#rollout.record(0);
    this.#rollout.finish(gradient);
    const { gradNorm } = await this.#trainer.update(this.#rollout, this.#config, learningRate, key);
    const update = new Float32Array(this.#arena.count);
    this.#model.readParameters(update, 0);
    return { norm: gradNorm, update };
  }

  dispose(): void {
    this.#trainer.dispose();
    this.#rollout.dispose();
    this.#model.dispose();
  }
}
