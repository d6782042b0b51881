/** What one router knows of its targets: moving signals that outcomes update, and pictures of them with an age. */
import { MINUTE_MS } from "../base/time.ts";
import { MovingQuantiles } from "./moving-quantiles.ts";
import type { AttemptOutcome, OutcomeKind, RequestView, SignalName, TargetView } from "./strategy.ts";

/** How the moving estimates forget. */
export interface SignalMemory {
  /** An observation this old weighs 1/e of a new one ... */
  readonly timeConstantMs: number;
  /** ... but about so many of the latest always count, however slowly they come ... */
  readonly observationsMin: number;
  /** ... unless a target was silent for this long: then its observations are dropped. */
  readonly silenceMs: number;
}

/** One minute; the last 50 outcomes where a minute brings fewer; nothing from before a minute of silence. */
export const DEFAULT_SIGNAL_MEMORY: SignalMemory = {
  timeConstantMs: MINUTE_MS,
  observationsMin: 50,
  silenceMs: MINUTE_MS,
};

/** One attempt's end, as far as the columns need it. Latencies as the caller saw them, NaN unless kind is "ok". */
export type ViewOutcome = Pick<AttemptOutcome, "target" | "kind" | "sentMs" | "nowMs" | "ttftMs" | "e2eMs" | "rttMs">;

/** All that a router learns of one attempt: what its strategy observes, and what the columns need. */
export type LearntOutcome = { -readonly [Field in keyof AttemptOutcome]: AttemptOutcome[Field] };

/**
 * Completes an outcome in place: a served attempt took from `sentMs` to `nowMs`; of any other a router learns neither
 * latencies nor output tokens. The engine fills one object again and again and the k6 router a new one each time; the
 * rule stands here for both, and takes the object alone, since numbers as arguments would be boxed.
 *
 * @param outcome all but `e2eMs` filled in, `ttftMs` and `outputTokens` with whatever was measured
 */
export function completeOutcome(outcome: LearntOutcome): void {
  if (outcome.kind === "ok") {
    outcome.e2eMs = outcome.nowMs - outcome.sentMs;
    return;
  }
  outcome.e2eMs = Number.NaN;
  outcome.ttftMs = Number.NaN;
  outcome.outputTokens = 0;
}

/**
 * The columns of one router for one model, and how outcomes move them. O(1) and allocation-free per outcome; only
 * what a strategy asks for is kept, the rest stays at its first value.
 *
 * The owner (simulator engine, k6 dispatcher, gateway) sets `eligible`, prices, round trips and quota headroom: these
 * fields may be pointed at its own arrays. In-flight counts are always kept.
 *
 * Means and shares are weighted averages in which, at each new outcome, everything older keeps
 * exp(-min(dt / timeConstant, 1 / observationsMin)) of its weight. Dividing by the sum of weights makes them exact
 * from the first observation, without a start-up bias. A timeout counts as a latency of the time waited: less than the
 * truth, but a router that ignored it would take a hanging target for a fast one.
 */
export class TargetViewState implements TargetView {
  declare readonly count: number;
  declare readonly targetIds: readonly string[];
  declare readonly inFlight: Int32Array;
  declare readonly e2eMsMean: Float64Array;
  declare readonly ttftMsMean: Float64Array;
  declare readonly e2eMsP95: Float64Array;
  declare readonly throttleShare: Float64Array;
  declare readonly failureShare: Float64Array;
  declare readonly lastOutcomeMs: Float64Array;
  declare eligible: Int32Array;
  declare eligibleCount: number;
  declare priceInUsdPerMTok: Float64Array;
  declare priceOutUsdPerMTok: Float64Array;
  declare rttMs: Float64Array;
  declare quotaHeadroom: Float64Array;

  declare private readonly memory: SignalMemory;
  declare private readonly keepsE2e: boolean;
  declare private readonly keepsTtft: boolean;
  declare private readonly keepsShares: boolean;
  declare private readonly keepsThrottled: boolean;
  declare private readonly keepsLatency: boolean;
  declare private readonly p95: MovingQuantiles | undefined;
  declare private readonly attemptWeight: Float64Array;
  declare private readonly latencyWeight: Float64Array;
  declare private readonly lastLatencyMs: Float64Array;

  constructor(
    targetIds: readonly string[],
    signals: readonly SignalName[],
    memory: SignalMemory = DEFAULT_SIGNAL_MEMORY,
  ) {
    const count = targetIds.length;
    this.count = count;
    this.targetIds = targetIds;
    this.memory = memory;
    this.eligible = Int32Array.from(targetIds.keys());
    this.eligibleCount = count;
    this.inFlight = new Int32Array(count);
    this.priceInUsdPerMTok = new Float64Array(count);
    this.priceOutUsdPerMTok = new Float64Array(count);
    this.rttMs = new Float64Array(count);
    this.e2eMsMean = new Float64Array(count).fill(NaN);
    this.ttftMsMean = new Float64Array(count).fill(NaN);
    this.throttleShare = new Float64Array(count);
    this.failureShare = new Float64Array(count);
    this.quotaHeadroom = new Float64Array(count).fill(1);
    this.lastOutcomeMs = new Float64Array(count).fill(-Infinity);
    this.lastLatencyMs = new Float64Array(count).fill(-Infinity);
    this.attemptWeight = new Float64Array(count);
    this.latencyWeight = new Float64Array(count);
    this.keepsE2e = signals.includes("e2e");
    this.keepsTtft = signals.includes("ttft");
    this.keepsThrottled = signals.includes("throttleShare");
    this.keepsShares = this.keepsThrottled || signals.includes("failureShare");
    this.p95 = signals.includes("e2eP95") ? new MovingQuantiles(count, 0.95) : undefined;
    this.e2eMsP95 = this.p95?.estimate ?? new Float64Array(count).fill(NaN);
    this.keepsLatency = this.keepsE2e || this.keepsTtft || this.p95 !== undefined;
  }

  /** An attempt has left for the target. */
  onSent(target: number): void {
    this.inFlight[target]!++;
  }

  /** An attempt has ended, and the router learns its outcome at once. */
  onOutcome(outcome: ViewOutcome): void {
    this.inFlight[outcome.target]!--;
    this.learn(outcome);
  }

  /** An attempt has ended; its outcome will be learnt later, or never (a hedge that lost). */
  onEnded(target: number): void {
    this.inFlight[target]!--;
  }

  /** Moves the signals by one outcome, at the instant at which the router learns it. */
  learn(outcome: ViewOutcome): void {
    const { target, kind, nowMs } = outcome;
    if (this.keepsShares) this.learnShares(target, kind, nowMs);
    if (this.keepsLatency && (kind === "ok" || kind === "timeout")) this.learnLatency(outcome);
    if (this.keepsShares || this.keepsLatency) this.lastOutcomeMs[target] = nowMs;
  }

  private learnShares(target: number, kind: OutcomeKind, nowMs: number): void {
    const weight = this.attemptWeight[target]! * this.keepAfter(nowMs - this.lastOutcomeMs[target]!) + 1;
    const failed = kind === "ok" ? 0 : 1;
    this.attemptWeight[target] = weight;
    if (this.keepsThrottled) {
      const throttled = kind === "throttled" || kind === "unavailable" ? 1 : 0;
      this.throttleShare[target] = towards(this.throttleShare[target]!, throttled, weight);
    }
    this.failureShare[target] = towards(this.failureShare[target]!, failed, weight);
  }

  private learnLatency(outcome: ViewOutcome): void {
    const { target, nowMs, rttMs, ttftMs } = outcome;
    const seenMs = outcome.kind === "ok" ? outcome.e2eMs : nowMs - outcome.sentMs;
    if (Number.isNaN(seenMs)) return;
    const keep = this.keepAfter(nowMs - this.lastLatencyMs[target]!);
    const weight = this.latencyWeight[target]! * keep + 1;
    const overMs = seenMs - rttMs;
    const e2eMs = overMs < 0 ? 0 : overMs;
    this.latencyWeight[target] = weight;
    this.lastLatencyMs[target] = nowMs;
    if (this.keepsE2e) this.e2eMsMean[target] = towards(this.e2eMsMean[target]!, e2eMs, weight);
    const firstMs = outcome.kind === "ok" ? Math.max(0, ttftMs - rttMs) : e2eMs;
    if (this.keepsTtft && !Number.isNaN(firstMs)) {
      this.ttftMsMean[target] = towards(this.ttftMsMean[target]!, firstMs, weight);
    }
    if (this.p95 !== undefined) {
      if (keep === 0) this.p95.forget(target);
      this.p95.observe(target, e2eMs, keep === 0 ? 1 : keep);
    }
  }

  /** What older observations keep of their weight when one arrives `gapMs` after the last; 0 after a silence. */
  private keepAfter(gapMs: number): number {
    const { timeConstantMs, observationsMin, silenceMs } = this.memory;
    if (gapMs > silenceMs) return 0;
    const byTime = gapMs / timeConstantMs;
    return expOfMinus(byTime < 1 / observationsMin ? byTime : 1 / observationsMin);
  }
}

/** exp(-x): for the small x of a busy target by eight terms of the series, which are exact to rounding up to 0.05. */
function expOfMinus(x: number): number {
  if (x > 0.05) return Math.exp(-x);
  const lower = 1 - (x / 5) * (1 - (x / 6) * (1 - x / 7));
  return 1 - x * (1 - (x / 2) * (1 - (x / 3) * (1 - (x / 4) * lower)));
}

/** Running weighted mean; the first value, with all of the weight, is the mean. */
function towards(mean: number, value: number, weight: number): number {
  return weight === 1 ? value : mean + (value - mean) / weight;
}

/**
 * When the next picture may be taken after one at `nowMs`, ms: at multiples of the age, so that all routers of a run
 * take theirs at the same instants whenever their own decisions fall.
 *
 * @param ageMs above 0
 * @example nextPictureMs(2_300, 1_000) // => 3_000
 * @example nextPictureMs(3_000, 1_000) // => 4_000
 */
export function nextPictureMs(nowMs: number, ageMs: number): number {
  return Math.floor(nowMs / ageMs + 1) * ageMs;
}

/**
 * Copies what a router has learnt into what its strategy is shown, model by model: signals with an age are such a
 * picture, taken at most once per age, as where gateways read them from a metrics store. Counts of attempts in flight
 * are no part of it: a client knows what it has sent itself.
 */
export function takePicture(learnt: readonly TargetViewState[], shown: readonly TargetViewState[]): void {
  for (let model = 0; model < learnt.length; model++) copySignals(learnt[model]!, shown[model]!);
}

function copySignals(from: TargetViewState, to: TargetViewState): void {
  to.e2eMsMean.set(from.e2eMsMean);
  to.ttftMsMean.set(from.ttftMsMean);
  to.e2eMsP95.set(from.e2eMsP95);
  to.throttleShare.set(from.throttleShare);
  to.failureShare.set(from.failureShare);
  to.lastOutcomeMs.set(from.lastOutcomeMs);
}

/**
 * What the request would cost at a target now, in millionths of a USD, from what the caller knows: its own input
 * tokens and an expected answer. Infinity where the price is not known, so that such a target comes last.
 *
 * @param outputTokens expected answer; the request's max_tokens is its upper limit, so Infinity stands for max_tokens
 */
export function requestPriceMicroUsd(
  request: RequestView,
  targets: TargetView,
  target: number,
  outputTokens: number,
): number {
  const { inputTokens, maxTokens } = request;
  return priceMicroUsd(targets, target, inputTokens, outputTokens < maxTokens ? outputTokens : maxTokens);
}

/** The same for strategies that weigh many targets: what the request brings is read once. */
export function priceMicroUsd(targets: TargetView, target: number, inputTokens: number, answerTokens: number): number {
  const price = inputTokens * targets.priceInUsdPerMTok[target]! + answerTokens * targets.priceOutUsdPerMTok[target]!;
  return Number.isNaN(price) ? Infinity : price;
}
