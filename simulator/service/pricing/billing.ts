/** Bills: the ledger that a run fills with counts, and its exact cost under each billing rule. */
import { invariant } from "../../base/errors.ts";
import {
  type BillingRule,
  blendedPrice,
  CACHE_WRITE,
  INPUT,
  OUTPUT,
  PREPAID,
  type PriceKey,
  type PriceSchedule,
  TOKEN_KINDS,
} from "./prices.ts";

/** How calls are charged. One run is billed under all three rules side by side. */
export interface BillingTerms {
  readonly rule: BillingRule;
  readonly schedule: PriceSchedule;
  readonly placements: readonly Placement[];
  /**
   * For `lowest-cost`: the keys each class may be sold at, by class: those of its legal targets. The cheapest in force
   * of the tier that was called and for prompts of that length, by the 3:1 blend, prices the class's tokens, wherever they ran.
   */
  readonly candidateKeys: readonly (readonly number[])[];
  /** Charged under `lowest-cost` only: AWS documents no routing fee. */
  readonly routingFeeUsdPer1kDecisions: number;
}

/** Exact amounts in fUSD, in total and by each dimension of the ledger; each list sums to the total. */
export interface BillPart {
  readonly total: bigint;
  readonly byClass: readonly bigint[];
  readonly byPlacement: readonly bigint[];
  readonly byEpoch: readonly bigint[];
  /** By `BILLED_KINDS`; a routing fee is of no kind. */
  readonly byKind: readonly bigint[];
}

/** Kinds of token on a bill: writing a cache for 5 minutes and for an hour have prices of their own. */
export const BILLED_KINDS = ["input", "output", "cache read", "cache write 5m", "cache write 1h"] as const;
const WRITE_1H = 4;

/** Position in `BILLED_KINDS` of a kind of token that is sold by a key. */
function billedKind(kind: number, { cacheTtl }: PriceSchedule["keys"][number]): number {
  return kind === CACHE_WRITE && cacheTtl === "1h" ? WRITE_1H : kind;
}

/** Tokens of a ledger by `BILLED_KINDS`. */
export function billedTokens(ledger: Ledger, { schedule, placements }: BillingTerms): readonly number[] {
  const sums = BILLED_KINDS.map(() => 0);
  const kinds = TOKEN_KINDS.length;
  for (let i = 0; i < ledger.tokens.length; i++) {
    const placement = Math.floor(i / kinds / ledger.classes) % ledger.placements;
    sums[billedKind(i % kinds, schedule.keys[placements[placement]!.sourceKey]!)]! += ledger.tokens[i]!;
  }
  return sums;
}

export interface Bill {
  readonly rule: BillingRule;
  /** Tokens and routing fee together. */
  readonly all: BillPart;
  /** The part of it that is the routing fee. */
  readonly routingFee: BillPart;
}

/** The bill of a ledger, exact to the femto-dollar. */
export function billLedger(ledger: Ledger, terms: BillingTerms): Bill {
  invariant(ledger.placements === terms.placements.length, "a ledger is billed with its own placements");
  const all = new Sums(ledger);
  const routingFee = new Sums(ledger);
  const feeFUsd = feeFUsdPerDecision(terms);
  const kinds = TOKEN_KINDS.length;
  for (let epoch = 0; epoch < ledger.epochs; epoch++) {
    let cheapest: CheapestKeys | undefined;
    for (let placement = 0; placement < ledger.placements; placement++) {
      for (let cls = 0; cls < ledger.classes; cls++) {
        const cell = ledgerCell(ledger, epoch, placement, cls);
        const decisions = ledger.decisions[cell]!;
        if (decisions !== 0 && feeFUsd !== 0n) {
          const fee = BigInt(decisions) * feeFUsd;
          routingFee.add(epoch, placement, cls, fee);
          all.add(epoch, placement, cls, fee);
        }
        let cost = 0n;
        let at = -1;
        for (let kind = 0; kind < kinds; kind++) {
          const tokens = ledger.tokens[cell * kinds + kind]!;
          if (tokens === 0) continue;
          if (at < 0) {
            // Most epochs of an open-ended run have no calls.
            cheapest ??= new CheapestKeys(terms, epoch);
            at = (epoch * terms.schedule.keys.length + billedKey(terms, placement, cls, cheapest)) * kinds;
          }
          const amount = BigInt(tokens) * BigInt(terms.schedule.fUsdPerToken[at + kind]!);
          const { sourceKey } = terms.placements[placement]!;
          all.byKind[billedKind(kind, terms.schedule.keys[sourceKey]!)]! += amount;
          cost += amount;
        }
        if (cost !== 0n) all.add(epoch, placement, cls, cost);
      }
    }
  }
  return { rule: terms.rule, all, routingFee };
}

export interface BilledAttempt {
  readonly epoch: number;
  readonly placement: number;
  readonly classIndex: number;
  /** Integer token counts in the order of `TOKEN_KINDS`. */
  readonly tokens: readonly number[];
  /** Routing decisions made for it: 1 for a routed attempt. */
  readonly decisions: number;
}

/** The charge of one attempt, fee included, in fUSD. Summed over all attempts it is the bill exactly. */
export function requestCostFUsd(attempt: BilledAttempt, terms: BillingTerms): bigint {
  const cheapest = new CheapestKeys(terms, attempt.epoch);
  const key = billedKey(terms, attempt.placement, attempt.classIndex, cheapest);
  const at = (attempt.epoch * terms.schedule.keys.length + key) * TOKEN_KINDS.length;
  let cost = BigInt(attempt.decisions) * feeFUsdPerDecision(terms);
  for (let kind = 0; kind < TOKEN_KINDS.length; kind++) {
    cost += BigInt(attempt.tokens[kind] ?? 0) * BigInt(terms.schedule.fUsdPerToken[at + kind]!);
  }
  return cost;
}

/**
 * The cheapest of some keys in an epoch by the 3:1 input:output blend; the first of equals.
 *
 * @param keys at least one position in `schedule.keys`
 */
export function cheapestKey(schedule: PriceSchedule, epoch: number, keys: readonly number[]): number {
  let best = -1;
  let bestPrice = Number.POSITIVE_INFINITY;
  for (const key of keys) {
    const at = (epoch * schedule.keys.length + key) * TOKEN_KINDS.length;
    const price = blendedPrice(schedule.fUsdPerToken[at + INPUT]!, schedule.fUsdPerToken[at + OUTPUT]!);
    if (price < bestPrice) {
      best = key;
      bestPrice = price;
    }
  }
  invariant(best >= 0, "a class billed at the lowest cost has a candidate key");
  return best;
}

/** The cheapest key of each class, tier and length of prompt in one epoch, found when first asked for. */
class CheapestKeys {
  declare private readonly terms: BillingTerms;
  declare private readonly epoch: number;
  private readonly known = new Map<string, number>();

  constructor(terms: BillingTerms, epoch: number) {
    this.terms = terms;
    this.epoch = epoch;
  }

  of(cls: number, { tier, prompt }: Pick<PriceKey, "tier" | "prompt">): number {
    const name = `${cls}/${tier}/${prompt ?? ""}`;
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const { schedule, candidateKeys } = this.terms;
    const isAlike = (key: PriceKey) => key.tier === tier && key.prompt === prompt;
    const keys = (candidateKeys[cls] ?? []).filter((key) => isAlike(schedule.keys[key]!));
    const cheapest = cheapestKey(schedule, this.epoch, keys);
    this.known.set(name, cheapest);
    return cheapest;
  }
}

function billedKey(terms: BillingTerms, placement: number, cls: number, cheapest: CheapestKeys): number {
  const { sourceKey, destinationKey } = terms.placements[placement]!;
  const key = terms.schedule.keys[sourceKey]!;
  // What a reservation has paid for is paid for under every rule.
  if (key.tier === PREPAID) return sourceKey;
  switch (terms.rule) {
    case "source":
      return sourceKey;
    case "destination":
      return destinationKey;
    case "lowest-cost":
      return cheapest.of(cls, key);
  }
}

/** USD per 1,000 decisions is 1e12 fUSD per decision; rounded to a whole fUSD so that requests sum to the bill. */
function feeFUsdPerDecision(terms: BillingTerms): bigint {
  return terms.rule === "lowest-cost" ? BigInt(Math.round(terms.routingFeeUsdPer1kDecisions * 1e12)) : 0n;
}

class Sums implements BillPart {
  total = 0n;
  declare readonly byClass: bigint[];
  declare readonly byPlacement: bigint[];
  declare readonly byEpoch: bigint[];
  readonly byKind: bigint[] = BILLED_KINDS.map(() => 0n);

  constructor(ledger: Ledger) {
    this.byClass = new Array<bigint>(ledger.classes).fill(0n);
    this.byPlacement = new Array<bigint>(ledger.placements).fill(0n);
    this.byEpoch = new Array<bigint>(ledger.epochs).fill(0n);
  }

  add(epoch: number, placement: number, cls: number, fUsd: bigint): void {
    this.total += fUsd;
    this.byClass[cls]! += fUsd;
    this.byPlacement[placement]! += fUsd;
    this.byEpoch[epoch]! += fUsd;
  }
}

/**
 * A pair of prices that a billed attempt may be charged by: the key of the target that was called and the key of the
 * region that ran it. Both are positions in `PriceSchedule.keys`.
 */
export interface Placement {
  readonly sourceKey: number;
  readonly destinationKey: number;
}

export interface LedgerShape {
  readonly epochs: number;
  readonly placements: number;
  readonly classes: number;
}

/**
 * What a run counts for its bill. The engine adds integers on the hot path; prices meet counts once, at the end.
 * An attempt is counted in the epoch in which it starts.
 */
export interface Ledger extends LedgerShape {
  /** Token counts, indexed `ledgerCell(...) * TOKEN_KINDS.length + kind`; integers. */
  readonly tokens: Float64Array;
  /** Routing decisions, indexed by `ledgerCell(...)`; integers. */
  readonly decisions: Float64Array;
}

export function createLedger(shape: LedgerShape): Ledger {
  const cells = shape.epochs * shape.placements * shape.classes;
  return {
    epochs: shape.epochs,
    placements: shape.placements,
    classes: shape.classes,
    tokens: new Float64Array(cells * TOKEN_KINDS.length),
    decisions: new Float64Array(cells),
  };
}

/** Position of (epoch, placement, class): `(epoch * placements + placement) * classes + class`. */
export function ledgerCell(shape: LedgerShape, epoch: number, placement: number, classIndex: number): number {
  return (epoch * shape.placements + placement) * shape.classes + classIndex;
}

/** Adds the counts of one ledger to another of the same shape. */
export function addToLedger(into: Ledger, from: Ledger): void {
  invariant(
    into.tokens.length === from.tokens.length && into.classes === from.classes && into.placements === from.placements,
    "ledgers that are added have one shape",
  );
  for (let i = 0; i < into.tokens.length; i++) into.tokens[i]! += from.tokens[i]!;
  for (let i = 0; i < into.decisions.length; i++) into.decisions[i]! += from.decisions[i]!;
}
