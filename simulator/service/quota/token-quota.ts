/** Token quotas and reserved throughput: what a call reserves, what it settles, and how close the limits came. */
import { MINUTE_MS } from "../../base/time.ts";
import { createMeter, type Meter, type MeterLaw, type MeterSpec } from "./meter.ts";

/** Limits of one account x source region x model x family, as a scenario gives them. */
export interface QuotaSpec {
  /** For people: `123456789012/us-east-1/sonnet/on-demand`. */
  readonly id: string;
  /** Plan indices of the source region and the model it is for. */
  readonly region: number;
  readonly model: number;
  readonly tokensPerMinute: MeterSpec | null;
  readonly tokensPerDay: MeterSpec | null;
  readonly requests: MeterSpec | null;
  /** Output tokens count this many times at settlement (Bedrock User Guide, "How tokens are counted"). */
  readonly burndown: number;
  /** Cache reads are part of the reservation: the older reading of the same page. They never count at settlement. */
  readonly reservesCacheReads: boolean;
  /** max_tokens counts `burndown` times at reservation too: how some callers read their refusals. */
  readonly reservesWeightedOutput: boolean;
  /** Wait that its refusals ask of the caller, ms; NaN = none. */
  readonly retryAfterMs: number;
}

/** Which limit refused. */
export const REFUSED_BY = { none: 0, tokensPerMinute: 1, tokensPerDay: 2, requests: 3 } as const;

/** How close a quota came, and what it refused. */
export interface QuotaUse {
  readonly id: string;
  readonly granted: number;
  readonly refusedTokensPerMinute: number;
  readonly refusedTokensPerDay: number;
  readonly refusedRequests: number;
  /** Highest share of the tightest limit in use, seen at a grant. */
  readonly utilisationMax: number;
  /** Settlements above their reservation, tokens in all. */
  readonly overshootTokens: number;
  readonly firstRefusalMs: number | null;
  readonly lastRefusalMs: number | null;
}

/**
 * Reservation at the start, settlement at the end.
 *
 * Reserve: input + cache write + max_tokens, output not weighted unless `reservesWeightedOutput`. Settle: input + cache
 * write + output x burndown. Cache reads are left out at settlement always, at reservation in the newer reading. A settlement may exceed the
 * reservation; then use overshoots the limit and later requests wait for it.
 * Source: Bedrock User Guide, "How tokens are counted" (its example: 36,000 reserved, 9,000 settled).
 */
export class TokenQuota {
  refusedBy: number = REFUSED_BY.none;
  declare private readonly spec: QuotaSpec;
  declare private readonly minute: Meter | null;
  declare private readonly day: Meter | null;
  declare private readonly requests: Meter | null;
  private granted = 0;
  private readonly refused = [0, 0, 0, 0];
  private utilisationMax = Number.NaN;
  private overshootTokens = 0;
  private firstRefusalMs = Number.NaN;
  private lastRefusalMs = Number.NaN;

  constructor(spec: QuotaSpec, startMs: number) {
    this.spec = spec;
    this.utilisationMax = 0;
    this.minute = spec.tokensPerMinute === null ? null : createMeter(spec.tokensPerMinute, startMs);
    this.day = spec.tokensPerDay === null ? null : createMeter(spec.tokensPerDay, startMs);
    this.requests = spec.requests === null ? null : createMeter(spec.requests, startMs);
  }

  /** Tokens that a request reserves. `input` is all of the prompt, cached parts included. */
  reservation(input: number, cacheRead: number, maxTokens: number): number {
    const { reservesCacheReads, reservesWeightedOutput, burndown } = this.spec;
    return input - (reservesCacheReads ? 0 : cacheRead) + (reservesWeightedOutput ? maxTokens * burndown : maxTokens);
  }

  /** Tokens that a served request settles to. `input` is all of the prompt, cached parts included. */
  settlement(input: number, cacheRead: number, output: number): number {
    return input - cacheRead + output * this.spec.burndown;
  }

  /** Grants or refuses; `refusedBy` then says which limit it was. */
  reserve(nowMs: number, tokens: number): boolean {
    const { minute, day, requests } = this;
    if (requests !== null && !requests.take(nowMs, 1)) return this.refuse(nowMs, REFUSED_BY.requests);
    if (minute !== null && !minute.take(nowMs, tokens)) {
      requests?.undo(nowMs, 1);
      return this.refuse(nowMs, REFUSED_BY.tokensPerMinute);
    }
    if (day !== null && !day.take(nowMs, tokens)) {
      minute?.undo(nowMs, tokens);
      requests?.undo(nowMs, 1);
      return this.refuse(nowMs, REFUSED_BY.tokensPerDay);
    }
    this.granted++;
    this.noteUtilisation(nowMs);
    return true;
  }

  settle(nowMs: number, reservedAtMs: number, reserved: number, used: number): void {
    if (used > reserved) this.overshootTokens += used - reserved;
    this.minute?.settle(nowMs, reservedAtMs, used - reserved);
    this.day?.settle(nowMs, reservedAtMs, used - reserved);
  }

  /** Share of the tightest limit that is left, in [0, 1]. */
  headroom(nowMs: number): number {
    return Math.max(0, 1 - this.utilisation(nowMs));
  }

  setLimitFactor(nowMs: number, factor: number): void {
    this.minute?.setLimitFactor(nowMs, factor);
    this.day?.setLimitFactor(nowMs, factor);
    this.requests?.setLimitFactor(nowMs, factor);
  }

  use(): QuotaUse {
    return {
      id: this.spec.id,
      granted: this.granted,
      refusedTokensPerMinute: this.refused[REFUSED_BY.tokensPerMinute]!,
      refusedTokensPerDay: this.refused[REFUSED_BY.tokensPerDay]!,
      refusedRequests: this.refused[REFUSED_BY.requests]!,
      utilisationMax: this.utilisationMax,
      overshootTokens: this.overshootTokens,
      firstRefusalMs: Number.isNaN(this.firstRefusalMs) ? null : this.firstRefusalMs,
      lastRefusalMs: Number.isNaN(this.lastRefusalMs) ? null : this.lastRefusalMs,
    };
  }

  private refuse(nowMs: number, by: number): false {
    this.refusedBy = by;
    this.refused[by]!++;
    if (Number.isNaN(this.firstRefusalMs)) this.firstRefusalMs = nowMs;
    this.lastRefusalMs = nowMs;
    this.utilisationMax = Math.max(this.utilisationMax, 1);
    return false;
  }

  /** Of the tightest limit; by comparisons, since `Math.max` of doubles costs more than a meter. */
  private utilisation(nowMs: number): number {
    let most = this.minute === null ? 0 : this.minute.utilisation(nowMs);
    if (this.day !== null) most = larger(most, this.day.utilisation(nowMs));
    return this.requests === null ? most : larger(most, this.requests.utilisation(nowMs));
  }

  private noteUtilisation(nowMs: number): void {
    this.utilisationMax = larger(this.utilisationMax, this.utilisation(nowMs));
  }
}

function larger(a: number, b: number): number {
  return a > b ? a : b;
}

/** Tokens per minute that were bought ahead, input and output apart. */
export interface ReservationSpec {
  /** For people: `us-east-1/sonnet/us@reserved`. */
  readonly id: string;
  readonly inputTokensPerMinute: number;
  readonly outputTokensPerMinute: number;
  readonly law: MeterLaw;
}

/**
 * A reserved tier's two meters. A call fits when both have room for it; otherwise the caller sends it to the standard
 * tier. Input counts without cache reads (Bedrock User Guide, "Service tiers": the reservation is used by input tokens
 * and cache writes). How AWS counts output that is not written yet is not published: here a call takes what it will
 * write when it begins, so that the meters are never overdrawn.
 */
export class Reservation {
  declare private readonly spec: ReservationSpec;
  declare private readonly input: Meter;
  declare private readonly output: Meter;
  private granted = 0;
  private refused = 0;
  private utilisationMax = 0;
  private firstRefusalMs = Number.NaN;
  private lastRefusalMs = Number.NaN;

  /** @param startMs the run's start as epoch ms */
  constructor(spec: ReservationSpec, startMs: number) {
    const meter = (limit: number) => createMeter({ law: spec.law, limit, windowMs: MINUTE_MS, burst: limit }, startMs);
    this.spec = spec;
    this.input = meter(spec.inputTokensPerMinute);
    this.output = meter(spec.outputTokensPerMinute);
  }

  /** @param input tokens of the prompt without those read from the cache */
  take(nowMs: number, input: number, output: number): boolean {
    if (!this.input.take(nowMs, input)) return this.refuse(nowMs);
    if (!this.output.take(nowMs, output)) {
      this.input.undo(nowMs, input);
      return this.refuse(nowMs);
    }
    this.granted++;
    this.utilisationMax = Math.max(this.utilisationMax, this.utilisation(nowMs));
    return true;
  }

  /** Share of the tighter meter that is left, in [0, 1]. */
  headroom(nowMs: number): number {
    return Math.max(0, 1 - this.utilisation(nowMs));
  }

  /** Refusals are calls that went on to the standard tier. */
  use(): QuotaUse {
    return {
      id: this.spec.id,
      granted: this.granted,
      refusedTokensPerMinute: this.refused,
      refusedTokensPerDay: 0,
      refusedRequests: 0,
      utilisationMax: this.utilisationMax,
      overshootTokens: 0,
      firstRefusalMs: Number.isNaN(this.firstRefusalMs) ? null : this.firstRefusalMs,
      lastRefusalMs: Number.isNaN(this.lastRefusalMs) ? null : this.lastRefusalMs,
    };
  }

  private refuse(nowMs: number): false {
    this.refused++;
    if (Number.isNaN(this.firstRefusalMs)) this.firstRefusalMs = nowMs;
    this.lastRefusalMs = nowMs;
    this.utilisationMax = Math.max(this.utilisationMax, 1);
    return false;
  }

  private utilisation(nowMs: number): number {
    return Math.max(this.input.utilisation(nowMs), this.output.utilisation(nowMs));
  }
}
