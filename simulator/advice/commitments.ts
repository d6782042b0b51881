/**
 * What is paid for a promise: reserved capacity against on-demand with spill-over, where it breaks even and how many units pay;
 * and what a residency rule costs, the least cost of the same tokens with it and without it.
 */
import type { LinearSolver } from "../base/linear-programme.ts";
import { HOUR_MS, MINUTE_MS } from "../base/time.ts";
import { type Decimal, ONE, parseDecimal } from "../bill/bill-line.ts";
import { type Demand as Bought, leastCost } from "../experiment/bound-model.ts";
import type { Plan } from "../scenario/plan.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import { epochAt } from "../service/pricing/price-schedule.ts";
import { CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, TOKEN_KINDS } from "../service/pricing/prices.ts";
import { RESERVED_MINIMUM_TPM } from "../service/pricing/reserved.ts";
import { type Demand, inputParts } from "./demand.ts";

/** Reserving is sold in thousands of tokens a minute. */
const UNIT_TPM = 1000;
/** A month of 730 h, in minutes. */
const MONTH_MINUTES = 43_800n;
const M = 1_000_000n;

/** Input or output tokens of what is reserved together. */
export interface ReservedKind {
  readonly kind: "input" | "output";
  /** USD an hour for 1,000 tokens a minute, and USD for a million tokens on demand. */
  readonly reservedUsdPerHour: Decimal;
  readonly onDemandUsdPerMTok: Decimal;
  /** Of all minutes: in use for more than this, a unit costs less than the tokens that it serves. */
  readonly breakEvenShare: number;
  /** Of what the least reservation holds: the part that the traffic would use. */
  readonly usedAtMinimum: number;
  /** Tokens a minute that pay, and no fewer than are sold where both kinds together pay; 0 where none do. */
  readonly bestTpm: number;
}

/** One model called through one target, at one term. */
export interface Reservation {
  readonly target: string;
  readonly region: string;
  readonly model: string;
  readonly routing: "geo" | "global";
  readonly termMonths: number;
  readonly classes: readonly string[];
  readonly kinds: readonly ReservedKind[];
  /** USD a month: all on demand; with the least that is sold; with what pays, where anything that is sold does. */
  readonly onDemandUsd: Decimal;
  readonly minimumUsd: Decimal;
  readonly bestUsd: Decimal | undefined;
  readonly source: string;
}

/** Minutes by how much they ask for, the most first: for the picture of a reservation. */
export interface LoadDuration {
  readonly target: string;
  readonly kind: "input" | "output";
  /** Tokens of the busiest minute, of those that 1 %, 2 % ... of the minutes exceed, and of the least busy one. */
  readonly tokens: readonly number[];
}

export interface ReservationsInput {
  readonly plan: Plan;
  readonly demand: Demand;
  readonly prices: PriceBookData;
  /** By class: the target that it calls, whose tokens could be reserved. */
  readonly targetOf: Readonly<Record<string, string>>;
}

/**
 * Every reservation that is sold for what the classes call. Input and output are judged apart, each minute by itself,
 * and what does not fit is paid on demand: the cost is then the least that a reservation could have, since a call needs
 * both at once. Tokens that a cache of one region would read take no reserved tokens and are left out on both sides.
 *
 * The units that pay: as many as are exceeded in more than the break-even share of the minutes (the critical fractile
 * of the newsvendor model).
 */
export function reservations(input: ReservationsInput): readonly Reservation[] {
  const { prices } = input;
  return usesOf(input).flatMap((use) =>
    prices.reservedTier
      .filter(({ model, routing }) => model === use.modelId && routing === use.routing)
      .map((row): Reservation => {
        const rates = { input: row.usdPerHourPer1KInputTpm, output: row.usdPerHourPer1KOutputTpm };
        const kinds = (["input", "output"] as const).map((kind) => kindOf(kind, decimalOf(rates[kind]), use));
        const costOf = (tpm: (kind: ReservedKind) => number) =>
          kinds.reduce((sum, kind) => sum + costUsd(kind, tpm(kind), use[kind.kind]), 0n);
        // Both are reserved or none: one may pay for the least of the other.
        const sold = kinds.map((kind) => ({
          ...kind,
          bestTpm: Math.max(kind.bestTpm, RESERVED_MINIMUM_TPM[kind.kind]),
        }));
        const soldUsd = sold.reduce((sum, kind) => sum + costUsd(kind, kind.bestTpm, use[kind.kind]), 0n);
        const pays = soldUsd < costOf(() => 0);
        return {
          target: use.target,
          region: use.region,
          model: use.model,
          routing: use.routing,
          termMonths: row.termMonths,
          classes: use.classes,
          kinds: pays ? sold : kinds,
          onDemandUsd: costOf(() => 0),
          minimumUsd: costOf(({ kind }) => RESERVED_MINIMUM_TPM[kind]),
          bestUsd: pays ? soldUsd : undefined,
          source: row.source,
        };
      }),
  );
}

/** @returns by target and kind, 101 points each */
export function loadDurations(input: ReservationsInput): readonly LoadDuration[] {
  return usesOf(input).flatMap((use) =>
    (["input", "output"] as const).map((kind) => {
      const sorted = Float64Array.from(use[kind]).sort().reverse();
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
      return { target: use.target, kind, tokens: Array.from({ length: 101 }, (_, i) => at(i / 100)) };
    }),
  );
}

/** What is called through one target of one model. */
interface Use {
  readonly target: string;
  readonly region: string;
  readonly model: string;
  readonly modelId: string;
  readonly routing: "geo" | "global";
  readonly classes: readonly string[];
  readonly input: Float64Array;
  readonly output: Float64Array;
  readonly inputUsdPerMTok: Decimal;
  readonly outputUsdPerMTok: Decimal;
}

function usesOf({ plan, demand, targetOf }: ReservationsInput): readonly Use[] {
  const uses = new Map<string, Use>();
  plan.classes.forEach(({ name, model }, c) => {
    const t = plan.targets.findIndex(({ id }) => id === targetOf[name]);
    const keyIndex = plan.money.keyOfTarget[t * plan.models.length + model] ?? -1;
    const key = plan.money.schedule.keys[keyIndex];
    if (t < 0 || key === undefined || key.tier !== "standard") return;
    const { output } = demand.byClass[c]!;
    const { plain, cacheRead, cacheWrite } = inputParts(demand.byClass[c]!);
    const all = plain + cacheRead + cacheWrite;
    const input = demand.byClass[c]!.input.map((tokens) => (cacheRead === 0 ? tokens : tokens * (1 - cacheRead / all)));
    const id = `${t} ${model}`;
    const known = uses.get(id);
    const price = (kind: number) =>
      BigInt(plan.money.schedule.fUsdPerToken[keyIndex * TOKEN_KINDS.length + kind]!) * (ONE / 10n ** 15n) * M;
    uses.set(id, {
      target: plan.targets[t]!.id,
      region: plan.regionNames[plan.targets[t]!.region]!,
      model: plan.models[model]!.name,
      modelId: plan.models[model]!.id,
      routing: key.family === "global" ? "global" : "geo",
      classes: [...(known?.classes ?? []), name],
      input: input.map((tokens, i) => tokens + (known?.input[i] ?? 0)),
      output: output.map((tokens, i) => tokens + (known?.output[i] ?? 0)),
      inputUsdPerMTok:
        cacheWrite === 0 ? price(INPUT) : mixed(price(INPUT), price(CACHE_WRITE), cacheWrite / (plain + cacheWrite)),
      outputUsdPerMTok: price(OUTPUT),
    });
  });
  return [...uses.values()];
}

/** The mean price where a share of the tokens has another. */
function mixed(usual: Decimal, other: Decimal, share: number): Decimal {
  return usual + ((other - usual) * BigInt(Math.round(share * 1e9))) / 1_000_000_000n;
}

function kindOf(kind: "input" | "output", reservedUsdPerHour: Decimal, use: Use): ReservedKind {
  const onDemandUsdPerMTok = kind === "input" ? use.inputUsdPerMTok : use.outputUsdPerMTok;
  // 1,000 tokens a minute are 60,000 an hour.
  const served = (onDemandUsdPerMTok * 60_000n) / M;
  const breakEvenShare = served === 0n ? Number.POSITIVE_INFINITY : Number((reservedUsdPerHour * M) / served) / 1e6;
  const minutes = use[kind];
  const least = RESERVED_MINIMUM_TPM[kind];
  const used = minutes.reduce((sum, tokens) => sum + Math.min(tokens, least), 0) / (least * minutes.length);
  const sorted = Float64Array.from(minutes).sort().reverse();
  // So many of the busiest minutes must exceed a unit; the next is the first that does not pay.
  const needed = Math.floor(breakEvenShare * sorted.length);
  const filled = breakEvenShare >= 1 ? 0 : Math.floor((sorted[needed] ?? 0) / UNIT_TPM) * UNIT_TPM;
  const draft = { kind, reservedUsdPerHour, onDemandUsdPerMTok, breakEvenShare, usedAtMinimum: used };
  const costOf = (bestTpm: number) => costUsd({ ...draft, bestTpm }, bestTpm, minutes);
  // The next unit is not full in as many minutes, and may pay by those in which it is.
  const isNextPaying = breakEvenShare < 1 && costOf(filled + UNIT_TPM) < costOf(filled);
  return { ...draft, bestTpm: isNextPaying ? filled + UNIT_TPM : filled };
}

/** USD a month of so many tokens a minute by the hour, and of the rest on demand. */
function costUsd(kind: ReservedKind, tpm: number, minutes: Float64Array): Decimal {
  let spilled = 0n;
  for (const tokens of minutes) if (tokens > tpm) spilled += BigInt(Math.round(tokens - tpm));
  const onDemand = (spilled * kind.onDemandUsdPerMTok * MONTH_MINUTES) / (M * BigInt(minutes.length));
  const reserved = (BigInt(tpm / UNIT_TPM) * kind.reservedUsdPerHour * MONTH_MINUTES) / 60n;
  return onDemand + reserved;
}

function decimalOf(price: number): Decimal {
  return parseDecimal(String(price)) ?? 0n;
}

/** The price of one class's rule. */
export interface ResidencyPrice {
  readonly className: string;
  readonly rule: string;
  /** USD a month of the class's tokens where they are cheapest, quotas and deadlines kept; null: the limits leave no way. */
  readonly withRuleUsd: number | null;
  readonly withoutRuleUsd: number | null;
  /** Targets that the rule forbids and that would be used without it. */
  readonly forbidden: readonly string[];
}

/** A rule that costs less than this a month, USD, costs nothing. */
export const FREE_USD = 0.005;

/**
 * Shadow prices by linear programming: the optimum with every rule, less the optimum when one class's rule is dropped.
 * Latency has no part in it; prompts are cached as in one region, and what a cache would write counts as plain input.
 *
 * @param without the plan with one class's rule dropped, by class; targets as in `plan`
 */
export function residencyPrices(
  plan: Plan,
  demand: Demand,
  without: ReadonlyMap<string, Plan>,
  solve: LinearSolver,
): readonly ResidencyPrice[] {
  const perMonth = (730 * HOUR_MS) / (demand.minutes * MINUTE_MS);
  const costOf = (of: Plan, c: number) => {
    const found = leastCost(of, 0, boughtOf(of, demand), solve);
    return found === null ? null : found.byClassUsd[c]! * perMonth;
  };
  return plan.classes.flatMap(({ name, residency, legal }, c): readonly ResidencyPrice[] => {
    const other = without.get(name);
    if (residency === null || other === undefined) return [];
    const widened = other.targets.flatMap(({ id }, t) => {
      const isNew = other.classes[c]!.legal[t] === 1 && legal[plan.targets.findIndex((each) => each.id === id)] !== 1;
      return isNew ? [id] : [];
    });
    return [
      {
        className: name,
        rule: residency,
        withRuleUsd: costOf(plan, c),
        withoutRuleUsd: costOf(other, c),
        forbidden: widened,
      },
    ];
  });
}

function columnsOf(cls: Demand["byClass"][number]): readonly (readonly [kind: number, minutes: Float64Array])[] {
  const { plain, cacheRead, cacheWrite } = inputParts(cls);
  if (cacheRead === 0)
    return [
      [INPUT, cls.input],
      [OUTPUT, cls.output],
    ];
  const read = cacheRead / (plain + cacheRead + cacheWrite);
  return [
    [INPUT, cls.input.map((tokens) => tokens * (1 - read))],
    [CACHE_READ, cls.input.map((tokens) => tokens * read)],
    [OUTPUT, cls.output],
  ];
}

/** A replication's tokens as what must be bought, by price epoch. */
function boughtOf(plan: Plan, demand: Demand): readonly Bought[] {
  const { schedule } = plan.money;
  return demand.byClass.flatMap((cls, classIndex) =>
    columnsOf(cls).flatMap(([kind, minutes]) => {
      const byEpoch = new Map<number, number>();
      minutes.forEach((tokens, minute) => {
        const epoch = epochAt(schedule, (demand.fromMinute + minute) * MINUTE_MS);
        byEpoch.set(epoch, (byEpoch.get(epoch) ?? 0) + tokens);
      });
      const supplies = [...byEpoch].flatMap(([epoch, tokens]) =>
        tokens === 0 ? [] : [{ classIndex, kind, epoch, last: epoch, tokens }],
      );
      const total = supplies.reduce((sum, { tokens }) => sum + tokens, 0);
      return total === 0 ? [] : [{ supplies, tokens: total }];
    }),
  );
}
