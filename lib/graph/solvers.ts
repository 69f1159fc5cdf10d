// Solvers of differential equations by name.

/** Explicit Runge-Kutta methods of the native core. All but `euler` estimate their error. */
export const solvers = ['tsit5', 'dopri5', 'dopri8', 'bosh3', 'heun', 'midpoint', 'ralston', 'euler'] as const;

/** Runge-Kutta methods of a neural CDE. */
export type SolverName = (typeof solvers)[number];
