export interface MinimiseOptions {
  /** First step in each coordinate. */
  readonly steps: readonly number[];
  readonly evaluationsMax: number;
  /** Stop when the simplex's values differ by less than this. */
  readonly tolerance?: number;
}

export interface Minimum {
  readonly at: readonly number[];
  readonly value: number;
  readonly evaluations: number;
}

/**
 * Nelder and Mead's simplex search for a few coordinates and a function without derivatives (The Computer Journal 7
 * (1965) 308-313, their coefficients 1, 2, 1/2, 1/2). It never returns a worse point than it began with; values that
 * are no numbers count as Infinity.
 */
export function minimise(
  of: (point: readonly number[]) => number,
  start: readonly number[],
  { steps, evaluationsMax, tolerance = 1e-6 }: MinimiseOptions,
): Minimum {
  let evaluations = 0;
  const evaluate = (at: readonly number[]): Vertex => {
    evaluations++;
    const value = of(at);
    return { at, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value };
  };
  const dimensions = start.length;
  const simplex = [evaluate(start)];
  for (let d = 0; d < dimensions && evaluations < evaluationsMax; d++) {
    simplex.push(evaluate(start.map((x, i) => (i === d ? x + steps[d]! : x))));
  }
  simplex.sort(byValue);
  while (simplex.length === dimensions + 1 && evaluations < evaluationsMax) {
    const best = simplex[0]!;
    const worst = simplex[dimensions]!;
    if (worst.value - best.value <= tolerance) break;
    const centre = start.map((_, i) => mean(simplex.slice(0, dimensions).map(({ at }) => at[i]!)));
    const beyond = (by: number) => evaluate(centre.map((c, i) => c + by * (c - worst.at[i]!)));
    const reflected = beyond(1);
    if (reflected.value < best.value) {
      const expanded = beyond(2);
      simplex[dimensions] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[dimensions - 1]!.value) {
      simplex[dimensions] = reflected;
    } else {
      const contracted = reflected.value < worst.value ? beyond(0.5) : beyond(-0.5);
      if (contracted.value < Math.min(worst.value, reflected.value)) simplex[dimensions] = contracted;
      else shrink(simplex, evaluate);
    }
    simplex.sort(byValue);
  }
  const { at, value } = simplex[0]!;
  return { at, value, evaluations };
}

interface Vertex {
  readonly at: readonly number[];
  readonly value: number;
}

function shrink(simplex: Vertex[], evaluate: (at: readonly number[]) => Vertex): void {
  const best = simplex[0]!;
  for (let v = 1; v < simplex.length; v++) {
    simplex[v] = evaluate(simplex[v]!.at.map((x, i) => best.at[i]! + (x - best.at[i]!) / 2));
  }
}

function byValue(a: Vertex, b: Vertex): number {
  return a.value - b.value;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
