// How long does one step of a recurrent policy take: encoder, LSTM, sample, tanh, log-probability and value, for B environments whose carry
// passes from call to call, called from JavaScript?
import { lstmForwardFlops, lstmNetwork } from './workloads.mjs';

export const cases = [64, 1024].map((rows) => ({
  name: `E${lstmNetwork.encoder} H${lstmNetwork.units} B=${rows}`,
  bench: 'lstm-step',
  ...lstmNetwork,
  rows,
  flops: lstmForwardFlops(lstmNetwork) * rows,
}));
