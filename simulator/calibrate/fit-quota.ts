/** Infers an endpoint's quota from which calls were throttled. */
import { median } from "../base/statistics.ts";
import { MINUTE_MS } from "../base/time.ts";
import { createMeter, type Meter, type MeterLaw } from "../service/quota/meter.ts";
import { axesOf, type Observation, oneWayMs } from "./calls.ts";

/** A limit that explains which calls were throttled. */
export interface QuotaFit {
  readonly of: "tokens" | "requests";
  /** The window law. */
  readonly law: MeterLaw;
  /** Per minute. */
  readonly limit: number;
  /** Size of a token bucket; the limit itself under the other laws. */
  readonly burst: number;
  /** Quota tokens that one output token takes at settlement. */
  readonly burndown: number;
  /** Balanced error rate: mean of the shares of throttled and of granted calls that the limit decides otherwise. */
  readonly error: number;
}

const LAWS: readonly MeterLaw[] = ["token-bucket", "rolling-window", "clock-window"];
/** Candidate bursts as shares of the minute's limit. */
const BURSTS = [1, 0.5, 0.25, 0.15, 0.1, 0.07, 0.05, 0.03, 1 / 60] as const;

type Limit = Omit<QuotaFit, "error">;

/**
 * Searches for the limit under which the simulator's own meters grant and refuse what was granted and refused. Each
 * wrong decision is corrected before the next, so that errors do not accumulate. At last the limit is scaled so that an
 * uncorrected meter throttles as many calls as were throttled.
 *
 * @param burndowns candidates for the quota tokens that one output token takes at settlement
 * @returns undefined where no call was throttled
 */
export function fitQuota(observations: readonly Observation[], burndowns: readonly number[]): QuotaFit | undefined {
  if (!observations.some(({ outcome }) => outcome === "throttled")) return undefined;
  const axes = axesOf(observations).map(timelineOf);
  const judge = (limit: Limit): QuotaFit => ({ ...limit, error: errorOf(limit, axes) });
  const found: QuotaFit[] = [];
  for (const unit of ["tokens", "requests"] as const) {
    const limits = around(busiestMinute(observations, unit), 0.25, 4, 18);
    for (const law of LAWS) {
      const bursts = law === "token-bucket" ? BURSTS : [1];
      for (const burndown of unit === "tokens" ? burndowns : [1]) {
        const tried = limits.flatMap((limit) =>
          bursts.map((share) => judge({ of: unit, law, limit, burst: limit * share, burndown })),
        );
        found.push(tried.reduce(better));
      }
    }
  }
  const refined = found.map((fit) => refine(fit, judge));
  const best = refined.reduce((a, b) => (costOf(b) < costOf(a) - 1e-9 ? b : a));
  return best.error > MATCHED_ERROR_MIN ? matchShare(best, axes) : best;
}

/**
 * Bedrock usually throttles by tokens: where neither explains all calls, a limit on requests must be better by this.
 */
const REQUESTS_HANDICAP = 0.06;
const SURE_ERROR_MAX = 0.03;

function costOf({ of, error }: QuotaFit): number {
  return error + (of === "requests" && error > SURE_ERROR_MAX ? REQUESTS_HANDICAP : 0);
}

function better(a: QuotaFit, b: QuotaFit): QuotaFit {
  return b.error < a.error - 1e-9 ? b : a;
}

/** Moves the limit and a bucket's burst in ever smaller steps, keeping what improves. */
function refine(from: QuotaFit, judge: (limit: Limit) => QuotaFit): QuotaFit {
  let best = from;
  for (let width = 0.15; width > 0.002; width /= 1.6) {
    const { limit, burst, ...rest } = best;
    const isBucket = rest.law === "token-bucket";
    for (const factor of [1 - width, 1 - width / 2, 1 + width / 2, 1 + width]) {
      best = better(best, judge({ ...rest, limit: limit * factor, burst: isBucket ? burst : limit * factor }));
      if (!isBucket) continue;
      best = better(best, judge({ ...rest, limit, burst: burst * factor }));
      best = better(best, judge({ ...rest, limit: limit * factor, burst: burst / factor }));
    }
  }
  return best;
}

/** A limit with a smaller error needs no scaling. */
const MATCHED_ERROR_MIN = 0.02;

/** Most that the scaling may add to the error. */
const MATCHED_LOSS_MAX = 0.03;

/** Scales a limit until it throttles as many calls as were throttled. */
function matchShare(fit: QuotaFit, axes: readonly Timeline[]): QuotaFit {
  const seen = axes.reduce((sum, { steps }) => sum + steps.filter(({ isThrottled }) => isThrottled).length, 0);
  let [low, high] = [0.4, 2.5];
  const scaled = (factor: number): QuotaFit => ({ ...fit, limit: fit.limit * factor, burst: fit.burst * factor });
  for (let round = 0; round < 16; round++) {
    const middle = Math.sqrt(low * high);
    if (throttledAlone(scaled(middle), axes) > seen) low = middle;
    else high = middle;
  }
  const limit = scaled(Math.sqrt(low * high));
  const matched = { ...limit, error: errorOf(limit, axes) };
  // Callers back off after a refusal, so that other decisions would have met other calls: matching is not always right.
  return matched.error <= fit.error + MATCHED_LOSS_MAX ? matched : fit;
}

/** Calls that an uncorrected meter throttles. */
function throttledAlone(limit: Limit, axes: readonly Timeline[]): number {
  let throttled = 0;
  for (const { startMs, steps, usualMs } of axes) {
    const meter = createMeter({ ...limit, windowMs: MINUTE_MS }, startMs);
    // Granted calls that have not ended.
    const due: Step[] = [];
    for (const step of steps) {
      settleUntil(meter, due, step.atMs, limit);
      if (!meter.take(step.atMs, reservedOf(step, limit))) {
        throttled++;
        continue;
      }
      const endMs = step.isThrottled || Number.isNaN(step.endMs) ? step.atMs + usualMs : step.endMs;
      due.push({ ...step, endMs });
    }
  }
  return throttled;
}

function settleUntil(meter: Meter, due: Step[], nowMs: number, limit: Limit): void {
  const over = due.filter(({ endMs }) => endMs <= nowMs).sort((a, b) => a.endMs - b.endMs);
  if (over.length === 0) return;
  for (const step of over) settle(meter, step, limit);
  const left = due.filter(({ endMs }) => endMs > nowMs);
  due.splice(0, due.length, ...left);
}

function settle(meter: Meter, step: Step, limit: Limit): void {
  if (limit.of === "requests") return;
  const used = step.isServed ? step.inputTokens + step.outputTokens * limit.burndown : 0;
  meter.settle(step.endMs, step.atMs, used - step.reservedTokens);
}

function reservedOf(step: Step, { of }: Limit): number {
  return of === "requests" ? 1 : step.reservedTokens;
}

/** A call as a quota sees it. */
interface Step {
  readonly atMs: number;
  /** NaN where there is no end to settle at. */
  readonly endMs: number;
  readonly isThrottled: boolean;
  readonly isServed: boolean;
  readonly reservedTokens: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The calls of an axis by arrival, and their starts and ends in order of time. */
interface Timeline {
  readonly startMs: number;
  readonly steps: readonly Step[];
  readonly changes: readonly { readonly step: Step; readonly isEnd: boolean }[];
  /** Median duration of served calls, ms. */
  readonly usualMs: number;
}

function timelineOf(axis: readonly Observation[]): Timeline {
  const steps = axis.map(stepOf).sort((a, b) => a.atMs - b.atMs);
  const changes = steps.flatMap((step) => {
    const begins = { step, isEnd: false };
    return step.isThrottled || Number.isNaN(step.endMs) ? [begins] : [begins, { step, isEnd: true }];
  });
  const instant = ({ step, isEnd }: (typeof changes)[number]) => (isEnd ? step.endMs : step.atMs);
  changes.sort((a, b) => instant(a) - instant(b));
  const start = axis[0]!.axisStartMs;
  const usualMs = median(steps.filter(({ isServed }) => isServed).map(({ atMs, endMs }) => endMs - atMs)) || 1000;
  return { startMs: Number.isNaN(start) ? 0 : start, steps, changes, usualMs };
}

function stepOf(observation: Observation): Step {
  const { inputTokens, outputTokens, maxTokens, outcome, endMs } = observation;
  return {
    atMs: arrivalMs(observation),
    endMs: endMs - oneWayMs(observation),
    isThrottled: outcome === "throttled",
    isServed: outcome === "served",
    reservedTokens: inputTokens + (Number.isNaN(maxTokens) ? outputTokens : maxTokens),
    inputTokens,
    outputTokens,
  };
}

function errorOf(limit: Limit, axes: readonly Timeline[]): number {
  const wrong = { throttled: 0, granted: 0 };
  const seen = { throttled: 0, granted: 0 };
  for (const { startMs, changes } of axes) {
    const meter = createMeter({ ...limit, windowMs: MINUTE_MS }, startMs);
    const unreserved = new Set<Step>();
    for (const { step, isEnd } of changes) {
      if (isEnd) {
        if (!unreserved.has(step)) settle(meter, step, limit);
        continue;
      }
      const kind = step.isThrottled ? "throttled" : "granted";
      seen[kind]++;
      // A throttled call that the meter grants keeps its reservation, which lowers the meter; a granted one that it
      // refuses reserves nothing, which raises it: either way it moves towards the meter that decided.
      const takes = meter.take(step.atMs, reservedOf(step, limit));
      if (!takes) unreserved.add(step);
      if (takes === step.isThrottled) wrong[kind]++;
    }
  }
  return (wrong.throttled / Math.max(1, seen.throttled) + wrong.granted / Math.max(1, seen.granted)) / 2;
}

function arrivalMs(observation: Observation): number {
  return observation.sentMs + oneWayMs(observation);
}

/** The most that was granted in any minute: tokens used, or calls. */
function busiestMinute(observations: readonly Observation[], of: QuotaFit["of"]): number {
  let most = 0;
  for (const axis of axesOf(observations)) {
    const granted = axis.filter(({ outcome }) => outcome !== "throttled").sort((a, b) => a.sentMs - b.sentMs);
    let from = 0;
    let sum = 0;
    const amount = (each: Observation) => (of === "requests" ? 1 : each.inputTokens + each.outputTokens);
    for (const each of granted) {
      sum += amount(each);
      while (granted[from]!.sentMs < each.sentMs - MINUTE_MS) sum -= amount(granted[from++]!);
      most = Math.max(most, sum);
    }
    const spanMs = (granted.at(-1)?.sentMs ?? 0) - (granted[0]?.sentMs ?? 0);
    if (spanMs > 0 && spanMs < MINUTE_MS) most = Math.max(most, (sum * MINUTE_MS) / spanMs);
  }
  return Math.max(1, most);
}

function around(middle: number, from: number, to: number, count: number): readonly number[] {
  const ratio = (to / from) ** (1 / (count - 1));
  return Array.from({ length: count }, (_, i) => middle * from * ratio ** i);
}
