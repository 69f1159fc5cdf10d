// Actions given to a model to judge: their shape, and that the policy could have made them.
import type { NativeBuffer } from '../addon/native-memory.js';
import type { Bijector } from '../bijectors/bijector.js';
import { TorsorError } from '../core/errors.js';
import { sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { ofVectors } from './distribution.js';
import { type ArrayInput, onHost, readRows } from './inputs.js';
import type { Network } from './network.js';

/**
 * Actions for observations of the shape [...batch, …]. Discrete ones come back as int32 indices; float32 indices, which is what `act`
 * gives as latent, are taken too.
 */
export function readAction(
  network: Network,
  value: ArrayInput<'float32' | 'int32'>,
  batch: readonly number[],
  latent: boolean,
): Float32Array | Int32Array | NativeBuffer {
  const name = latent ? 'latent' : 'action';
  const rows = sizeOf(batch);
  if (network.discrete) return choices(name, network, value, batch, rows);
  const n = network.actionSize;
  const memory = readRows(name, value as ArrayInput<'float32'>, 'float32', batch, n, network.device);
  const numbers = onHost(memory, 'float32', rows * n);
  for (let i = 0; i < numbers.length; i++) {
    if (Number.isFinite(numbers[i])) continue;
    throw new TorsorError('NON_FINITE', `${name}: row ${Math.floor(i / n)}, dimension ${i % n} is ${numbers[i]}`);
  }
  if (!latent && network.actionSpace) checkRange(network.actionSpace, numbers, n);
  return memory;
}

function choices(
  name: string,
  network: Network,
  value: ArrayInput<'float32' | 'int32'>,
  batch: readonly number[],
  rows: number,
): Int32Array {
  const float = isFloat(value);
  const { shape, size } = network.actions;
  const choices = network.actions.choices as readonly number[];
  const memory = float
    ? readRows(name, value as ArrayInput<'float32'>, 'float32', batch, shape[0], network.device)
    : readRows(name, value as ArrayInput<'int32'>, 'int32', batch, shape[0], network.device);
  const numbers: ArrayLike<number> = float
    ? onHost(memory as Float32Array, 'float32', rows * size)
    : onHost(memory as Int32Array, 'int32', rows * size);
  for (let i = 0; i < rows * size; i++) {
    const [choice, count] = [numbers[i] as number, choices[i % size] as number];
    if (Number.isInteger(choice) && choice >= 0 && choice < count) continue;
    const at = `row ${Math.floor(i / size)}${shape.length > 0 ? `, component ${i % size}` : ''}`;
    throw new TorsorError('OUT_OF_RANGE', `${name}: ${at}: expected an integer from 0 to ${count - 1}, got ${choice}`);
  }
  return numbers instanceof Int32Array ? numbers : Int32Array.from(numbers);
}

function isFloat(value: ArrayInput<'float32' | 'int32'>): boolean {
  const data =
    typeof value === 'object' && value !== null && 'data' in value && !(value instanceof Tensor) ? value.data : value;
  return data instanceof Float32Array || (data instanceof Tensor && data.dtype === 'float32');
}

/** How far a reachable action may come back from the round trip; limits themselves, which are clipped, come back within 1e-6. */
const tolerance = 1e-4;

/** Throws OUT_OF_RANGE at the first action that no finite latent maps to: one that does not come back from the inverse and forward. */
function checkRange(bijector: Bijector, actions: Float32Array, n: number): void {
  const space = ofVectors(bijector);
  const given = { data: Float64Array.from(actions), shape: [actions.length / n, n] };
  const latents = space.inverse(given);
  const nearest = space.forward(latents).data;
  for (let i = 0; i < actions.length; i++) {
    const [want, got] = [given.data[i] as number, nearest[i] as number];
    const invertible = Number.isFinite(latents.data[i]);
    if (invertible && Math.abs(want - got) <= tolerance * (1 + Math.abs(want))) continue;
    const reach = invertible ? `the nearest it reaches is ${got}` : 'its inverse is not finite there';
    throw new TorsorError(
      'OUT_OF_RANGE',
      `action: row ${Math.floor(i / n)}, dimension ${i % n}: expected a number in the range of ${bijector.constructor.name}, got ${want}; ` +
        `${reach}. An action that act made is judged exactly by its latent, with latent: true`,
    );
  }
}
