// The one error type of torsor: a stable code for programs, a sentence for people.

/** Codes are stable: programs may compare them. */
export type ErrorCode =
  | 'UNKNOWN_NAME'
  | 'DUPLICATE_NAME'
  | 'UNKNOWN_OPTION'
  | 'MISSING_OPTION'
  | 'INVALID_ARGUMENT'
  | 'INVALID_SHAPE'
  | 'INVALID_DTYPE'
  | 'INVALID_DEVICE'
  | 'DISPOSED'
  | 'OUT_OF_RANGE'
  | 'INVALID_MASK'
  | 'NON_FINITE'
  | 'CORRUPT_FILE'
  | 'UNSUPPORTED'
  | 'UNSUPPORTED_VERSION'
  | 'DEVICE_UNAVAILABLE'
  | 'DEVICE_LOST'
  | 'ADDON_NOT_FOUND'
  | 'ENVIRONMENT_FAILED'
  | 'ABORTED'
  | 'IO'
  | 'OUT_OF_MEMORY'
  | 'NATIVE';

const codes: ReadonlySet<string> = new Set<ErrorCode>([
  'UNKNOWN_NAME',
  'DUPLICATE_NAME',
  'UNKNOWN_OPTION',
  'MISSING_OPTION',
  'INVALID_ARGUMENT',
  'INVALID_SHAPE',
  'INVALID_DTYPE',
  'INVALID_DEVICE',
  'DISPOSED',
  'OUT_OF_RANGE',
  'INVALID_MASK',
  'NON_FINITE',
  'CORRUPT_FILE',
  'UNSUPPORTED',
  'UNSUPPORTED_VERSION',
  'DEVICE_UNAVAILABLE',
  'DEVICE_LOST',
  'ADDON_NOT_FOUND',
  'ENVIRONMENT_FAILED',
  'ABORTED',
  'IO',
  'OUT_OF_MEMORY',
  'NATIVE',
]);

/** Whatever goes wrong in torsor for a reason a caller can act on. `message` names the argument, what was expected and what came. */
export class TorsorError extends Error {
  override readonly name = 'TorsorError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Anything thrown, as a TorsorError: the native core throws plain errors that carry one of our codes. */
  static from(error: unknown): TorsorError {
    if (error instanceof TorsorError) return error;
    const { message } = (error ?? {}) as { message?: unknown };
    return new TorsorError(codeOf(error), typeof message === 'string' ? message : String(error), { cause: error });
  }
}

function codeOf(error: unknown): ErrorCode {
  // V8's words for an array that is too long: 'Invalid typed array length: …', 'Array buffer allocation failed'.
  if (error instanceof RangeError && /array/i.test(error.message)) return 'OUT_OF_MEMORY';
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && codes.has(code) ? (code as ErrorCode) : 'NATIVE';
}
