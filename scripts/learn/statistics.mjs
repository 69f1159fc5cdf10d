// The mean of a few seeds, and how well it is known.

/** Student's t at 0.975, by degrees of freedom from 1 on. */
const student = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093,
];

export const mostSeeds = student.length + 1;

/** Mean, and half the width of its 95 % interval by Student's t; NaN for a single value. */
export function meanOfSeeds(values) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, half: n > 1 ? student[n - 2] * Math.sqrt(variance / n) : Number.NaN };
}
