// Classes by name: `Model.register('mine')`, `ActionSpace.create('box', …)`.
import { unknown } from './check.js';
import { TorsorError } from './errors.js';

/** Any class, abstract or not, whatever its constructor takes. */
export type AnyClass<T = unknown> = abstract new (...args: never[]) => T;

/** Names compare without case, spaces, underscores and hyphens: `SharedActorCritic` is `shared_actor-critic`. */
export function normalize(key: string): string {
  return key.replaceAll(/[ _-]/g, '').toLowerCase();
}

/**
 * Classes of one kind by name. A registration that fails leaves the registry as it was. Registering again a class of the same name
 * under the same key replaces it (a notebook cell run twice, a module loaded anew); any other second owner of a key, and any
 * second key of a class, is an error.
 */
export class Registry<T> {
  readonly #kind: string;
  readonly #classes = new Map<string, AnyClass<T>>();
  readonly #keys = new WeakMap<object, string>();

  /** `kind` is the word of messages, as in `model`. */
  constructor(kind: string) {
    this.#kind = kind;
  }

  /** Normalised keys, in the order of registration. */
  get names(): string[] {
    return [...this.#classes.keys()];
  }

  /**
   * A decorator that registers a class under `key` (its own name when absent) and returns it unchanged. It works as a standard
   * decorator `(cls, context)`, as a legacy one `(cls)` and as a plain call `register('mine')(Mine)`.
   */
  register(key?: string): <C extends AnyClass<T>>(cls: C, context?: unknown) => C {
    if (key !== undefined && typeof key !== 'string') {
      throw new TorsorError('INVALID_ARGUMENT', `name of a ${this.#kind}: expected a string, got ${typeof key}`);
    }
    return (cls) => {
      this.#add(key, cls);
      return cls;
    };
  }

  #add(key: string | undefined, cls: AnyClass<T>): void {
    if (typeof cls !== 'function' || cls.prototype === undefined) {
      throw new TorsorError('INVALID_ARGUMENT', `register a class as ${this.#kind}, not ${typeof cls}`);
    }
    const name = normalize(key ?? cls.name);
    const owner = this.#classes.get(name);
    if (owner !== undefined && owner !== cls && (owner.name !== cls.name || cls.name === '')) {
      throw new TorsorError(
        'DUPLICATE_NAME',
        `${this.#kind} "${name}" is already registered by class ${owner.name || '(anonymous)'}; registered: ${this.names.join(', ')}`,
      );
    }
    const other = this.#keys.get(cls);
    if (other !== undefined && other !== name) {
      throw new TorsorError(
        'DUPLICATE_NAME',
        `class ${cls.name} is already registered as ${this.#kind} "${other}"; it cannot also be "${name}"`,
      );
    }
    this.#classes.set(name, cls);
    this.#keys.set(cls, name);
  }

  has(key: string): boolean {
    return typeof key === 'string' && this.#classes.has(normalize(key));
  }

  get(key: string): AnyClass<T> {
    if (typeof key !== 'string') {
      throw new TorsorError('INVALID_ARGUMENT', `name of a ${this.#kind}: expected a string, got ${typeof key}`);
    }
    const cls = this.#classes.get(normalize(key));
    if (cls === undefined) {
      throw new TorsorError('UNKNOWN_NAME', `no ${this.#kind} is registered as ${unknown(key, this.names)}`);
    }
    return cls;
  }

  /** The key of a class or of an instance's class; undefined when it was never registered. */
  keyOf(value: object): string | undefined {
    return this.#keys.get(typeof value === 'function' ? value : value.constructor);
  }
}
