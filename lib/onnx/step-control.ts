// The control of adaptive steps in ONNX operators, row by row in float64: that of diffrax, with the numbers of native/math/step_control.h.
import type { Graph } from './graph.js';

const [relative, absolute, safety, nearTheEnd] = [1e-3, 1e-6, 0.9, 1e-10];
/** Of a first step. */
export const firstStep = 0.01;
/** Attempts of one solution, rejected ones included. */
export const mostAttempts = 4096;

/** The mean square of error / tolerance, [batch, 1]: below 1 a step is accepted. */
export function sizeOfError(g: Graph, error: string, before: string, after: string, latent: number): string {
  const larger = g.op('Max', [g.op('Abs', [before]), g.op('Abs', [after])]);
  const tolerance = g.op('Add', [g.op('Mul', [larger, relative]), absolute]);
  const scaled = g.op('Div', [error, tolerance]);
  return g.op('Mul', [g.sum(g.op('Mul', [scaled, scaled])), 1 / latent]);
}

/** By how much longer the next step is. An error that is no number shortens it as far as any error can. */
export function growth(g: Graph, square: string, accepted: string, order: number): string {
  const power = g.op('Mul', [g.op('Pow', [square, -0.5 / order]), safety]);
  const wanted = g.op('Where', [g.op('Less', [square, 1e300]), power, 0]);
  return g.op('Where', [accepted, g.op('Clip', [wanted, 1, 10]), g.op('Clip', [wanted, 0.2, 0.9])]);
}

/** Where the next step shall end: at the end if that is near, after a rejection half way to it. */
export function clippedToEnd(g: Graph, next: string, now: string, end: string, accepted: string): string {
  const middle = g.op('Add', [now, g.op('Mul', [g.op('Sub', [end, now]), 0.5])]);
  const near = g.op('Greater', [next, g.op('Sub', [end, nearTheEnd])]);
  return g.op('Where', [near, g.op('Where', [accepted, end, middle]), next]);
}
