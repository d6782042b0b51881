/** What limits a client besides its retries: the adaptive send limiter, and the cooldown of targets that failed. */

/** The client-side send limiter of the SDKs' `adaptive` retry mode. */
export interface AdaptiveLimiter {
  /** 0: the attempt may leave and has taken its token. More: ask again after so many ms. */
  waitMs(nowMs: number): number;
  /** Every answer of the service changes the allowed rate. */
  onResponse(throttled: boolean, nowMs: number): void;
  /** The rate allowed now, attempts per second; Infinity before the first throttling. */
  ratePerS(): number;
}

const BETA = 0.7;
const SCALE = 0.4;
const SMOOTHING = 0.8;
const RATE_BUCKETS_PER_S = 2;
const RATE_MIN_PER_S = 0.5;
const CAPACITY_MIN = 1;
const RATE_CAP_OVER_MEASURED = 2;

/**
 * CUBIC rate control. Nothing is limited before the first throttling answer. Then the allowed rate w(t) drops to
 * beta × the measured rate and grows back as
 *
 *   w(t) = scale × (t - k)^3 + wMax,   k = cbrt(wMax × (1 - beta) / scale),   t in s since the last throttling,
 *
 * never above twice the measured rate (smoothed counts of answers in half-second buckets), never below 0.5/s. Every
 * attempt takes a token from a bucket of that rate that holds max(rate, 1) tokens.
 *
 * Waiting is polling, as in the SDKs: several waiters may wake for one token, and those without one ask again. A wait is
 * rounded up to whole milliseconds, which is what a timer does and what makes time advance.
 *
 * Source: botocore 1.44.5 retries/{adaptive,throttling,bucket}.py; @smithy/core 3.41.0 DefaultRateLimiter.js (same
 * constants; without its rounding to 8 decimals; before the first throttling both limit nothing).
 */
export function createAdaptiveLimiter(): AdaptiveLimiter {
  let enabled = false;
  let tokens = 0;
  let capacity = CAPACITY_MIN;
  let fillPerS = RATE_MIN_PER_S;
  let filledAtS = NaN;
  let measuredPerS = 0;
  let answers = 0;
  let bucketS = NaN;
  let maxPerS = 0;
  let throttledAtS = NaN;

  function refill(nowS: number): void {
    tokens = Math.min(capacity, tokens + (nowS - filledAtS) * fillPerS);
    filledAtS = nowS;
  }

  function measure(nowS: number): void {
    const bucket = Math.floor(nowS * RATE_BUCKETS_PER_S) / RATE_BUCKETS_PER_S;
    answers++;
    if (bucket > bucketS) {
      measuredPerS = (answers / (bucket - bucketS)) * SMOOTHING + measuredPerS * (1 - SMOOTHING);
      answers = 0;
      bucketS = bucket;
    }
  }

  /** The SDKs start their clocks when the client is made; here the first use counts as that. */
  function start(nowS: number): void {
    if (!Number.isNaN(bucketS)) return;
    bucketS = Math.floor(nowS);
    throttledAtS = nowS;
    filledAtS = nowS;
  }

  return {
    waitMs(nowMs) {
      start(nowMs / 1000);
      if (!enabled) return 0;
      refill(nowMs / 1000);
      if (tokens >= 1) {
        tokens -= 1;
        return 0;
      }
      return Math.max(1, Math.ceil(((1 - tokens) / fillPerS) * 1000));
    },
    onResponse(throttled, nowMs) {
      const nowS = nowMs / 1000;
      start(nowS);
      measure(nowS);
      let rate: number;
      if (throttled) {
        maxPerS = enabled ? Math.min(measuredPerS, fillPerS) : measuredPerS;
        throttledAtS = nowS;
        rate = maxPerS * BETA;
        enabled = true;
      } else {
        const k = Math.cbrt((maxPerS * (1 - BETA)) / SCALE);
        rate = SCALE * (nowS - throttledAtS - k) ** 3 + maxPerS;
      }
      rate = Math.min(rate, RATE_CAP_OVER_MEASURED * measuredPerS);
      refill(nowS);
      fillPerS = Math.max(rate, RATE_MIN_PER_S);
      capacity = Math.max(rate, CAPACITY_MIN);
      tokens = Math.min(tokens, capacity);
    },
    ratePerS: () => (enabled ? fillPerS : Infinity),
  };
}

/**
 * Cooldown of targets after a failure, as gateways do it: a target that failed at time t is skipped until t + duration.
 * Further failures move the end; a success does not shorten it, since it may answer a request sent before.
 */
export class Cooldown {
  /** End of each target's cooldown on the router's clock, ms; -Infinity before the first failure. */
  declare readonly untilMs: Float64Array;
  declare private readonly durationMs: number;

  /** @param durationMs 0 or more; 0 = no target is ever skipped */
  constructor(targets: number, durationMs: number) {
    this.untilMs = new Float64Array(targets).fill(-Infinity);
    this.durationMs = durationMs;
  }

  /** The target has failed at this instant. */
  fail(target: number, nowMs: number): void {
    const until = nowMs + this.durationMs;
    if (until > this.untilMs[target]!) this.untilMs[target] = until;
  }

  /** Whether the target is skipped now; at the instant at which its cooldown ends it is available again. */
  isCooling(target: number, nowMs: number): boolean {
    return nowMs < this.untilMs[target]!;
  }
}
