/** What runs an experiment: jobs, pilot runs, and the result that their outputs make. */
export { assembleResult, type Provenance } from "./assemble.ts";
export { boundOf, withOwnBounds } from "./bound.ts";
export { EXPLAINED_MAX, explainDecisions } from "./explain.ts";
export { type ForesightRuns, foresightRuns, withForesight } from "./foresight.ts";
export {
  type ExperimentInputs,
  type JobOutput,
  type JobProgress,
  type JobSpec,
  planJobs,
  runJob,
} from "./job.ts";
export type { RunResult } from "./result.ts";
export { type PilotJob, type PilotOutput, planPilots, runPilot, settleWarmup } from "./warm-up.ts";
