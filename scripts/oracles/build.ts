import type { ScenarioInput } from "../../simulator/scenario/schema.ts";
import type { OracleScenario } from "./oracle.ts";

type World = ScenarioInput["world"];
type TrafficClass = ScenarioInput["traffic"][number];
export type Capacity = NonNullable<World["models"][string]["capacity"]>;
export type Arrivals = TrafficClass["arrivals"];

/** A small world: regions of their own making, no distances, one model, one class. */
export interface SmallWorld {
  readonly arrivals: Arrivals;
  /** Capacity by region, in order. */
  readonly regions: Readonly<Record<string, Capacity>>;
  readonly strategy?: ScenarioInput["strategies"][number];
  readonly client?: ScenarioInput["client"];
  readonly quotas?: World["quotas"];
  readonly gateways?: readonly Capacity[];
  readonly prices?: World["prices"];
  readonly errors?: number;
  readonly faults?: World["faults"];
  readonly profiles?: World["profiles"];
  readonly targets?: World["targets"];
  readonly cache?: World["models"][string]["cache"];
  readonly tokens?: TrafficClass["tokens"];
  /** Replaces the one class of `arrivals`. */
  readonly classes?: readonly TrafficClass[];
  /** requests, duration, warmup ... of the scenario's own. */
  readonly run?: Partial<OracleScenario>;
}

const TOKENS = { input: 100, output: 50, maxTokens: 50 } as const;
const NO_RETRY = { retry: "none" } as const;

/** The scenario of a small world, as a user would write it. */
export function smallScenario(small: SmallWorld): OracleScenario {
  const names = Object.keys(small.regions);
  const first = small.regions[names[0]!]!;
  return {
    ...small.run,
    world: {
      regions: names.map((name) => ({ name })),
      models: {
        m: {
          id: "anthropic.claude-3-haiku-20240307-v1:0",
          capacity: first,
          capacityIn: { ...small.regions },
          burndown: 1,
          errors: small.errors ?? 0,
          ...(small.cache === undefined ? {} : { cache: small.cache }),
        },
      },
      network: { roundTrips: "none", jitter: "none" },
      prices: small.prices ?? { book: "none" },
      quotas: small.quotas ?? [],
      gateways: [...(small.gateways ?? [])],
      faults: small.faults ?? [],
      ...(small.profiles === undefined ? {} : { profiles: small.profiles }),
      ...(small.targets === undefined ? {} : { targets: small.targets }),
    },
    traffic: [...(small.classes ?? [{ class: "all", arrivals: small.arrivals, tokens: small.tokens ?? TOKENS }])],
    strategies: [small.strategy ?? { single: { target: names[0]! } }],
    client: small.client ?? NO_RETRY,
  };
}

/** A duration as the scenario file writes it. */
export function duration(s: number): string {
  return `${s * 1000}ms`;
}

export function perSecond(rate: number): string {
  return `${rate}/s`;
}
