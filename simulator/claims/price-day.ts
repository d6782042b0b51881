/** One day of calls at prices that swing: what routing to the cheapest region saves, billed as a run is billed. */
import { regionDirectory } from "../base/regions.ts";
import { DAY_MS, MINUTE_MS } from "../base/time.ts";
import { billLedger, cheapestKey, createLedger, ledgerCell, type Placement } from "../service/pricing/billing.ts";
import { type HourlyCurve, type Swing, swingAmplitude } from "../service/pricing/hourly-curve.ts";
import { createPriceBook } from "../service/pricing/price-book.ts";
import { buildPriceSchedule } from "../service/pricing/price-schedule.ts";
import type { BillingRule, PriceKey, PriceSchedule } from "../service/pricing/prices.ts";
import { pricesSchema } from "../service/pricing/schema.ts";
import type { Assumptions, ClaimInputs } from "./claim.ts";

/** Who sends a call to the cheap region, and whose price it then has. */
export interface BillingCase {
  readonly name: string;
  readonly rule: BillingRule;
  /** The region that is called: home hands the call on, or the caller calls the cheap region itself. */
  readonly calls: "home" | "cheapest";
}

export const BILLING_CASES: readonly BillingCase[] = [
  { name: "source, a profile routes", rule: "source", calls: "home" },
  { name: "source, your router calls the region", rule: "source", calls: "cheapest" },
  { name: "destination", rule: "destination", calls: "home" },
  { name: "lowest cost, with fee", rule: "lowest-cost", calls: "home" },
];

/** A meaning of "31 %": prices over the day, and between regions. */
export interface Reading {
  readonly name: string;
  /** Relative amplitude of the daily sine, from the size of the swing. */
  readonly amplitude: (swing: number) => number;
  /** Factor over the list price by region, the same all day; 1 where left out. */
  readonly staticFactor?: (region: string, assumptions: Assumptions) => number;
}

const swingReading = (name: string, of: (swing: number) => Swing): Reading => ({
  name,
  amplitude: (swing) => swingAmplitude(of(swing)),
});

export const LIST_PRICES: Reading = { name: "list prices, no swing", amplitude: () => 0 };

export const SWING_READINGS: readonly Reading[] = [
  swingReading("peak above trough", (swing) => ({ peakToTrough: 1 + swing })),
  swingReading("trough below peak", (swing) => ({ troughBelowPeak: swing })),
  swingReading("mean plus or minus", (swing) => ({ plusMinus: swing })),
];

/** Dearest region over cheapest, all day; the others in even steps between, home first or in the middle. */
export const STATIC_READINGS: readonly Reading[] = [
  { name: "between regions, home the dearest", amplitude: () => 0, staticFactor: (r, a) => stepFactor(r, a, 0) },
  { name: "between regions, home in the middle", amplitude: () => 0, staticFactor: (r, a) => stepFactor(r, a, 0.5) },
];

export const READINGS: readonly Reading[] = [LIST_PRICES, ...SWING_READINGS, ...STATIC_READINGS];

function stepFactor(region: string, { regions, home, swing }: Assumptions, homeAt: number): number {
  const others = regions.filter((each) => each !== home);
  const order = [...others];
  order.splice(Math.round(homeAt * others.length), 0, home);
  return 1 + swing * (1 - order.indexOf(region) / (regions.length - 1));
}

/** Changes to one day that conditions try out. */
export interface DayChange {
  readonly amplitude?: number;
  readonly demandSwing?: number;
}

const CALLS_PER_MINUTE = 1000;
const DAY_START_MS = Date.UTC(2026, 4, 4);

/**
 * The share of the day's cost that is saved by sending each call that may move to the region that is cheapest at its
 * hour, against calling home all day. Calls and tokens are counted in a ledger and billed in exact integers, by the
 * code that bills runs.
 *
 * @throws MeridianError usage when the model has no price in one of the regions
 */
export function savingOfDay(
  inputs: ClaimInputs,
  reading: Reading,
  billing: BillingCase,
  change: DayChange = {},
): number {
  const { assumptions } = inputs;
  const schedule = scheduleOf(inputs, reading, change.amplitude ?? reading.amplitude(assumptions.swing));
  const home = assumptions.regions.indexOf(assumptions.home);
  const everywhere = schedule.keys.map((_, key) => key);
  const routedTo = (epoch: number) => cheapestKey(schedule, epoch, everywhere);
  const demandSwing = change.demandSwing ?? assumptions.demandSwing;
  const day = { schedule, assumptions, demandSwing, rule: billing.rule };
  const stayed = costOf({ ...day, rule: "source" }, () => ({ sourceKey: home, destinationKey: home }));
  const moved = costOf(day, (epoch) => ({
    sourceKey: billing.calls === "home" ? home : routedTo(epoch),
    destinationKey: routedTo(epoch),
  }));
  return stayed === 0 ? 0 : assumptions.movableShare * (1 - moved / stayed);
}

/** Highest over lowest price of one region within the day, less 1; 0 for flat prices. */
export function swingOfDay(inputs: ClaimInputs, reading: Reading): number {
  const schedule = scheduleOf(inputs, reading, reading.amplitude(inputs.assumptions.swing));
  const keys = schedule.keys.length;
  const prices = epochsOfDay(schedule).map(({ epoch }) => schedule.factor[epoch * keys]!);
  return Math.max(...prices) / Math.min(...prices) - 1;
}

function scheduleOf({ assumptions, prices }: ClaimInputs, reading: Reading, amplitude: number): PriceSchedule {
  const keys: readonly PriceKey[] = assumptions.regions.map((region) => ({
    model: assumptions.model,
    region,
    family: "regional",
    tier: "standard",
  }));
  const listed = createPriceBook({ data: prices });
  const { staticFactor } = reading;
  const book: typeof listed = {
    quote: (key) => {
      const quote = listed.quote(key);
      if ("code" in quote || staticFactor === undefined) return quote;
      const factor = staticFactor(key.region, assumptions);
      const { input, output, cacheRead, cacheWrite } = quote.prices;
      return {
        ...quote,
        prices: {
          input: input * factor,
          output: output * factor,
          cacheRead: cacheRead * factor,
          cacheWrite: cacheWrite * factor,
        },
      };
    },
  };
  const hourly: HourlyCurve =
    amplitude === 0
      ? { kind: "flat" }
      : { kind: "sine", amplitude, peakHour: assumptions.peakHour % 24, clock: "local", hourValue: "start" };
  const spec = { ...pricesSchema.parse({}), hourly };
  return buildPriceSchedule({
    spec,
    book,
    keys,
    regions: regionDirectory(),
    startMs: DAY_START_MS,
    durationMs: DAY_MS,
  });
}

interface Day {
  readonly schedule: PriceSchedule;
  readonly assumptions: Assumptions;
  readonly demandSwing: number;
  readonly rule: BillingRule;
}

/** USD of the day's calls under a placement for each epoch. */
function costOf({ schedule, assumptions, demandSwing, rule }: Day, placementAt: (epoch: number) => Placement): number {
  const epochs = epochsOfDay(schedule);
  const placements = epochs.map(({ epoch }) => placementAt(epoch));
  const ledger = createLedger({ epochs: schedule.epochStartMs.length, placements: placements.length, classes: 1 });
  const offsetMinutes = regionDirectory().get(assumptions.home)!.utcOffsetMinutes;
  epochs.forEach(({ epoch, minutes, startMinute }, position) => {
    const hour = Math.floor((((startMinute + offsetMinutes) % 1440) + 1440) / 60) % 24;
    const demand = 1 + demandSwing * Math.cos((2 * Math.PI * (hour - assumptions.peakHour)) / 24);
    const calls = Math.round(CALLS_PER_MINUTE * minutes * demand);
    const cell = ledgerCell(ledger, epoch, position, 0);
    ledger.decisions[cell] = calls;
    ledger.tokens[cell * 4] = calls * assumptions.inputTokens;
    ledger.tokens[cell * 4 + 1] = calls * assumptions.outputTokens;
  });
  const bill = billLedger(ledger, {
    rule,
    schedule,
    placements,
    candidateKeys: [schedule.keys.map((_, key) => key)],
    routingFeeUsdPer1kDecisions: assumptions.feeUsdPer1kDecisions,
  });
  return Number(bill.all.total) / 1e15;
}

interface DayEpoch {
  readonly epoch: number;
  readonly startMinute: number;
  readonly minutes: number;
}

function epochsOfDay({ epochStartMs }: PriceSchedule): readonly DayEpoch[] {
  return [...epochStartMs].flatMap((startMs, epoch) => {
    if (startMs >= DAY_MS) return [];
    const endMs = Math.min(DAY_MS, epochStartMs[epoch + 1] ?? DAY_MS);
    return [{ epoch, startMinute: startMs / MINUTE_MS, minutes: (endMs - startMs) / MINUTE_MS }];
  });
}
