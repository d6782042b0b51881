/**
 * One call in the simulated world as the wire sees it: when its tokens exist, how it ends, and which error of the
 * service that is.
 */
import type { Capacity } from "../../simulator/service/capacity/capacity.ts";
import type { CachedPrefix } from "../../simulator/service/prompt-cache.ts";
import { REFUSED_BY } from "../../simulator/service/quota/token-quota.ts";
import { OUTCOME, type Outcome } from "../../simulator/service/service.ts";
import type { ServiceFault } from "../http/errors.ts";
import type { InferenceHandle, InferenceObserver } from "../model/backend.ts";
import type { Deadline, EmulatorClock } from "../model/clock.ts";

export interface WorldCallOptions {
  readonly clock: EmulatorClock;
  /** Scenario time at which the fleet's clock was 0, ms. */
  readonly startMs: number;
  readonly observer: InferenceObserver;
  /** Of the whole answer, and those of it that are made: fewer where a fault breaks it off. */
  readonly outputTokens: number;
  readonly madeTokens: number;
  readonly prefixes: readonly CachedPrefix[];
}

/** How a call ended: a whole answer, a broken connection, or an error of the service. */
export type Ending = "answered" | "broken" | ServiceFault;

/** Interval at which a stream polls while its endpoint makes no progress. */
const STALLED_RETRY_MS = 250;
/** Keeps a token that is due exactly now from being lost to rounding. */
const ROUNDING = 1e-6;

/** How tokens follow the first one: at fixed instants, or with the decode steps of a batch. */
type Pace =
  | { readonly kind: "fixed"; readonly endMs: number }
  | { readonly kind: "steps"; readonly capacity: Capacity; readonly firstStep: number; readonly stepsPerToken: number };

/** One call in the world. Converts the world's instants (scenario time) to those of the fleet's clock. */
export class WorldCall implements InferenceHandle {
  readonly outputTokens: number;
  private readonly madeTokens: number;
  readonly prefixes: readonly CachedPrefix[];
  destinationRegion = "";
  isFallback = false;
  cacheReadTokens = 0;
  cacheWriteTokens = 0;
  /** True once `begin` has returned this call as accepted: the observer may be called from then on. */
  isAdmitted = false;
  /** How it ended; undefined while it runs. */
  ending: Ending | undefined;
  /** One-way time from the region that runs the call back to the endpoint that received it, ms. */
  returnHopMs = 0;
  private readonly options: WorldCallOptions;
  private isCancelled = false;
  private firstTokenMs = Number.POSITIVE_INFINITY;
  private isFirstTokenReported = false;
  private firstTimer: Deadline | undefined;
  private pace: Pace | undefined;
  /** Highest count reported so far: a pace that slows down must not lower it. */
  private written = 0;

  constructor(options: WorldCallOptions) {
    this.options = options;
    this.outputTokens = options.outputTokens;
    this.madeTokens = options.madeTokens;
    this.prefixes = options.prefixes;
  }

  /** Service starts with known token times; both in scenario time. */
  scheduleTokens(firstTokenMs: number, endMs: number): void {
    this.firstTokenMs = this.fleetMs(firstTokenMs);
    this.pace = { kind: "fixed", endMs: this.fleetMs(endMs) };
    // An answer without token times arrives whole: its end also reports its first token.
    if (firstTokenMs >= endMs) return;
    this.scheduleFirstToken();
  }

  /** The first token exists and the others follow with the batch; `nowMs` is scenario time. */
  beginDecoding(nowMs: number, capacity: Capacity, stepsPerToken: number): void {
    this.firstTokenMs = this.fleetMs(nowMs);
    const firstStep = capacity.stepsAt?.(nowMs) ?? 0;
    this.pace = { kind: "steps", capacity, firstStep, stepsPerToken };
    if (this.returnHopMs > 0) this.scheduleFirstToken();
    else this.reportFirstToken();
  }

  /** The world has decided the outcome; `nowMs` is scenario time. */
  end(nowMs: number, ending: Ending): void {
    const endMs = this.fleetMs(nowMs);
    this.ending = ending;
    if (!this.isAdmitted || this.isCancelled) return;
    if (this.returnHopMs > 0) this.options.clock.schedule(endMs, () => this.reportEnd(endMs, ending));
    else this.reportEnd(endMs, ending);
  }

  tokensWritten(nowMs: number): number {
    const { pace, madeTokens } = this;
    if (pace === undefined || nowMs < this.firstTokenMs) return this.written;
    const since =
      pace.kind === "fixed"
        ? this.fixedTokensSince(nowMs, pace.endMs)
        : (pace.capacity.stepsAt!(this.worldMs(nowMs)) - pace.firstStep) / pace.stepsPerToken;
    const tokens = Number.isFinite(since) ? 1 + Math.floor(since + ROUNDING) : madeTokens;
    this.written = Math.max(this.written, Math.min(madeTokens, tokens));
    return this.written;
  }

  nextTokenMs(nowMs: number): number {
    const { pace } = this;
    if (pace === undefined) return Number.POSITIVE_INFINITY;
    const tokens = this.tokensWritten(nowMs);
    if (tokens >= this.madeTokens) return Number.POSITIVE_INFINITY;
    if (pace.kind === "fixed") return this.firstTokenMs + tokens * this.fixedGapMs(pace.endMs);
    const { capacity, firstStep, stepsPerToken } = pace;
    const left = firstStep + tokens * stepsPerToken - capacity.stepsAt!(this.worldMs(nowMs));
    return nowMs + Math.min(STALLED_RETRY_MS, Math.max(0, left) * capacity.stepMs!);
  }

  cancel(): void {
    this.isCancelled = true;
    this.firstTimer?.cancel();
  }

  private scheduleFirstToken(): void {
    this.firstTimer = this.options.clock.schedule(this.firstTokenMs, () => this.reportFirstToken());
  }

  private reportEnd(endMs: number, ending: Ending): void {
    const { observer } = this.options;
    this.firstTimer?.cancel();
    if (this.isCancelled) return;
    if (this.firstTokenMs < endMs) this.reportFirstToken();
    this.written = ending === "answered" ? this.madeTokens : this.tokensWritten(endMs);
    this.pace = undefined;
    if (ending === "answered") observer.onEnd(endMs);
    else if (ending === "broken") observer.onBreak(endMs);
    else observer.onFailure(endMs, ending);
  }

  /** Fleet time at which the called endpoint sees an event of scenario time `worldMs`. */
  private fleetMs(worldMs: number): number {
    return worldMs - this.options.startMs + this.returnHopMs;
  }

  private worldMs(fleetMs: number): number {
    return fleetMs + this.options.startMs - this.returnHopMs;
  }

  private reportFirstToken(): void {
    if (this.isFirstTokenReported || this.isCancelled || !this.isAdmitted) return;
    this.isFirstTokenReported = true;
    this.options.observer.onFirstToken(this.firstTokenMs);
  }

  private fixedGapMs(endMs: number): number {
    return this.madeTokens > 1 ? (endMs - this.firstTokenMs) / (this.madeTokens - 1) : 0;
  }

  private fixedTokensSince(nowMs: number, endMs: number): number {
    if (nowMs >= endMs) return this.madeTokens - 1;
    return (nowMs - this.firstTokenMs) / this.fixedGapMs(endMs);
  }
}

/** Bedrock's throttling messages by exhausted limit. Source: AWS re:Post and SDK issue threads, 2024-2026. */
const QUOTA_MESSAGES: Readonly<Record<number, string>> = {
  [REFUSED_BY.tokensPerMinute]: "Too many tokens, please wait before trying again.",
  [REFUSED_BY.tokensPerDay]: "Too many tokens per day, please wait before trying again.",
  [REFUSED_BY.requests]: "Too many requests, please wait before trying again.",
};

/**
 * The service's error for an attempt that did not succeed.
 *
 * @param outcome      how the world ended the attempt
 * @param refusal      the quota that refused: quota index << 2 | one of `REFUSED_BY`
 * @param retryAfterMs that quota's hint of when to retry, ms; NaN for none
 */
export function faultOf(
  outcome: Exclude<Outcome, typeof OUTCOME.ok>,
  refusal: number,
  retryAfterMs: number,
): ServiceFault {
  switch (outcome) {
    case OUTCOME.throttled:
      return {
        name: "ThrottlingException",
        message: QUOTA_MESSAGES[refusal & 3],
        ...(Number.isNaN(retryAfterMs) ? {} : { retryAfterMs }),
      };
    case OUTCOME.unavailable:
      return { name: "ServiceUnavailableException" };
    case OUTCOME.broken:
      return { name: "InternalServerException", isInStream: true };
    case OUTCOME.error:
    case OUTCOME.empty:
    case OUTCOME.rejected:
      return { name: "InternalServerException" };
    case OUTCOME.abandoned:
    case OUTCOME.timeout:
      return { name: "ModelTimeoutException" };
  }
}
