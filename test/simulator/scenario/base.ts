import assert from "node:assert/strict";
import { loadReference } from "../../../scripts/io/reference.ts";
import { MeridianError, type Problem } from "../../../simulator/base/errors.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { type ResolveInputs, resolvePlan } from "../../../simulator/scenario/resolve.ts";
import { type ScenarioInput, scenarioSchema } from "../../../simulator/scenario/schema.ts";

const reference = await loadReference();

export const HAIKU = "anthropic.claude-3-haiku-20240307-v1:0";
export const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/** A small world of two custom regions without network or prices, where closed forms hold. */
export function scenarioInput(over: Partial<ScenarioInput> = {}): ScenarioInput {
  return {
    name: "test",
    seed: 1,
    requests: 2000,
    replications: 1,
    world: worldInput(),
    traffic: [classInput()],
    strategies: ["round-robin"],
    client: { retry: "none" },
    ...over,
  };
}

export function worldInput(over: Partial<ScenarioInput["world"]> = {}): ScenarioInput["world"] {
  return {
    regions: [{ name: "a" }, { name: "b" }],
    models: {
      m: { id: HAIKU, burndown: 1, capacity: { kind: "slots", servers: 4, service: { exponential: { mean: "1s" } } } },
    },
    network: { roundTrips: "none", jitter: "none" },
    prices: { book: "none", overrides: [{ model: "m", input: 1, output: 5 }] },
    ...over,
  } as ScenarioInput["world"];
}

export function classInput(over: Partial<ScenarioInput["traffic"][number]> = {}): ScenarioInput["traffic"][number] {
  return {
    class: "all",
    arrivals: { poisson: "4/s" },
    tokens: { input: 100, output: 50, maxTokens: 200 },
    ...over,
  } as ScenarioInput["traffic"][number];
}

export function planOf(input: ScenarioInput, recordings: ResolveInputs["recordings"] = {}): Plan {
  return resolvePlan(scenarioSchema.parse(input), { ...reference, recordings, recordedPrices: {} });
}

/** The problems of resolving a scenario that the schema takes; each says where it is and how to fix it. */
export function problemsOf(input: ScenarioInput, recordings: ResolveInputs["recordings"] = {}): readonly Problem[] {
  try {
    planOf(input, recordings);
  } catch (error) {
    assert.ok(error instanceof MeridianError, String(error));
    assert.equal(error.kind, "usage");
    for (const problem of error.problems) {
      assert.ok(problem.where, `${problem.code} says where`);
      assert.ok(problem.fix, `${problem.code} says how to fix it`);
    }
    return error.problems;
  }
  return [];
}

/** `path: message` of everything that the schema refuses. */
export function schemaProblems(input: unknown): readonly string[] {
  const parsed = scenarioSchema.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}
