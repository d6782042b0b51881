import type { LinearProgramme, LinearSolution, LinearSolver } from "../../../simulator/base/linear-programme.ts";

/**
 * An independent solver for small programmes: the simplex tableau with a large price on artificial columns, and Bland's
 * rule, so that it ends. Limits must be 0 or more.
 */
export const simplex: LinearSolver = (programme) => {
  const { costs, rows } = programme;
  const slacks = rows.filter(({ relation }) => relation === "<=").length;
  const width = costs.length + slacks + rows.length;
  const large = 1e4 * Math.max(1, ...costs.map(Math.abs));
  let slack = costs.length;
  const basis: number[] = [];
  const tableau = rows.map((row, r) => {
    const line = new Array<number>(width + 1).fill(0);
    row.columns.forEach((column, i) => {
      line[column]! += row.coefficients[i]!;
    });
    if (row.relation === "<=") line[slack] = 1;
    const artificial = costs.length + slacks + r;
    if (row.relation === "=") line[artificial] = 1;
    basis.push(row.relation === "<=" ? slack++ : artificial);
    line[width] = row.limit;
    return line;
  });
  const priceOf = (column: number) =>
    column < costs.length ? costs[column]! : column < costs.length + slacks ? 0 : large;
  for (;;) {
    const reduced = (column: number) =>
      priceOf(column) - tableau.reduce((sum, line, r) => sum + priceOf(basis[r]!) * line[column]!, 0);
    const entering = [...Array(costs.length + slacks).keys()].find((column) => reduced(column) < -1e-9);
    if (entering === undefined) return solutionOf(programme, tableau, basis, width, costs.length + slacks);
    let leaving = -1;
    let least = Number.POSITIVE_INFINITY;
    tableau.forEach((line, r) => {
      if (line[entering]! <= 1e-9) return;
      const ratio = line[width]! / line[entering]!;
      if (ratio < least - 1e-12 || (ratio < least + 1e-12 && basis[r]! < basis[leaving]!)) {
        least = ratio;
        leaving = r;
      }
    });
    if (leaving < 0) throw new Error("unbounded");
    pivot(tableau, leaving, entering);
    basis[leaving] = entering;
  }
};

function pivot(tableau: number[][], row: number, column: number): void {
  const by = tableau[row]![column]!;
  const own = tableau[row]!.map((value) => value / by);
  tableau[row] = own;
  tableau.forEach((line, r) => {
    if (r === row || line[column] === 0) return;
    const factor = line[column]!;
    for (let i = 0; i < line.length; i++) line[i]! -= factor * own[i]!;
  });
}

function solutionOf(
  { costs, rows }: LinearProgramme,
  tableau: readonly (readonly number[])[],
  basis: readonly number[],
  width: number,
  real: number,
): LinearSolution | null {
  const x = new Array<number>(costs.length).fill(0);
  for (const [r, column] of basis.entries()) {
    const value = tableau[r]![width]!;
    if (column >= real && value > 1e-7) return null;
    if (column < costs.length) x[column] = value;
  }
  const objective = x.reduce((sum, value, i) => sum + costs[i]! * value, 0);
  return { objective, x, duals: rows.map(() => Number.NaN) };
}
