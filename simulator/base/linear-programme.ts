/** A linear programme as plain data, and as text for solvers. The solver itself is an adapter. */

/** Minimise the sum of cost × x, with x of 0 or more. */
export interface LinearProgramme {
  /** By column. */
  readonly costs: readonly number[];
  readonly rows: readonly LinearRow[];
}

/** Sum of coefficient × x of some columns, compared with a limit. */
export interface LinearRow {
  readonly columns: readonly number[];
  readonly coefficients: readonly number[];
  readonly relation: "<=" | "=";
  readonly limit: number;
}

/** An optimum. */
export interface LinearSolution {
  readonly objective: number;
  /** By column. */
  readonly x: readonly number[];
  /** By row: change of the objective for one more of the limit, 0 or less for `<=`. */
  readonly duals: readonly number[];
}

/** @returns null where no x meets all rows */
export type LinearSolver = (programme: LinearProgramme) => LinearSolution | null;

/** Terms to a line: solvers read lines of limited length. */
const TERMS_PER_LINE = 8;

/**
 * The programme in CPLEX's LP format, columns x0, x1 ... and rows r0, r1 ...
 *
 * @example lpText({ costs: [2, 3], rows: [{ columns: [0, 1], coefficients: [1, 1], relation: "=", limit: 4 }] }).split("\n")[1] // => "obj: 2 x0 + 3 x1"
 */
export function lpText({ costs, rows }: LinearProgramme): string {
  const all = [...costs.keys()];
  const lines = rows.map(
    ({ columns, coefficients, relation, limit }, r) => `r${r}: ${sumText(columns, coefficients)} ${relation} ${limit}`,
  );
  return `Minimize\nobj: ${sumText(all, costs)}\nSubject To\n${lines.join("\n")}\nEnd\n`;
}

function sumText(columns: readonly number[], coefficients: readonly number[]): string {
  const terms = columns.map((column, i) => `${coefficients[i]} x${column}`);
  const lines: string[] = [];
  for (let i = 0; i < terms.length; i += TERMS_PER_LINE) lines.push(terms.slice(i, i + TERMS_PER_LINE).join(" + "));
  return lines.join("\n + ");
}
