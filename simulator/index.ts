/**
 * The pure part of Meridian, as far as it is public: no Node, no clock, no files. The entries of the package build on
 * it (scripts/api); it can also be used alone, for example in a browser.
 */

// Errors: one class, with every problem found, where it is and how to fix it.
export { type ErrorKind, EXIT_CODES, formatProblem, MeridianError, type Problem } from "./base/errors.ts";
// Facts about regions.
export { AWS_REGIONS } from "./base/regions.ts";
// Comparing runs, and the statistics behind it.
export { type CompareOptions, compareRuns, type RunToCompare } from "./compare/compare.ts";
export { type Gate, judgeGates, parseGate, rowsOfGates } from "./compare/gates.ts";
export { PROCEDURES, type Procedure } from "./compare/procedures.ts";
export type { ComparedRow, ComparisonResult } from "./compare/result.ts";
// Results of a run, as in result.json.
export type { RunResult } from "./experiment/result.ts";
// Strategies and routers, also as meridian/strategies.
export * from "./routing.ts";
// Scenarios: the file's schema, and the plan that a checked scenario becomes.
export type { Plan } from "./scenario/plan.ts";
export { type Scenario as ScenarioDocument, scenarioJsonSchema } from "./scenario/schema.ts";
