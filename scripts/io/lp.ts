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

let loaded: Promise<LinearSolver> | undefined;

/** The solver, ready to be called; one for all of a thread. Source: https://highs.dev, an exact simplex code (MIT). */
export function loadLinearSolver(): Promise<LinearSolver> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<LinearSolver> {
  const start = (await import("highs")).default as unknown as () => Promise<Highs>;
  const highs = await start();
  return (programme) => solutionOf(programme, highs.solve(lpText(programme), { presolve: "on" }));
}

/** Thrown by a solver that is not there yet. */
class SolverNeeded extends Error {}

/** What a computation gives: the solver is loaded where it asks for one, and then all is computed again with it. */
export async function withSolver<T>(compute: (solve: LinearSolver) => T): Promise<T> {
  try {
    return compute(() => {
      throw new SolverNeeded();
    });
  } catch (error) {
    if (!(error instanceof SolverNeeded)) throw error;
  }
  return compute(await loadLinearSolver());
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
