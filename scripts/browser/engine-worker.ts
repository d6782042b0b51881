/**
 * The engine as a Web Worker: the same code as in Node, without Node's parts. `bundle-engine.ts` makes it one file. A
 * page posts a `Job`; the worker answers with `Reply` messages, the last of which is a result or problems.
 */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { assembleResult, type JobOutput, planJobs, runJob } from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { type ResolveInputs, resolvePlan } from "../../simulator/scenario/resolve.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { createModelFacts, type ModelFactsData } from "../../simulator/service/model-facts.ts";

/** Reference data and recordings as plain data, as they can be posted. */
export type WorkerInputs = Omit<ResolveInputs, "models"> & { readonly models: ModelFactsData };

/** What a page asks for: a scenario as its YAML parses, and the reference data and recordings that it needs. */
export interface Job {
  /** Comes back in every reply: a page may have asked for something else meanwhile. */
  readonly id: number;
  readonly scenario: unknown;
  readonly inputs: WorkerInputs;
  readonly meridianVersion: string;
}

export type Reply =
  | { readonly id: number; readonly kind: "progress"; readonly share: number; readonly requestsDone: number }
  /** `seconds` is the time of the simulation alone. */
  | { readonly id: number; readonly kind: "result"; readonly result: RunResult; readonly seconds: number }
  | { readonly id: number; readonly kind: "problems"; readonly problems: readonly Problem[] };

/** What a worker's global object has that is used here; the types of Node do not know it. */
interface WorkerScope {
  onmessage: (event: { readonly data: Job }) => void;
  postMessage(reply: Reply): void;
}

const scope = globalThis as unknown as WorkerScope;

/** The least time between two messages of progress, ms. */
const PROGRESS_EVERY_MS = 100;

scope.onmessage = ({ data }) => {
  try {
    simulate(data);
  } catch (error) {
    scope.postMessage({ id: data.id, kind: "problems", problems: problemsOf(error) });
  }
};

function simulate({ id, scenario, inputs, meridianVersion }: Job): void {
  const checked = scenarioSchema.safeParse(scenario);
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => ({
      code: "SCENARIO_INVALID_VALUE",
      where: path.join("."),
      what: message,
      fix: "see the reference of scenario files",
    }));
    throw new MeridianError("usage", problems);
  }
  const plan = resolvePlan(checked.data, { ...inputs, models: createModelFacts(inputs.models) });
  const jobs = planJobs(plan, 1);
  const beganMs = performance.now();
  let toldMs = beganMs;
  const outputs = jobs.map((job, done): JobOutput => {
    const steps = runJob({ plan }, job);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      const nowMs = performance.now();
      if (nowMs - toldMs < PROGRESS_EVERY_MS) continue;
      toldMs = nowMs;
      const { requestsDone, share } = step.value;
      scope.postMessage({ id, kind: "progress", share: (done + share) / jobs.length, requestsDone });
    }
  });
  const seconds = (performance.now() - beganMs) / 1_000;
  const result = assembleResult({ plan }, outputs, { scenarioSha256: "", meridianVersion, traces: [] });
  scope.postMessage({ id, kind: "result", result, seconds });
}

function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof MeridianError) return error.problems;
  return [{ code: "INTERNAL", what: String(error), fix: "report it with the scenario" }];
}
