import { prepareText } from "../../../scripts/io/experiment.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";

/** A small world for a test: members of the scenario file, models by short names. */
export interface SmallWorld {
  readonly regions?: readonly string[];
  readonly capacity: object;
  readonly model?: object;
  readonly models?: Readonly<Record<string, object>>;
  readonly world?: object;
  readonly traffic?: readonly object[];
  readonly requests?: number;
  readonly arrivals?: object;
  readonly tokens?: object;
  readonly seed?: number;
}

export const SLOTS_1S = { kind: "slots", servers: 1, service: "1s" };

/** A resolved plan; one model `nova` unless `models` is given. JSON is YAML too. */
export async function planOf(small: SmallWorld): Promise<Plan> {
  const nova = { id: "amazon.nova-pro-v1:0", maxOutputTokens: 1000, burndown: 1, capacity: small.capacity };
  const scenario = {
    name: "small",
    seed: small.seed ?? 3,
    requests: small.requests ?? 10,
    replications: 1,
    world: {
      regions: small.regions ?? ["us-east-1"],
      models: small.models ?? { nova: { ...nova, ...small.model } },
      prices: { book: "none" },
      network: { roundTrips: "none", jitter: "none" },
      profiles: { restrictToWorld: true },
      ...small.world,
    },
    traffic: small.traffic ?? [
      {
        class: "all",
        arrivals: small.arrivals ?? { poisson: "1/s" },
        tokens: small.tokens ?? { input: 100, output: 20, maxTokens: 200 },
      },
    ],
    strategies: ["round-robin"],
    client: { retry: "none" },
  };
  const { inputs } = await prepareText(JSON.stringify(scenario), "small.yaml");
  return inputs.plan;
}
