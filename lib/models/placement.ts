// Where, in which precision and by what a model computes. None of it is part of what the model is, so no file keeps it.
import { cublas, cudnn, type Device, type DeviceChoice, resolveDevice } from '../addon/load.js';
import { boolean, oneOf } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

/** What the operands of matrix products are rounded to; see `PlacementOptions.precision`. */
export type Precision = 'float32' | 'tf32' | 'bf16';

/** See `PlacementOptions.lstm`. */
export type LstmBy = 'auto' | 'cudnn' | 'torsor';

/** See `PlacementOptions.products`. */
export type ProductsBy = 'auto' | 'cublas' | 'torsor';

/** Where and in which precision a model computes, of every model and of `Model.load`. */
export interface PlacementOptions {
  /** Default: `cpu`. */
  device?: DeviceChoice;
  /**
   * On a GPU, `tf32` and `bf16` let its tensor cores form the matrix products of linear layers and of the LSTM, forward and backward: they round
   * both operands, to 11 and to 8 significant bits, and add up in float32. A sum of n products is then off by at most (2u + u² + n 2^-22) times
   * the sum of their sizes, with u = 2^-11 for `tf32` and 2^-8 for `bf16`. Parameters, activations, heads, losses and optimisers stay float32.
   * Default: `float32`, the only one of the CPU. Files do not keep it.
   */
  precision?: Precision;
  /**
   * Who runs an LSTM over sequences (`sequence: true`, and training) on a GPU: `cudnn` takes all steps at once, cut where episodes end; `torsor`
   * are our own kernels, which take them one by one; `auto` is the faster of the two where `devices()` shows cuDNN, the model lets it and the
   * precision is not `bf16`, else our own. The first call of a size measures both, see `model.kernels`. A model lets it with one `lstm`, nothing
   * else that it carries, and more than one step; single steps never are cuDNN's. The two agree to rounding (with `tf32` to that: cuDNN may use it
   * too); only ours promise the same bits at every run and with `remat`. Default: `auto`. Files do not keep it.
   */
  lstm?: LstmBy;
  /**
   * Who forms the matrix products on a GPU, of rows that are one step and of what lies around an LSTM by cuDNN: `torsor` are our own kernels, which carry
   * a tile of rows through all layers at once; `cublas` is cuBLASLt, for which all rows go through a layer before the next begins; `auto` is the
   * faster of the two where `devices()` shows cuBLAS and there is enough to do. The first call of a size measures both, see `model.kernels`. Where a
   * tile does not fit a multiprocessor, our own kernels go by layers too. The ways agree to rounding; with `tf32` and `bf16` that of cuBLAS is
   * NVIDIA's, not the bound above. Windows and neural_cde have our own kernels, and so have sequences and gradients of a model with a memory unless
   * cuDNN runs it. Default: `auto`. Files do not keep it.
   */
  products?: ProductsBy;
  /**
   * Whether results have to repeat bit for bit. They always do, on the same machine with the same options, except on a GPU where `auto` measures
   * what is faster, which another run may find otherwise, and where cuDNN runs an LSTM, which does not promise it: `true` makes both our own
   * kernels, and `lstm: 'cudnn'` or `products: 'cublas'` an error; nothing is measured. It does not concern how a policy acts, for which `act` and `bind` have an
   * option of that name. Default: false. Files do not keep it.
   */
  deterministic?: boolean;
}

/** Ways to run calls of a size that a model has measured on its GPU. */
export interface KernelChoice {
  /**
   * `act`, `forward`, `evaluate`, `gradient of inputs` (what `model.gradient` gives), or of training `gradient` and `forward where wanted`, which are
   * the values where an episode was cut.
   */
  purpose: string;
  /** Of the call that was measured; the choice holds for all that have as many, rounded up to a power of two. `rows` are those of a step. */
  rows: number;
  steps: number;
  /** What each way took, the fastest of three runs. Infinity: there was no memory for it. */
  microseconds: Record<string, number>;
  /** The way that runs from there on. */
  taken: string;
}

export interface Placement {
  readonly device: Device;
  readonly precision: Precision;
  readonly lstm: LstmBy;
  readonly products: ProductsBy;
}

export const placementOptions = ['device', 'precision', 'lstm', 'products', 'deterministic'] as const;

/**
 * @throws TorsorError DEVICE_UNAVAILABLE, also for a cuDNN or cuBLAS that is not here; UNKNOWN_NAME; UNSUPPORTED for a precision that the device or
 * cuDNN does not have; INVALID_ARGUMENT for what contradicts itself.
 */
export function resolvePlacement(options: PlacementOptions): Placement {
  const { precision: wanted, lstm: by } = options;
  const device = resolveDevice(options.device);
  const precision = oneOf('precision', wanted ?? 'float32', ['float32', 'tf32', 'bf16'] as const);
  if (device === 'cpu' && precision !== 'float32') {
    throw new TorsorError(
      'UNSUPPORTED',
      `precision: '${precision}' needs the tensor cores of device 'cuda', and this model is on the cpu, which computes in float32`,
    );
  }
  const lstm = oneOf('lstm', by ?? 'auto', ['auto', 'cudnn', 'torsor'] as const);
  const products = oneOf('products', options.products ?? 'auto', ['auto', 'cublas', 'torsor'] as const);
  const deterministic = boolean('deterministic', options.deterministic ?? false);
  const unsteady = lstm === 'cudnn' ? "lstm: 'cudnn'" : products === 'cublas' ? "products: 'cublas'" : null;
  if (deterministic && unsteady !== null) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `deterministic: true wants the same bits at every run, which ${unsteady} does not promise; use 'torsor', or leave one of the two out`,
    );
  }
  if (lstm === 'cudnn') checkCudnn(device, precision);
  if (products === 'cublas') checkLibrary('products', 'cublas', device, cublas);
  return deterministic
    ? { device, precision, lstm: 'torsor', products: 'torsor' }
    : { device, precision, lstm, products };
}

function checkCudnn(device: Device, precision: Precision): void {
  if (device !== 'cpu' && precision === 'bf16') {
    throw new TorsorError(
      'UNSUPPORTED',
      "lstm: 'cudnn' has float32 and tf32 here, and precision is 'bf16'; use lstm 'torsor'",
    );
  }
  checkLibrary('lstm', 'cudnn', device, cudnn);
}

function checkLibrary(option: string, name: string, device: Device, open: typeof cudnn): void {
  const refuse = (why: string): TorsorError => new TorsorError('DEVICE_UNAVAILABLE', `${option}: '${name}' ${why}`);
  if (device === 'cpu') throw refuse("runs on device 'cuda', and this model is on the cpu");
  const found = open(device);
  if ('problem' in found) throw refuse(`is not available: ${found.problem}, or use ${option} 'torsor'.`);
}

/** What the native core is told; cuDNN is looked for only where there is an LSTM. */
export function lstmOf({ device, precision, lstm }: Placement, hasLstm: boolean): string {
  if (lstm === 'cudnn') return 'library';
  const may = lstm === 'auto' && hasLstm && device !== 'cpu' && precision !== 'bf16';
  return may && 'version' in cudnn(device) ? 'faster' : 'kernels';
}

/** The same of matrix products; the native core looks for cuBLAS itself, once a call is large enough. */
export function productsOf({ device, products }: Placement): string {
  if (products === 'cublas') return 'library';
  return products === 'auto' && device !== 'cpu' ? 'faster' : 'kernels';
}
