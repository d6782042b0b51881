/** A row: a public scenario file of a small world, a quantity of its result, and the value that theory gives. */
import type { ScenarioInput } from "../../simulator/scenario/schema.ts";

/** The size of a run. */
export interface Budget {
  readonly replications: number;
  /** Counted requests of each replication. */
  readonly requests: number;
}

/** 20 replications of 500,000 counted requests, for which tolerances are stated. */
export const FULL_BUDGET: Budget = { replications: 20, requests: 500_000 };

/** Warm-up of each replication, as a share of the counted requests. */
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
  /** Smallest relative tolerance at any budget: for exact answers, and for limits that a run only approaches. */
  readonly toleranceFloor: number;
  /** The scenario as a user would write it; `requests`, `seed` and the like come from the budget. */
  readonly scenario: OracleScenario;
}

/** A row's own part of the scenario. One with its own length (`requests` or `duration`) is run once, at that length. */
export type OracleScenario = Omit<ScenarioInput, "name" | "seed" | "replications"> & { readonly replications?: number };

/** The whole scenario file of a row, with a seed of its own. */
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

/** Standard errors that an answer may be off. */
export const TOLERATED_ERRORS = 4;

/** Tolerance at a budget: max(floor, so many standard errors). */
export function toleranceOf(
  oracle: Oracle,
  { replications, requests }: Budget,
  standardErrors: number = TOLERATED_ERRORS,
): number {
  const standardError = oracle.sdRelative500k * Math.sqrt(500_000 / (replications * requests));
  return Math.max(oracle.toleranceFloor, standardErrors * standardError);
}

/** FNV-1a of the id: rows with a common seed would have correlated errors. */
function seedOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

type World = ScenarioInput["world"];
type TrafficClass = ScenarioInput["traffic"][number];
export type Capacity = NonNullable<World["models"][string]["capacity"]>;
export type Arrivals = TrafficClass["arrivals"];

/** A small world: abstract regions without round trips, one model, one class. */
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
  /** `requests`, `duration`, `warmup` ... that override the budget's. */
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

/** A rate as the scenario file writes it. */
export function perSecond(rate: number): string {
  return `${rate}/s`;
}

/** A row beyond the reference file; the rest of an oracle has defaults. */
export interface FurtherRow {
  readonly id: string;
  readonly model: string;
  readonly quantity: string;
  readonly formula: string;
  readonly value: number;
  /** Relative standard deviation of one 500,000-request estimate, measured over 20; 0 for exact rows. */
  readonly sd: number;
  readonly floor?: number;
  readonly scenario: OracleScenario;
}

/** The oracle of a further row. */
export function further({ sd, floor, ...row }: FurtherRow): Oracle {
  const exact = 1e-9;
  return {
    ...row,
    compare: "two-sided",
    sdRelative500k: sd,
    toleranceFloor: floor ?? (sd === 0 ? exact : 0.005),
  };
}

/** c servers with exponential service, first come, first served. */
export function exponentialSlots(servers: number, meanS: number, more: Partial<Capacity> = {}): Capacity {
  return { kind: "slots", servers, service: { exponential: { mean: duration(meanS) } }, ...more } as Capacity;
}
