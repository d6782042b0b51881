import type { Capacity } from "../../simulator/world/capacity/capacity.ts";
import type { CachedPrefix } from "../../simulator/world/prompt-caches.ts";
import { REFUSED_BY } from "../../simulator/world/quota/token-quota.ts";
import { OUTCOME, type Outcome } from "../../simulator/world/world.ts";
import type { ServiceFault } from "../http/errors.ts";
import type { InferenceHandle, InferenceObserver } from "../model/backend.ts";
import type { Deadline, EmulatorClock } from "../model/clock.ts";

export interface WorldCallOptions {
  readonly clock: EmulatorClock;
  /** World's instant at which the fleet's clock was 0. */
  readonly startMs: number;
  readonly observer: InferenceObserver;
  readonly outputTokens: number;
  readonly prefixes: readonly CachedPrefix[];
}

/** A whole answer, an endpoint that went away, or an error of the service. */
export type Ending = "answered" | "broken" | ServiceFault;

/** A stream whose machines stand still asks again after this long. */
const STALLED_RETRY_MS = 250;
/** Keeps a token that is due exactly now from being lost to rounding. */
const ROUNDING = 1e-6;

/** How tokens come once the first is there: at fixed instants, or in step with the others of a batch. */
type Pace =
  | { readonly kind: "fixed"; readonly endMs: number }
  | { readonly kind: "steps"; readonly capacity: Capacity; readonly firstStep: number; readonly stepsPerToken: number };

/** One call inside the world, as the wire sees it. The world speaks in its own instants, the wire in the fleet's. */
export class WorldCall implements InferenceHandle {
  readonly outputTokens: number;
  readonly prefixes: readonly CachedPrefix[];
  destinationRegion = "";
  cacheReadTokens = 0;
  cacheWriteTokens = 0;
  /** The caller has been told that it is in. */
  isAdmitted = false;
  /** How it ended; undefined while it has not. */
  ending: Ending | undefined;
  /** Way back from the region that runs it to the endpoint that was called, ms. */
  wayBackMs = 0;
  private readonly options: WorldCallOptions;
  private isCancelled = false;
  private firstTokenMs = Number.POSITIVE_INFINITY;
  private isFirstTold = false;
  private firstTimer: Deadline | undefined;
  private pace: Pace | undefined;
  /** Highest count given out: a pace that slows must not take tokens back. */
  private written = 0;

  constructor(options: WorldCallOptions) {
    this.options = options;
    this.outputTokens = options.outputTokens;
    this.prefixes = options.prefixes;
  }

  /** Service begins and says when each token will be there; world's instants. */
  fixTokens(firstTokenMs: number, endMs: number): void {
    this.firstTokenMs = this.fleetMs(firstTokenMs);
    this.pace = { kind: "fixed", endMs: this.fleetMs(endMs) };
    // An answer without token times comes whole: its end tells of its first token too.
    if (firstTokenMs >= endMs) return;
    this.scheduleFirst();
  }

  /** The first token is there, and the others follow in step; world's instant. */
  beginDecoding(nowMs: number, capacity: Capacity, stepsPerToken: number): void {
    this.firstTokenMs = this.fleetMs(nowMs);
    const firstStep = capacity.stepsAt?.(nowMs) ?? 0;
    this.pace = { kind: "steps", capacity, firstStep, stepsPerToken };
    if (this.wayBackMs > 0) this.scheduleFirst();
    else this.tellFirst();
  }

  /** The world is done with it; world's instant. */
  end(nowMs: number, ending: Ending): void {
    const endMs = this.fleetMs(nowMs);
    this.ending = ending;
    if (!this.isAdmitted || this.isCancelled) return;
    if (this.wayBackMs > 0) this.options.clock.schedule(endMs, () => this.tellEnd(endMs, ending));
    else this.tellEnd(endMs, ending);
  }

  tokensWritten(nowMs: number): number {
    const { pace, outputTokens } = this;
    if (pace === undefined || nowMs < this.firstTokenMs) return this.written;
    const since =
      pace.kind === "fixed"
        ? this.fixedTokensSince(nowMs, pace.endMs)
        : (pace.capacity.stepsAt!(this.worldMs(nowMs)) - pace.firstStep) / pace.stepsPerToken;
    const tokens = Number.isFinite(since) ? 1 + Math.floor(since + ROUNDING) : outputTokens;
    this.written = Math.max(this.written, Math.min(outputTokens, tokens));
    return this.written;
  }

  nextTokenMs(nowMs: number): number {
    const { pace } = this;
    if (pace === undefined) return Number.POSITIVE_INFINITY;
    const tokens = this.tokensWritten(nowMs);
    if (tokens >= this.outputTokens) return Number.POSITIVE_INFINITY;
    if (pace.kind === "fixed") return this.firstTokenMs + tokens * this.fixedGapMs(pace.endMs);
    const { capacity, firstStep, stepsPerToken } = pace;
    const left = firstStep + tokens * stepsPerToken - capacity.stepsAt!(this.worldMs(nowMs));
    return nowMs + Math.min(STALLED_RETRY_MS, Math.max(0, left) * capacity.stepMs!);
  }

  cancel(): void {
    this.isCancelled = true;
    this.firstTimer?.cancel();
  }

  private scheduleFirst(): void {
    this.firstTimer = this.options.clock.schedule(this.firstTokenMs, () => this.tellFirst());
  }

  private tellEnd(endMs: number, ending: Ending): void {
    const { observer } = this.options;
    this.firstTimer?.cancel();
    if (this.isCancelled) return;
    if (this.firstTokenMs < endMs) this.tellFirst();
    this.written = ending === "answered" ? this.outputTokens : this.tokensWritten(endMs);
    this.pace = undefined;
    if (ending === "answered") observer.onEnd(endMs);
    else if (ending === "broken") observer.onBreak(endMs);
    else observer.onFailure(endMs, ending);
  }

  /** When the caller's endpoint sees what the world does at an instant. */
  private fleetMs(worldMs: number): number {
    return worldMs - this.options.startMs + this.wayBackMs;
  }

  private worldMs(fleetMs: number): number {
    return fleetMs + this.options.startMs - this.wayBackMs;
  }

  private tellFirst(): void {
    if (this.isFirstTold || this.isCancelled || !this.isAdmitted) return;
    this.isFirstTold = true;
    this.options.observer.onFirstToken(this.firstTokenMs);
  }

  private fixedGapMs(endMs: number): number {
    return this.outputTokens > 1 ? (endMs - this.firstTokenMs) / (this.outputTokens - 1) : 0;
  }

  private fixedTokensSince(nowMs: number, endMs: number): number {
    if (nowMs >= endMs) return this.outputTokens - 1;
    return (nowMs - this.firstTokenMs) / this.fixedGapMs(endMs);
  }
}

/** The words in which Bedrock refuses, by the limit that refused. Source: AWS re:Post and SDK issue threads, 2024-2026. */
const QUOTA_MESSAGES: Readonly<Record<number, string>> = {
  [REFUSED_BY.tokensPerMinute]: "Too many tokens, please wait before trying again.",
  [REFUSED_BY.tokensPerDay]: "Too many tokens per day, please wait before trying again.",
  [REFUSED_BY.requests]: "Too many requests, please wait before trying again.",
};

/**
 * How the service words an attempt's end that is not an answer.
 *
 * @param refusal      the world's note of which quota refused: quota index << 2 | which of its limits
 * @param retryAfterMs hint of that quota; NaN for none
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
    case OUTCOME.error:
      return { name: "InternalServerException" };
    case OUTCOME.abandoned:
    case OUTCOME.timeout:
      return { name: "ModelTimeoutException" };
  }
}
