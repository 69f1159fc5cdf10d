// A native object that calls off the JavaScript thread may be at work on: it is freed when the last of them has ended.
import { TorsorError } from '../core/errors.js';
import { callAsync } from './load.js';

export class Held<N extends { dispose(): void }> {
  readonly #name: string;
  #native: N | undefined;
  #calls = 0;

  /** `name` stands in errors, as in `this trainer was disposed`. */
  constructor(name: string, native: N) {
    this.#name = name;
    this.#native = native;
  }

  /** @throws TorsorError DISPOSED */
  get native(): N {
    if (this.#native === undefined) throw new TorsorError('DISPOSED', `this ${this.#name} was disposed`);
    return this.#native;
  }

  /** Keeps the object until the call has ended. One that was disposed of meanwhile gives no result: its promise is rejected with DISPOSED. */
  async during<T>(run: (native: N) => Promise<T>): Promise<T> {
    const { native } = this;
    this.#calls++;
    try {
      const result = await callAsync(() => run(native));
      this.native;
      return result;
    } finally {
      this.#calls--;
      if (this.#native === undefined && this.#calls === 0) native.dispose();
    }
  }

  dispose(): void {
    const native = this.#native;
    this.#native = undefined;
    if (this.#calls === 0) native?.dispose();
  }
}
