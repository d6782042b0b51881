/**
 * Who could be routed otherwise: what teams can live with, which no bill tells, and what the list prices would make of it, a
 * ceiling before quotas and latency.
 */

import { z } from "zod";
import { AWS_REGIONS } from "../base/regions.ts";
import { durationMs, share } from "../base/schema-forms.ts";
import { DAY_MS } from "../base/time.ts";
import type { PriceBook } from "../service/pricing/price-book.ts";
import type { PriceKey, ServiceTier, TokenPricesUsdPerMTok } from "../service/pricing/prices.ts";
import { isRegionAllowed, residencySchema } from "../service/residency.ts";
import { type Decimal, parseDecimal, sumOf } from "./bill-line.ts";
import type { ClassifiedLine } from "./classify.ts";
import { type Bill, type SpendDimension, spendKeyOf, tokenLines } from "./spend.ts";
import type { TokenKind } from "./usage-type.ts";

/** One way to buy the same tokens. */
export interface CandidateOption {
  /** `global profile`, `batch`, or `us-east-2`: all of it called there. */
  readonly name: string;
  /** What the lines that can be priced would have cost. */
  readonly costUsd: Decimal;
  /** Positive: cheaper than billed. */
  readonly savingUsd: Decimal;
}

/** The spend of one group on one model. */
export interface Candidate {
  /** Value of the dimension, e.g. of the tag `team`; the empty text or undefined: untagged. */
  readonly group: string | undefined;
  readonly model: string;
  readonly modelId: string;
  readonly costUsd: Decimal;
  /** Tokens of all kinds, exact; what is billed without a quantity is not in it. */
  readonly tokens: Decimal;
  /** What its team can live with; undefined where that is not known. */
  readonly workload: Workload | undefined;
  /** Of it, what has a list price both as billed and otherwise. */
  readonly pricedUsd: Decimal;
  /** Billed regions with their cost, the dearest first. */
  readonly regions: readonly (readonly [region: string, costUsd: Decimal])[];
  /** Cheaper ways that its team can live with, the cheapest first; savings are of the share that may move. */
  readonly options: readonly CandidateOption[];
}

/**
 * Prices each group's tokens otherwise: through the global profile, in each region that lists the model, and as batch.
 * What was billed is scaled by the ratio of list prices, so that a discount of the account stays.
 *
 * @param regions where a call may go
 * @returns the largest spend first
 */
export function candidatesOf(
  bill: Bill,
  dimension: SpendDimension,
  book: PriceBook,
  regions: readonly string[],
  workloads?: Workloads,
): readonly Candidate[] {
  const listed = listPrices(book);
  const groups = new Map<string, ClassifiedLine[]>();
  for (const line of tokenLines(bill)) {
    if (line.modelId === undefined || line.region === undefined) continue;
    const key = JSON.stringify([spendKeyOf(line, dimension) ?? null, line.modelId]);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [line]);
    else members.push(line);
  }
  return [...groups.values()]
    .map((lines) => {
      const group = spendKeyOf(lines[0]!, dimension);
      return candidateOf(lines, { group, workload: workloadOf(workloads, group), listed, regions });
    })
    .sort((a, b) => (a.costUsd < b.costUsd ? 1 : a.costUsd > b.costUsd ? -1 : 0));
}

interface Offer {
  readonly group: string | undefined;
  readonly workload: Workload | undefined;
  readonly listed: ListPrices;
  readonly regions: readonly string[];
}

function candidateOf(lines: readonly ClassifiedLine[], { group, workload, listed, regions }: Offer): Candidate {
  const costUsd = sumOf(lines.map(({ line }) => line.costUsd));
  const sold = soldAlike(lines, listed);
  const options = [
    optionOf("global profile", sold, listed, (key) => ({ ...key, family: "global" })),
    optionOf("batch", sold, listed, (key) => ({ ...key, tier: "batch" as const })),
    ...regions.map((region) => optionOf(region, sold, listed, (key) => ({ ...key, region, family: "regional" }))),
  ].filter((option) => option !== undefined);
  const parts = BigInt(Math.round((workload?.mayMove ?? 1) * 1e6));
  const cheaper = options
    .filter(({ name, savingUsd }) => savingUsd > 0n && reasonAgainst(workload, name) === undefined)
    .map(({ name, savingUsd }) => {
      const moved = (savingUsd * parts) / 1_000_000n;
      return { name, costUsd: costUsd - moved, savingUsd: moved };
    })
    .sort((a, b) => (a.savingUsd < b.savingUsd ? 1 : -1));
  const byRegion = new Map<string, Decimal>();
  for (const { region, line } of lines) byRegion.set(region!, (byRegion.get(region!) ?? 0n) + line.costUsd);
  return {
    group,
    model: lines[0]!.model!,
    modelId: lines[0]!.modelId!,
    costUsd,
    tokens: sumOf(lines.map(({ tokens }) => tokens ?? 0n)),
    workload,
    pricedUsd: sumOf(sold.flatMap((each) => (each.listed === undefined ? [] : each.costsUsd))),
    regions: [...byRegion].sort(([, a], [, b]) => (a < b ? 1 : -1)),
    options: cheaper,
  };
}

/** Lines of one model that have one list price. */
interface SoldAlike {
  readonly example: ClassifiedLine;
  readonly listed: Decimal | undefined;
  readonly costsUsd: Decimal[];
}

function soldAlike(lines: readonly ClassifiedLine[], prices: ListPrices): readonly SoldAlike[] {
  const groups = new Map<string, SoldAlike>();
  for (const line of lines) {
    const key = `${line.region} ${line.routing} ${line.tier} ${line.tokenKind}`;
    const known = groups.get(key);
    if (known !== undefined) known.costsUsd.push(line.line.costUsd);
    else {
      const listed = listPriceOf(line, prices, (own) => own);
      groups.set(key, { example: line, listed, costsUsd: [line.line.costUsd] });
    }
  }
  return [...groups.values()];
}

type Otherwise = (key: PriceKey) => PriceKey;

/** Undefined where any line has no list price that way: half of a group's tokens elsewhere is no answer. */
function optionOf(
  name: string,
  sold: readonly SoldAlike[],
  prices: ListPrices,
  otherwise: Otherwise,
): CandidateOption | undefined {
  let now = 0n;
  let then = 0n;
  for (const { example, listed, costsUsd } of sold) {
    const cost = sumOf(costsUsd);
    now += cost;
    if (listed === undefined || listed === 0n) {
      then += cost;
      continue;
    }
    // What is not sold as batch by the list may not be sold so at all; what was bought so is.
    const isNew = name === "batch" && example.tier !== "batch";
    const other = listPriceOf(example, prices, otherwise, isNew);
    if (other === undefined) return undefined;
    for (const each of costsUsd) then += (each * other) / listed;
  }
  return { name, costUsd: then, savingUsd: now - then };
}

const TIERS: Readonly<Record<string, ServiceTier>> = {
  standard: "standard",
  batch: "batch",
  flex: "flex",
  priority: "priority",
  "latency-optimized": "latency-optimized",
};

/** USD per million tokens of the line's kind, exact as the list writes it. */
function listPriceOf(
  line: ClassifiedLine,
  prices: ListPrices,
  otherwise: Otherwise,
  isOwnTierOnly = false,
): Decimal | undefined {
  const tier = TIERS[line.tier ?? ""];
  if (tier === undefined) return undefined;
  const key: PriceKey = {
    model: line.modelId!,
    region: line.region!,
    family: line.routing === "global" ? "global" : "geographic",
    tier,
    ...(line.tokenKind === "cacheWrite1h" ? { cacheTtl: "1h" as const } : {}),
  };
  return prices(otherwise(key), LISTED_AS[line.tokenKind!], isOwnTierOnly);
}

/** @param isOwnTierOnly none where the tier has no price of its own, and the usual ratio would stand in */
type ListPrices = (key: PriceKey, of: keyof TokenPricesUsdPerMTok, isOwnTierOnly: boolean) => Decimal | undefined;

/** Prices of a book, each looked up once: the thousands of lines of a bill ask for few. */
function listPrices(book: PriceBook): ListPrices {
  const known = new Map<string, Decimal | undefined>();
  return (key, of, isOwnTierOnly) => {
    const name = `${isOwnTierOnly} ${of} ${key.model} ${key.region} ${key.family} ${key.tier} ${key.cacheTtl}`;
    if (!known.has(name)) {
      const quote = book.quote(key);
      const isSold = !("code" in quote) && !(isOwnTierOnly && quote.isByRatio === true);
      known.set(name, isSold ? parseDecimal(String(quote.prices[of])) : undefined);
    }
    return known.get(name);
  };
}

const LISTED_AS: Readonly<Record<TokenKind, keyof TokenPricesUsdPerMTok>> = {
  input: "input",
  output: "output",
  cacheRead: "cacheRead",
  cacheWrite: "cacheWrite",
  cacheWrite1h: "cacheWrite",
};

/** Below this a call has no time for another region: routing by price is for what can wait longer. */
export const SLA_MIN_MS = 2000;
/** Batch answers within a day. */
const BATCH_MS = DAY_MS;

const workloadSchema = z
  .strictObject({
    sla: durationMs.optional().meta({ description: "How long a caller waits at most, e.g. 6s; 24h may be batch" }),
    residency: residencySchema.optional().meta({ description: "Where data may be: eu, us, { country: DE } ..." }),
    mayMove: share.default(1).meta({ description: "Share of the team's calls that may go elsewhere" }),
  })
  .refine(({ mayMove }) => mayMove >= 0 && mayMove <= 1, { message: "must be from 0% to 100%", path: ["mayMove"] });

/** By team, as the bill's tag has it, or `untagged`; `*` is for all that are not named. */
export const workloadsSchema = z.record(z.string(), workloadSchema);
export type Workload = z.output<typeof workloadSchema>;
export type Workloads = z.output<typeof workloadsSchema>;

/** @returns undefined where nothing is said of the team */
export function workloadOf(workloads: Workloads | undefined, team: string | undefined): Workload | undefined {
  if (workloads === undefined) return undefined;
  const name = team === undefined || team === "" ? "untagged" : team;
  const named = Object.hasOwn(workloads, name) ? workloads[name] : undefined;
  return named ?? workloads["*"];
}

/**
 * Why a team's calls may not go some way; undefined where they may.
 *
 * @param way `global profile`, `batch`, or a region
 */
export function reasonAgainst(workload: Workload | undefined, way: string): string | undefined {
  if (workload === undefined) return undefined;
  const { sla, residency, mayMove } = workload;
  if (mayMove === 0) return "none of it may move";
  if (way === "batch") return sla !== undefined && sla < BATCH_MS ? "its callers do not wait a day" : undefined;
  if (sla !== undefined && sla <= SLA_MIN_MS) return "its callers wait 2 s at most";
  if (residency === undefined) return undefined;
  if (way === "global profile") return "a global profile may run calls anywhere";
  const region = AWS_REGIONS.find(({ id }) => id === way);
  return region !== undefined && isRegionAllowed(residency, region) ? undefined : "its data may not be there";
}
