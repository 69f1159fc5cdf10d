// Policy heads in ONNX operators: an entry per head. Given the noise, an action is that of the native head.
import type { HeadName, HeadSpec } from '../graph/heads.js';
import { applyChain } from './bijectors.js';
import type { Graph } from './graph.js';
import type { DataType } from './messages.js';

export interface HeadStep {
  graph: Graph;
  head: HeadSpec;
  /** Names of what the head reads, each [batch, width]. */
  inputs: readonly string[];
  width: number;
  /** [batch, width]; null: the mean, or the likeliest choice. */
  noise: string | null;
  /** Booleans [batch, width]; null: everything is allowed. */
  mask: string | null;
}

export interface Acted {
  /** [batch, numbers of an action] */
  action: string;
  /** [batch, 1] */
  logProb: string;
}

export interface HeadExport {
  /** What samples take: standard normal numbers, Gumbel noise -log(-log(u)), or uniform numbers u in (0, 1]. */
  noise: 'normal' | 'gumbel' | 'uniform';
  /** Of actions; only integers can be masked, and have logits. */
  action: DataType & ('float32' | 'int32');
  act(step: HeadStep): Acted;
}

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

export const headExports: Readonly<Record<HeadName, HeadExport>> = {
  gaussian: {
    noise: 'normal',
    action: 'float32',
    act({ graph: g, head, inputs, width, noise }) {
      const [mean, scale] = inputs as [string, string];
      const [std, logStd] = head.scale === 'std' ? [scale, g.op('Log', [scale])] : [g.op('Exp', [scale]), scale];
      const latent = noise === null ? mean : g.op('Add', [mean, g.op('Mul', [std, noise])]);
      const peak = g.op('Sub', [-halfLogTwoPi, logStd]);
      const density = noise === null ? peak : g.op('Sub', [peak, g.op('Mul', [g.op('Mul', [noise, noise]), 0.5])]);
      const { action, logDet } = applyChain(g, head.bijectors ?? [], latent, width);
      const logProb = g.sum(density);
      return { action, logProb: logDet === undefined ? logProb : g.op('Sub', [logProb, logDet]) };
    },
  },
  categorical: {
    noise: 'gumbel',
    action: 'int32',
    act: ({ graph, inputs, noise, mask }) => choose(graph, allowed(graph, inputs[0] as string, mask), noise),
  },
  multi_categorical: {
    noise: 'gumbel',
    action: 'int32',
    act({ graph: g, head: { sizes = [] }, inputs, noise, mask }) {
      const logits = allowed(g, inputs[0] as string, mask);
      let end = 0;
      const choices = sizes.map((size) => {
        const first = end;
        end += size;
        return choose(g, g.columns(logits, first, end), noise && g.columns(noise, first, end));
      });
      return {
        action: g.concat(choices.map(({ action }) => action)),
        logProb: g.sum(g.concat(choices.map(({ logProb }) => logProb))),
      };
    },
  },
  bernoulli: {
    noise: 'uniform',
    action: 'int32',
    // All terms come from the tail exp(-|l|): P(0) = (1 or tail) / (1 + tail), log P = min(0, ±l) - log(1 + tail).
    act({ graph: g, inputs, noise, mask }) {
      const logit = allowed(g, inputs[0] as string, mask);
      const negative = g.op('Neg', [logit]);
      const exponent = g.op('Neg', [g.op('Abs', [logit])]);
      const tail = g.op('Exp', [exponent]);
      const numerator = g.op('Where', [g.op('Less', [logit, 0]), 1, tail]);
      const zero = g.op('Div', [numerator, g.op('Add', [tail, 1])]);
      const bit = noise === null ? g.op('Greater', [logit, 0]) : g.op('Greater', [noise, zero]);
      const own = g.op('Min', [g.op('Where', [bit, logit, negative]), 0]);
      return {
        action: g.cast(bit, 'int32'),
        logProb: g.sum(g.op('Sub', [own, g.op('Softplus', [exponent])])),
      };
    },
  },
};

function allowed(g: Graph, logits: string, mask: string | null): string {
  return mask === null ? logits : g.op('Where', [mask, logits, Number.NEGATIVE_INFINITY]);
}

/** One categorical: the first of the largest of logits plus noise. */
function choose(g: Graph, logits: string, noise: string | null): Acted {
  const scores = noise === null ? logits : g.op('Add', [logits, noise]);
  const index = g.op('ArgMax', [scores], { axis: { int: 1 } });
  const logProbs = g.op('LogSoftmax', [logits], { axis: { int: 1 } });
  return {
    action: g.cast(index, 'int32'),
    logProb: g.op('GatherElements', [logProbs, index], { axis: { int: 1 } }),
  };
}
