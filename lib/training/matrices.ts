// Which parameters of a model are matrices.
import type { Model } from '../models/model.js';

/** [offset, rows, columns] of every matrix among the parameters: what Muon orthogonalises. */
export function matricesOf(model: Model<object>): Int32Array {
  return Int32Array.from(
    model.program.parameters.flatMap(({ offset, shape }) => (shape.length === 2 ? [offset, ...shape] : [])),
  );
}
