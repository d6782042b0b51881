import type { ScenarioInput } from "../../simulator/scenario/schema.ts";

/** What one row is run with. */
export interface Budget {
  readonly replications: number;
  /** Counted requests of each replication. */
  readonly requests: number;
}

/** 20 replications of 500,000 counted requests: what tolerances are stated for. */
export const FULL_BUDGET: Budget = { replications: 20, requests: 500_000 };

/** Share of the counted requests that each replication simulates first and leaves out. */
const WARMUP_SHARE = 0.1;

/** A question with a known answer, asked through a public scenario file. */
export interface Oracle {
  readonly id: string;
  readonly model: string;
  /** One of `QUANTITIES`. */
  readonly quantity: string;
  readonly formula: string;
  readonly value: number;
  /** at-most: the value is a bound, and the interval's upper end must keep below it. */
  readonly compare: "two-sided" | "at-most";
  /** Standard deviation of one 500,000-request estimate over its value: sets the tolerance of other budgets. */
  readonly sdRelative500k: number;
  /** Relative tolerance that holds at any budget: where the answer is exact, or is a limit that a run only nears. */
  readonly toleranceFloor: number;
  /** The scenario as a user would write it; `requests`, `seed` and the like come with the budget. */
  readonly scenario: OracleScenario;
}

/** What a row says itself. A scenario that says how long it runs (`requests` or `duration`) is run just so, once. */
export type OracleScenario = Omit<ScenarioInput, "name" | "seed" | "replications"> & { readonly replications?: number };

/** The whole scenario file of a row, with a seed that belongs to the row alone. */
export function scenarioOf(oracle: Oracle, budget: Budget): ScenarioInput {
  const own = oracle.scenario;
  const isFixed = own.requests !== undefined || own.duration !== undefined;
  const warmup = Math.round(budget.requests * WARMUP_SHARE);
  const length = isFixed ? {} : { requests: budget.requests + warmup, warmup: { requests: warmup } };
  return {
    name: oracle.id,
    seed: seedOf(oracle.id),
    replications: isFixed ? 1 : budget.replications,
    ...length,
    ...own,
  };
}

/** Tolerance at a budget: max(floor, 4 standard errors). */
export function toleranceOf(oracle: Oracle, { replications, requests }: Budget): number {
  return Math.max(oracle.toleranceFloor, 4 * oracle.sdRelative500k * Math.sqrt(500_000 / (replications * requests)));
}

/** FNV-1a of the id: rows must not share a seed, or their errors would move together. */
function seedOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
