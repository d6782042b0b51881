/** Solves linear programmes with HiGHS, compiled to WebAssembly; loaded when the first one is to be solved. */
import { invariant, MeridianError } from "../../simulator/base/errors.ts";
import {
  type LinearProgramme,
  type LinearSolution,
  type LinearSolver,
  lpText,
} from "../../simulator/base/linear-programme.ts";

/** What is used of the package; its types describe it as a module of another kind than it is. */
interface Highs {
  solve(text: string, options: Readonly<Record<string, string>>): Solved;
}

interface Solved {
  readonly Status: string;
  readonly ObjectiveValue: number;
  readonly Columns: Readonly<Record<string, { readonly Primal?: number }>>;
  readonly Rows: readonly { readonly Name?: string; readonly Index: number; readonly Dual?: number }[];
}

/** The solver, ready to be called. Source: https://highs.dev, an exact simplex code (MIT). */
export async function loadLinearSolver(): Promise<LinearSolver> {
  const load = (await import("highs")).default as unknown as () => Promise<Highs>;
  const highs = await load();
  return (programme) => solutionOf(programme, highs.solve(lpText(programme), { presolve: "on" }));
}

function solutionOf(programme: LinearProgramme, solved: Solved): LinearSolution | null {
  if (solved.Status === "Infeasible") return null;
  if (solved.Status !== "Optimal") {
    throw new MeridianError("internal", { code: "LP_NOT_SOLVED", what: `the linear programme ended ${solved.Status}` });
  }
  const x = programme.costs.map((_, i) => solved.Columns[`x${i}`]?.Primal ?? 0);
  const duals = new Array<number>(programme.rows.length).fill(0);
  for (const { Name, Index, Dual } of solved.Rows)
    duals[Name === undefined ? Index : Number(Name.slice(1))] = Dual ?? 0;
  invariant(Number.isFinite(solved.ObjectiveValue), "an optimum has a value");
  return { objective: solved.ObjectiveValue, x, duals };
}
