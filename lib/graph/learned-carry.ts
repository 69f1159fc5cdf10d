// Whether gradients have anywhere to go back through time.
import type { ProgramSpec } from './program.js';

/** Whether what a program carries from step to step depends on its parameters. A window of past observations does not. */
export function carriesLearned({ states = [], instructions }: ProgramSpec): boolean {
  const learned = new Set<number>();
  let known = -1;
  // A state may depend on parameters by way of another: once more until nothing is found.
  while (known < learned.size) {
    known = learned.size;
    instructions.forEach(({ inputs, parameters }, i) => {
      const reads = parameters.some((name) => name !== null) || inputs.some((input) => learned.has(input));
      if (reads) learned.add(1 + states.length + i);
    });
    for (const { value, next } of states) if (learned.has(next)) learned.add(value);
  }
  return states.some(({ value }) => learned.has(value));
}
