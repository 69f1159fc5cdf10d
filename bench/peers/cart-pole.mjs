// CartPole-v1 as a user would write it in JavaScript, for benchmarks of environments.
import { Box, Discrete } from '../../dist/index.js';

class CartPole {
  observationSpace = new Box(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, [4]);
  actionSpace = new Discrete(2);
  #x = 0;
  #velocity = 0;
  #angle = 0;
  #spin = 0;
  #steps = 0;

  reset({ seed = 0 } = {}) {
    // One linear congruence, spread over the four numbers; benchmarks need no better ones.
    const word = (k) => (((Math.imul(seed + k, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5) / 10;
    [this.#x, this.#velocity, this.#angle, this.#spin] = [word(1), word(2), word(3), word(4)];
    this.#steps = 0;
    return [this.#observe(), {}];
  }

  step(action) {
    const force = action === 1 ? 10 : -10;
    const [cosine, sine] = [Math.cos(this.#angle), Math.sin(this.#angle)];
    const pushed = (force + 0.05 * this.#spin ** 2 * sine) / 1.1;
    const turned = (9.8 * sine - cosine * pushed) / (0.5 * (4 / 3 - (0.1 * cosine ** 2) / 1.1));
    this.#x += 0.02 * this.#velocity;
    this.#velocity += 0.02 * (pushed - (0.05 * turned * cosine) / 1.1);
    this.#angle += 0.02 * this.#spin;
    this.#spin += 0.02 * turned;
    const fell = Math.abs(this.#x) > 2.4 || Math.abs(this.#angle) > 0.20943951023931953;
    return [this.#observe(), 1, fell, ++this.#steps >= 500, {}];
  }

  #observe() {
    return [this.#x, this.#velocity, this.#angle, this.#spin];
  }
}

export const make = () => new CartPole();
