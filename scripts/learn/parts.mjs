// The two tables, each a part of the results: every environment for the steps of its preset, and those that others published for as many steps as
// theirs had.
import { environments } from './environments.mjs';

/** Rows are environments; steps that are undefined are those of the preset. */
export const parts = {
  presetSteps: { rows: Object.keys(environments), stepsOf: () => undefined },
  peerSteps: {
    rows: Object.keys(environments).filter((env) => environments[env].peer !== undefined),
    stepsOf: (env) => environments[env].peer.steps,
  },
};
