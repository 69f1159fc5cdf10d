// Bijectors of actions as ONNX operators, with log |det J|, in the forms of native/math/scalar_bijectors.h and maxnorm.h.
import type { BijectorSpec } from '../graph/heads.js';
import type { Graph } from './graph.js';

interface Mapped {
  value: string;
  /** [batch or 1, columns], to be summed; absent where it is 0. */
  logDet?: string;
}

type Parameters = readonly [string, string, string, string, string];

interface Step {
  graph: Graph;
  /** Names of the parameters in the order of the native struct, as many as it has, each [1, 1] or [1, width]. */
  parameters: Parameters;
  /** Dimensions of an action. */
  width: number;
}

type Map = (x: string, step: Step) => Mapped;

export interface BijectorExport {
  forward: Map;
  inverse: Map;
}

/** tanh and log(1 - tanh²) = 2 (log 2 - |x| - log(1 + exp(-2|x|))). */
function tanhTerms(g: Graph, x: string): Required<Mapped> {
  const size = g.op('Abs', [x]);
  const tail = g.op('Softplus', [g.op('Mul', [size, -2])]);
  const logDet = g.op('Mul', [g.op('Sub', [g.op('Sub', [Math.LN2, size]), tail]), 2]);
  return { value: g.op('Tanh', [x]), logDet };
}

/** The inverse, and -log(1 - y²) in factors that are exact near the ends. */
function atanhTerms(g: Graph, y: string): Required<Mapped> {
  const size = g.op('Abs', [y]);
  const rest = g.op('Mul', [g.op('Sub', [1, size]), g.op('Add', [1, size])]);
  return { value: g.op('Atanh', [y]), logDet: g.op('Neg', [g.op('Log', [rest])]) };
}

/** 1 - exp(-y) without cancellation: 2 t / (1 + t) with t = tanh(y / 2). */
function oneMinusExp(g: Graph, y: string): string {
  const t = g.op('Tanh', [g.op('Mul', [y, 0.5])]);
  return g.op('Div', [g.op('Mul', [t, 2]), g.op('Add', [t, 1])]);
}

/** sqrt(Σ x² + eps²), [batch, 1]. Its square may be too small for a float32; it is not below eps. */
function smoothNorm(g: Graph, x: string, eps: string): string {
  const squares = g.op('Add', [g.sum(g.op('Mul', [x, x])), g.op('Mul', [eps, eps])]);
  return g.op('Max', [g.op('Sqrt', [squares]), eps]);
}

/** tanh(r) / r, and the log-det of maxnorm at the radius r. */
function radialTerms(
  { graph: g, parameters: [, , , logScale], width }: Step,
  r: string,
): { stretch: string; logDet: string } {
  const { value, logDet } = tanhTerms(g, r);
  const stretch = g.op('Div', [value, r]);
  const across = g.op('Mul', [g.op('Log', [stretch]), width - 1]);
  return { stretch, logDet: g.op('Add', [g.op('Add', [across, logDet]), g.op('Mul', [logScale, width])]) };
}

export const bijectorExports: Readonly<Record<string, BijectorExport>> = {
  identity: { forward: (value) => ({ value }), inverse: (value) => ({ value }) },
  box: {
    forward(x, { graph: g, parameters: [centre, half, width, , logScale] }) {
      const { value, logDet } = tanhTerms(g, g.op('Div', [x, width]));
      return {
        value: g.op('Add', [g.op('Mul', [value, half]), centre]),
        logDet: g.op('Add', [logDet, logScale]),
      };
    },
    inverse(y, { graph: g, parameters: [centre, half, width, limit, logScale] }) {
      const u = g.op('Div', [g.op('Sub', [y, centre]), half]);
      const lowest = g.op('Neg', [limit]);
      const { value, logDet } = atanhTerms(g, g.op('Min', [g.op('Max', [u, lowest]), limit]));
      return { value: g.op('Mul', [value, width]), logDet: g.op('Sub', [logDet, logScale]) };
    },
  },
  tanh: { forward: (x, { graph }) => tanhTerms(graph, x), inverse: (y, { graph }) => atanhTerms(graph, y) },
  sigmoid: {
    // log sigmoid'(x) = -softplus(x) - softplus(-x)
    forward(x, { graph: g }) {
      const both = g.op('Add', [g.op('Softplus', [x]), g.op('Softplus', [g.op('Neg', [x])])]);
      return { value: g.op('Sigmoid', [x]), logDet: g.op('Neg', [both]) };
    },
    inverse(y, { graph: g }) {
      const [logY, logRest] = [g.op('Log', [y]), g.op('Log', [g.op('Sub', [1, y])])];
      return { value: g.op('Sub', [logY, logRest]), logDet: g.op('Neg', [g.op('Add', [logY, logRest])]) };
    },
  },
  softplus: {
    forward: (x, { graph: g }) => ({
      value: g.op('Softplus', [x]),
      logDet: g.op('Neg', [g.op('Softplus', [g.op('Neg', [x])])]),
    }),
    // x = y + log q with q = 1 - exp(-y) = dy/dx
    inverse(y, { graph: g }) {
      const logQ = g.op('Log', [oneMinusExp(g, y)]);
      return { value: g.op('Add', [y, logQ]), logDet: g.op('Neg', [logQ]) };
    },
  },
  exp: {
    forward: (x, { graph }) => ({ value: graph.op('Exp', [x]), logDet: x }),
    inverse(y, { graph: g }) {
      const x = g.op('Log', [y]);
      return { value: x, logDet: g.op('Neg', [x]) };
    },
  },
  scalar_affine: {
    forward: (x, { graph: g, parameters: [scale, shift, logScale], width }) => ({
      value: g.op('Add', [g.op('Mul', [x, scale]), shift]),
      logDet: everyColumn(g, logScale, width),
    }),
    inverse: (y, { graph: g, parameters: [scale, shift, logScale], width }) => ({
      value: g.op('Div', [g.op('Sub', [y, shift]), scale]),
      logDet: g.op('Neg', [everyColumn(g, logScale, width)]),
    }),
  },
  gumbel_cdf: {
    forward(x, { graph: g }) {
      const e = g.op('Exp', [g.op('Neg', [x])]);
      return { value: g.op('Exp', [g.op('Neg', [e])]), logDet: g.op('Neg', [g.op('Add', [x, e])]) };
    },
    // With l = -log y: x = -log l and log |dx/dy| = l - log l.
    inverse(y, { graph: g }) {
      const l = g.op('Neg', [g.op('Log', [y])]);
      const logL = g.op('Log', [l]);
      return { value: g.op('Neg', [logL]), logDet: g.op('Sub', [l, logL]) };
    },
  },
  maxnorm: {
    forward(x, step) {
      const {
        graph: g,
        parameters: [scale, eps],
      } = step;
      const { stretch, logDet } = radialTerms(step, smoothNorm(g, x, eps));
      return { value: g.op('Mul', [x, g.op('Mul', [stretch, scale])]), logDet };
    },
    inverse(y, step) {
      const {
        graph: g,
        parameters: [scale, eps, limit],
      } = step;
      const rho = smoothNorm(g, y, eps);
      const a = g.op('Atanh', [g.op('Min', [g.op('Div', [rho, scale]), limit])]);
      const { logDet } = radialTerms(step, smoothNorm(g, a, eps));
      return { value: g.op('Mul', [y, g.op('Div', [a, rho])]), logDet: g.op('Neg', [logDet]) };
    },
  },
};

function everyColumn(g: Graph, row: string, width: number): string {
  return g.op('Expand', [row, g.integers([1, width])]);
}

/** One bijector, for every group by itself where it has a size. Parameters of single dimensions are those of a bijector that mixes none. */
function applyStep(graph: Graph, { name, inverse, parameters, size }: BijectorSpec, x: string, width: number): Mapped {
  const map = (bijectorExports[name] as BijectorExport)[inverse ? 'inverse' : 'forward'];
  const rows = parameters.map((values) => graph.row(values)) as unknown as Parameters;
  if (size === undefined || parameters.some((values) => values.length > 1)) {
    return map(x, { graph, parameters: rows, width });
  }
  const inRowsOf = (columns: number, value: string): string =>
    graph.op('Reshape', [value, graph.integers([-1, columns])]);
  const { value, logDet } = map(inRowsOf(size, x), { graph, parameters: rows, width: size });
  const whole = inRowsOf(width, value);
  return logDet === undefined ? { value: whole } : { value: whole, logDet: inRowsOf(width / size, graph.sum(logDet)) };
}

/** Actions [batch, width] through a chain, and log |det J|, [batch, 1], or undefined where that is 0. */
export function applyChain(
  graph: Graph,
  chain: readonly BijectorSpec[],
  x: string,
  width: number,
): { action: string; logDet: string | undefined } {
  let action = x;
  let logDet: string | undefined;
  for (const step of chain) {
    const mapped = applyStep(graph, step, action, width);
    action = mapped.value;
    if (mapped.logDet === undefined) continue;
    const own = graph.sum(mapped.logDet);
    logDet = logDet === undefined ? own : graph.op('Add', [logDet, own]);
  }
  return { action, logDet };
}
