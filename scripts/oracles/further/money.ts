import { type SmallWorld, smallScenario } from "../build.ts";
import type { Oracle, OracleScenario } from "../oracle.ts";
import { further } from "./further.ts";

const HOURS = [...Array(24).keys()];
const CALLS_PER_HOUR = 3600;
const TOKENS = { input: 1000, output: 500, maxTokens: 500 } as const;
const USD_PER_HOUR_AT_LIST = (CALLS_PER_HOUR * 1500 * 3) / 1e6;

/** Factor of region A by hour; B has it twelve hours later. */
function sineFactor(hour: number): number {
  return 1 + 0.2 * Math.sin((2 * Math.PI * hour) / 24);
}

/** Cheap nights, dear afternoons. */
const TABLE = HOURS.map((hour) => (hour < 7 ? 0.7 : hour < 13 ? 1 : hour < 19 ? 1.35 : 0.95));

/** A call a second for a day: the first a second after midnight, the last at the next midnight, priced like the first. */
function day(prices: NonNullable<SmallWorld["prices"]>, strategy?: unknown): OracleScenario {
  const region = { kind: "slots", servers: "unlimited", service: "0s" } as const;
  return smallScenario({
    arrivals: { deterministic: { interval: "1s" } },
    regions: { A: region, B: region },
    tokens: TOKENS,
    prices: { book: "none", overrides: [{ model: "m", input: 3, output: 3 }], ...prices },
    strategy: (strategy ?? { single: { target: "A" } }) as NonNullable<SmallWorld["strategy"]>,
    run: { requests: 24 * CALLS_PER_HOUR },
  });
}

const OPPOSITE: NonNullable<SmallWorld["prices"]> = {
  hourlyFor: [
    { region: "A", curve: { sine: { amplitude: 0.2, peakAt: "06:00 UTC" } } },
    { region: "B", curve: { sine: { amplitude: 0.2, peakAt: "18:00 UTC" } } },
  ],
};

function sumOver(factor: (hour: number) => number): number {
  let sum = 0;
  for (const hour of HOURS) sum += factor(hour);
  return sum;
}

const CHEAPER_USD = USD_PER_HOUR_AT_LIST * sumOver((hour) => Math.min(sineFactor(hour), sineFactor(hour + 12)));
const FEE_USD = (24 * CALLS_PER_HOUR * 0.002) / 1000;
/** The bill counts whole femto-dollars per token, and an hour's price has been rounded to them. */
const ROUNDING = 1e-7;

export const MONEY: readonly Oracle[] = [
  further({
    id: "f-cost-table",
    model: "hourly prices from a table, always A",
    quantity: "total_cost_usd",
    formula: "sum over hours of calls x tokens x price",
    value: USD_PER_HOUR_AT_LIST * sumOver((hour) => TABLE[hour]!),
    sd: 0,
    floor: ROUNDING,
    scenario: day({ hourly: { table: { factors: TABLE, clock: "utc" } } }),
  }),
  further({
    id: "f-cost-always-a",
    model: "opposite sines, always A",
    quantity: "total_cost_usd",
    formula: "24 hours at list price",
    value: USD_PER_HOUR_AT_LIST * sumOver(sineFactor),
    sd: 0,
    floor: ROUNDING,
    scenario: day(OPPOSITE),
  }),
  further({
    id: "f-cost-cheaper",
    model: "opposite sines, always the cheaper",
    quantity: "total_cost_usd",
    formula: "sum over hours of the lower price",
    value: CHEAPER_USD,
    sd: 0,
    floor: ROUNDING,
    scenario: day(OPPOSITE, "cheapest"),
  }),
  further({
    id: "f-cost-fee",
    model: "opposite sines, always the cheaper, with a routing fee",
    quantity: "total_cost_lowest_usd",
    formula: "the same + fee x decisions",
    value: CHEAPER_USD + FEE_USD,
    sd: 0,
    floor: ROUNDING,
    scenario: day({ ...OPPOSITE, billing: "lowest-cost", routingFeeUsdPer1kDecisions: 0.002 }, "cheapest"),
  }),
];
