/** Turns the rows of reference.json, a neutral description of queueing models, into scenario files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { refuseUnknown } from "./neutral.ts";
import {
  type Arrivals,
  type Capacity,
  duration,
  type Oracle,
  type OracleScenario,
  perSecond,
  type SmallWorld,
  smallScenario,
} from "./oracle.ts";

const REFERENCE_FILE = join(import.meta.dirname, "reference.json");

/** Rows of the reference file. */
export function referenceOracles(): readonly Oracle[] {
  const file = JSON.parse(readFileSync(REFERENCE_FILE, "utf8")) as OracleFile;
  return file.engine_rows.map(oracleOf);
}

/** The reference file. */
interface OracleFile {
  readonly engine_rows: readonly NeutralRow[];
}

export interface NeutralRow {
  readonly id: string;
  readonly model: string;
  readonly scenario: NeutralScenario;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly quantity: string;
  readonly compare: "two_sided" | "at_most";
  readonly value: number;
  readonly formula: string;
  readonly tolerance_relative: number;
  readonly sd_relative_500k: number;
}

type NeutralLaw =
  | { readonly dist: "exponential"; readonly mean_s: number }
  | { readonly dist: "deterministic"; readonly value_s: number }
  | { readonly dist: "lognormal"; readonly mean_s: number; readonly cv: number }
  | { readonly dist: "erlang"; readonly k: number; readonly mean_s: number }
  | { readonly dist: "uniform"; readonly min_s: number; readonly max_s: number }
  | { readonly dist: "hyperexponential"; readonly p: readonly number[]; readonly means_s: readonly number[] }
  | { readonly dist: "weibull"; readonly shape: number; readonly mean_s: number }
  | { readonly dist: "gamma"; readonly mean_s: number; readonly cv: number }
  | { readonly dist: "bounded_pareto"; readonly alpha: number; readonly min_s: number; readonly max_s: number };

type NeutralArrivals =
  | { readonly process: "poisson"; readonly rate_per_s: number }
  | { readonly process: "deterministic"; readonly interval_s: number }
  | { readonly process: "renewal"; readonly interarrival: NeutralLaw }
  | { readonly process: "poisson_classes"; readonly rates_per_s: Readonly<Record<string, number>> }
  | { readonly process: "count_only"; readonly calls: number }
  | {
      readonly process: "mmpp";
      readonly states: readonly { readonly rate_per_s: number; readonly mean_stay_s: number }[];
    }
  | {
      readonly process: "sinusoidal";
      readonly mean_rate_per_s: number;
      readonly amplitude: number;
      readonly period_s: number;
    };

interface NeutralStation {
  readonly name: string;
  readonly count?: number;
  readonly servers: number | null;
  readonly service: NeutralLaw;
  readonly waiting_room?: number | null;
  readonly discipline?: "fcfs" | "processor_sharing" | "non_preemptive_priority";
}

interface NeutralScenario {
  readonly arrivals: NeutralArrivals;
  readonly stations: readonly NeutralStation[];
  readonly throttle?:
    | { readonly kind: "token_bucket"; readonly refill_per_s: number; readonly burst: number }
    | { readonly kind: "fixed_window" | "rolling_window"; readonly window_s: number; readonly limit: number };
  readonly routing?: {
    readonly policy: string;
    readonly d?: number;
    readonly weights?: readonly number[];
    readonly order?: readonly string[];
  };
  readonly retry?:
    | { readonly on: "rejected"; readonly backoff: NeutralLaw; readonly max_attempts: number | null }
    | { readonly fail_probability: number; readonly delay_s: number; readonly max_attempts: number };
  readonly patience?: NeutralLaw;
  readonly queue_timeout_s?: number;
}

const TOLERANCE_FLOOR = 0.005;
/** Mean-field rows state the limit of infinitely many servers, from which a finite number deviates by up to this. */
const MEAN_FIELD_FLOOR = 0.03;

/** A row of the reference file as an oracle. @throws Error for what a scenario cannot express */
export function oracleOf(row: NeutralRow): Oracle {
  refuseUnknown(row.id, row.scenario);
  const isExact = row.sd_relative_500k === 0;
  const floor = row.model.includes("mean field") ? MEAN_FIELD_FLOOR : TOLERANCE_FLOOR;
  return {
    id: row.id,
    model: row.model,
    quantity: row.quantity,
    formula: row.formula,
    value: row.value,
    compare: row.compare === "at_most" ? "at-most" : "two-sided",
    sdRelative500k: row.sd_relative_500k,
    toleranceFloor: isExact ? row.tolerance_relative : floor,
    scenario: scenarioOfRow(row),
  };
}

function scenarioOfRow(row: NeutralRow): OracleScenario {
  if (row.quantity === "total_cost_usd") return hourlyPrices();
  if (row.quantity === "routing_fee_usd") return routingFee();
  const { scenario } = row;
  const servers = expanded(scenario.stations);
  const routed = scenario.routing === undefined && servers.length > 1;
  const regions = routed ? servers.slice(-1) : servers;
  const { arrivals } = scenario;
  const classes = arrivals.process === "poisson_classes" ? { classes: classesOf(arrivals.rates_per_s) } : {};
  return smallScenario({
    arrivals: arrivalsOf(arrivals),
    regions: Object.fromEntries(regions.map((each) => [each.name, capacityOf(each, scenario)])),
    gateways: routed ? servers.slice(0, -1).map((each) => capacityOf(each, scenario)) : [],
    ...strategyOf(scenario),
    ...retryOf(scenario),
    ...quotasOf(scenario),
    ...classes,
  });
}

/** A station with a count stands for that many stations, r1, r2 ... */
function expanded(stations: readonly NeutralStation[]): readonly NeutralStation[] {
  return stations.flatMap((station) =>
    station.count === undefined
      ? [station]
      : [...Array(station.count).keys()].map((i) => ({ ...station, name: `r${i + 1}` })),
  );
}

function capacityOf(station: NeutralStation, { patience, queue_timeout_s }: NeutralScenario): Capacity {
  const discipline = {
    fcfs: "fcfs",
    processor_sharing: "processor-sharing",
    non_preemptive_priority: "priority",
  } as const;
  const waits = patience ?? (queue_timeout_s === undefined ? undefined : fixed(queue_timeout_s));
  return {
    kind: "slots",
    servers: station.servers ?? "unlimited",
    service: lawOf(station.service),
    discipline: discipline[station.discipline ?? "fcfs"],
    waitingRoom: station.waiting_room ?? "unlimited",
    ...(waits === undefined ? {} : { patience: lawOf(waits) }),
  } as Capacity;
}

function fixed(value_s: number): NeutralLaw {
  return { dist: "deterministic", value_s };
}

function lawOf(law: NeutralLaw): unknown {
  switch (law.dist) {
    case "deterministic":
      return duration(law.value_s);
    case "exponential":
      return { exponential: { mean: duration(law.mean_s) } };
    case "lognormal":
      return { lognormal: { mean: duration(law.mean_s), cv: law.cv } };
    case "erlang":
      return { erlang: { k: law.k, mean: duration(law.mean_s) } };
    case "uniform":
      return { uniform: { min: duration(law.min_s), max: duration(law.max_s) } };
    case "hyperexponential":
      return { hyperexponential: { p: law.p, means: law.means_s.map(duration) } };
    case "weibull":
      return { weibull: { shape: law.shape, mean: duration(law.mean_s) } };
    case "gamma":
      return { gamma: { mean: duration(law.mean_s), cv: law.cv } };
    case "bounded_pareto":
      return { pareto: { alpha: law.alpha, min: duration(law.min_s), max: duration(law.max_s) } };
  }
}

function arrivalsOf(arrivals: NeutralArrivals): Arrivals {
  switch (arrivals.process) {
    case "poisson":
      return { poisson: perSecond(arrivals.rate_per_s) };
    case "deterministic":
      return { deterministic: { interval: duration(arrivals.interval_s) } };
    case "renewal":
      return { renewal: { interarrival: lawOf(arrivals.interarrival) } };
    case "mmpp":
      return {
        mmpp: {
          states: arrivals.states.map(({ rate_per_s, mean_stay_s }) => ({
            rate: perSecond(rate_per_s),
            stay: duration(mean_stay_s),
          })),
        },
      };
    case "sinusoidal": {
      const { mean_rate_per_s, amplitude, period_s } = arrivals;
      return { sinusoid: { rate: perSecond(mean_rate_per_s), amplitude, period: duration(period_s) } };
    }
    default:
      return { poisson: "0/s" };
  }
}

function classesOf(rates: Readonly<Record<string, number>>): NonNullable<SmallWorld["classes"]> {
  return Object.entries(rates).map(([name, rate], level) => ({
    class: name,
    arrivals: { poisson: perSecond(rate) },
    tokens: { input: 100, output: 50, maxTokens: 50 },
    priority: level,
  }));
}

function strategyOf({ routing, stations }: NeutralScenario): Pick<SmallWorld, "strategy"> {
  if (routing === undefined) return {};
  switch (routing.policy) {
    case "least_outstanding_of_d":
      return { strategy: { "power-of-two": { d: routing.d } } };
    case "least_outstanding":
      return { strategy: { "least-outstanding": { ties: "random" } } };
    case "round_robin":
      return { strategy: "round-robin" };
    case "random":
      return { strategy: "random" };
    case "weighted_random":
      return { strategy: { weighted: { weights: weightsOf(stations, routing.weights ?? []) } } };
    default:
      return { strategy: { priority: { targets: routing.order, cooldown: "0s" } } };
  }
}

function weightsOf(stations: readonly NeutralStation[], weights: readonly number[]) {
  return Object.fromEntries(stations.map((station, i) => [station.name, weights[i] ?? 0]));
}

function retryOf({ routing, retry }: NeutralScenario): Pick<SmallWorld, "client" | "errors"> {
  if (routing?.policy === "ordered_failover") return { client: failover(routing.order?.length ?? 1) };
  if (retry === undefined) return {};
  if ("on" in retry) {
    const maxAttempts = retry.max_attempts ?? "unlimited";
    return { client: { retry: { custom: { on: ["unavailable"], maxAttempts, backoff: lawOf(retry.backoff) } } } };
  }
  const { fail_probability, delay_s, max_attempts } = retry;
  return {
    errors: fail_probability,
    client: { retry: { custom: { on: ["error"], maxAttempts: max_attempts, backoff: duration(delay_s) } } },
  };
}

/** Tries each region once, at once. */
export function failover(regions: number): NonNullable<SmallWorld["client"]> {
  return { retry: { custom: { on: ["unavailable"], maxAttempts: regions, backoff: "0s" } } };
}

function quotasOf({ throttle }: NeutralScenario): Pick<SmallWorld, "quotas"> {
  if (throttle === undefined) return {};
  if (throttle.kind !== "token_bucket") {
    const { kind, limit, window_s } = throttle;
    const law = kind === "fixed_window" ? "clock-window" : "rolling-window";
    return { quotas: [{ requests: { limit, window: duration(window_s), law } }] };
  }
  const { refill_per_s, burst } = throttle;
  return { quotas: [{ requests: { limit: refill_per_s, window: "1s", law: "token-bucket", burst } }] };
}

/** One call a second for a day, 1,500 tokens each, at 3 USD per MTok times a sine of the hour. */
function hourlyPrices(): OracleScenario {
  return smallScenario({
    arrivals: { deterministic: { interval: "1s" } },
    regions: { A: { kind: "slots", servers: "unlimited", service: "1s" } },
    tokens: { input: 1000, output: 500, maxTokens: 500 },
    prices: {
      book: "none",
      overrides: [{ model: "m", input: 3, output: 3 }],
      hourly: { sine: { amplitude: 0.155, peakAt: "06:00 UTC" } },
    },
    run: { requests: 86_400 },
  });
}

/** A small run under the rule that charges for routing; the reading scales its fee to the row's calls. */
function routingFee(): OracleScenario {
  return smallScenario({
    arrivals: { deterministic: { interval: "1s" } },
    regions: { A: { kind: "slots", servers: "unlimited", service: "0s" } },
    prices: { book: "none", billing: "lowest-cost", routingFeeUsdPer1kDecisions: 0.0005 },
    run: { requests: 10_000 },
  });
}
