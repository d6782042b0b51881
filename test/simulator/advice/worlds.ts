/** Small worlds for plans, and the traffic that they draw. */
import type { Demand } from "../../../simulator/advice/demand.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { planOf, SONNET, scenarioInput } from "../scenario/base.ts";

export type Class = Partial<ScenarioInput["traffic"][number]>;

/** Three regions, calls of 400 tokens in and 60 out a second from Ireland; all targets that are listed. */
export function worldPlan(modelId: string, targets: readonly string[], classes: readonly Class[]): Plan {
  return planOf(
    scenarioInput({
      duration: "1h",
      requests: undefined,
      world: {
        regions: ["us-east-1", "eu-west-1", "eu-central-1"],
        profiles: { restrictToWorld: true },
        models: {
          m: { id: modelId, onDemand: true, capacity: { kind: "slots", servers: "unlimited", service: "1s" } },
        },
        targets: [...targets],
      },
      traffic: classes.map((each, i) => ({
        class: `c${i}`,
        arrivals: { deterministic: { interval: "1s" } },
        tokens: { input: 400, output: 60, maxTokens: 256 },
        origin: "eu-west-1",
        ...each,
      })) as ScenarioInput["traffic"],
      strategies: ["round-robin"],
    }),
  );
}

export const NOVA = "amazon.nova-pro-v1:0";
export { SONNET };

/** The same tokens in a share of the minutes, none in the others. */
export function dutyCycle(minutes: number, share: number, tokens: { input: number; output: number }): Demand {
  const busy = Math.round(minutes * share);
  const column = (each: number) => Float64Array.from({ length: minutes }, (_, i) => (i < busy ? each : 0));
  return {
    calls: busy,
    byClass: [{ input: column(tokens.input), output: column(tokens.output), calls: busy }],
    callsByHour: new Float64Array(Math.ceil(minutes / 60)),
    fromMinute: 0,
    minutes,
  };
}
