import { MINUTE_MS } from "../../base/time.ts";
import { createMeter, type Meter, type MeterLaw } from "./meter.ts";
import type { QuotaUse } from "./token-quota.ts";

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
