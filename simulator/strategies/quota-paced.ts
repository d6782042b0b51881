/** Strategy `quota-paced`: the cheapest target whose quota has room by this router's own count; pacing and admission. */
import { checkOptions } from "../client/options.ts";
import { fewestInFlight } from "../client/pick.ts";
import { deferUntil, type RequestView, SHED, type StrategyDefinition, type TargetView } from "../client/strategy.ts";
import { requestPriceMicroUsd } from "../client/target-view.ts";
import { createMeter, type Meter, type MeterLaw } from "../service/quota/meter.ts";

const options = {
  tokensPerMinute: {
    type: "targetAmounts",
    required: true,
    doc: "Quota of each target, e.g. { us-east-1: 900k }; targets that it does not name have none",
  },
  share: {
    type: "share",
    default: 1,
    doc: "This router's part of each quota: 25% where four routers share an account, as no router sees the others",
  },
  law: {
    type: "choice",
    values: ["token-bucket", "clock-window", "rolling-window"],
    default: "clock-window",
    doc: "Window law to count by; AWS does not publish its own",
  },
  burst: {
    type: "share",
    default: 1,
    doc: "Pacing: at most this share of a minute's quota at once, the rest as the minute goes on; 1 for no pacing",
  },
  burndown: {
    type: "number",
    min: 1,
    default: 1,
    doc: "Output tokens count so many times against the quota when they end",
  },
  admit: {
    type: "classShares",
    doc: "Share of each quota up to which a class may fill it, e.g. { digest: 60% }; the rest is kept for other classes",
  },
  patience: {
    type: "durationMs",
    default: 5_000,
    doc: "With every quota spent a request waits for room so long; deferrable ones wait until there is room",
  },
  full: {
    type: "choice",
    values: ["send", "shed"],
    default: "send",
    doc: "What follows patience: send all the same to the target with the most left, or refuse without a call",
  },
} as const;

/** How long a request waits until it asks again, ms: about a hundredth of a minute, and for work that may wait a sixth. */
const ASK_AGAIN_MS = 500;
const ASK_AGAIN_DEFERRABLE_MS = 10_000;
/** Attempts in flight whose reservations are remembered; a power of two. */
const PLACES = 1 << 15;

/**
 * Counts what it sends as the service does: input + max_tokens is reserved when a request leaves, input + output ×
 * `burndown` is settled when it ends, a refusal gives all back. A request goes to the cheapest target with room under the
 * law and, with `burst` under 1, in a token bucket of that depth beside it, so that a window is not spent in its first
 * seconds. A class admitted up to a share finds a quota full from there on. Where none has room, it waits.
 *
 * The count is this router's own: set `share` where several routers draw on one quota. A retry leaves out the target
 * that just failed if another has room. No draws.
 */
export const quotaPaced: StrategyDefinition = {
  name: "quota-paced",
  summary: "Takes the cheapest target with quota left by its own count; paces, admits by class, waits or sheds.",
  options,
  signals: ["price", "inFlight"],
  create(given, context) {
    const checked = checkOptions("quota-paced", options, given, context);
    const burndown = checked.number("burndown");
    const admit = checked.classShares("admit");
    const patienceMs = checked.number("patience");
    const isShedding = checked.choice("full") === "shed";
    const part = checked.number("share");
    const limits = checked.amounts("tokensPerMinute").map((limit) => limit * part);
    const quotas = new OwnCount(limits, checked.choice("law") as MeterLaw, checked.number("burst"));
    const open = new Reservations();
    /** By target: the latest request's price there; NaN where it had no room. */
    const prices = new Float64Array(context.targetIds.length);

    function cheapestWithRoom(request: RequestView, targets: TargetView, nowMs: number, tokens: number): number {
      const { eligible, eligibleCount } = targets;
      let best = -1;
      let bestPrice = Number.POSITIVE_INFINITY;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        prices[target] = Number.NaN;
        if (target === request.previousTarget) continue;
        if (!quotas.hasRoom(target, tokens, admit[request.classIndex]!, nowMs)) continue;
        const price = requestPriceMicroUsd(request, targets, target, Number.POSITIVE_INFINITY);
        prices[target] = price;
        if (best >= 0 && price >= bestPrice) continue;
        best = target;
        bestPrice = price;
      }
      return best;
    }

    return {
      scoreOf: (target) => prices[target]!,
      choose(request, targets, nowMs) {
        const tokens = request.inputTokens + request.maxTokens;
        let target = cheapestWithRoom(request, targets, nowMs, tokens);
        if (target < 0 && request.attempt === 0) {
          if (request.deferrable) return deferUntil(nowMs + ASK_AGAIN_DEFERRABLE_MS);
          if (nowMs - request.arrivalMs < patienceMs) return deferUntil(nowMs + ASK_AGAIN_MS);
          if (isShedding) return SHED;
        }
        if (target < 0) target = quotas.mostLeft(targets, request.previousTarget, nowMs);
        quotas.count(target, tokens, nowMs, nowMs);
        open.put(request.requestId, request.attempt, tokens);
        return target;
      },
      observe({ requestId, target, kind, sentMs, nowMs, inputTokens, outputTokens }) {
        const reserved = open.take(requestId);
        const used = kind === "ok" ? inputTokens + outputTokens * burndown : kind === "timeout" ? reserved : 0;
        quotas.count(target, used - reserved, nowMs, sentMs);
      },
    };
  },
};

/** The quotas as one router knows them: by what it has sent itself. */
class OwnCount {
  private readonly limits: Float64Array;
  private readonly burst: number;
  private readonly quotas: readonly Meter[];
  /** Empty where nothing is paced. */
  private readonly pace: readonly Meter[];

  constructor(limits: Float64Array, law: MeterLaw, burst: number) {
    this.limits = limits;
    this.burst = burst;
    this.quotas = meters(limits, law, 1);
    this.pace = burst < 1 ? meters(limits, "token-bucket", burst) : [];
  }

  /** @param upTo share of the quota that may be full afterwards */
  hasRoom(target: number, tokens: number, upTo: number, nowMs: number): boolean {
    const limit = this.limits[target]!;
    if (limit === 0) return true;
    if (this.quotas[target]!.utilisation(nowMs) * limit + tokens > upTo * limit) return false;
    const pacing = this.pace[target];
    if (pacing === undefined) return true;
    const depth = this.burst * limit;
    const used = pacing.utilisation(nowMs) * depth;
    // A call larger than the bucket leaves when the bucket is full, and overdraws it.
    return used + tokens <= depth || used <= 0;
  }

  /** @param takenAtMs when the tokens were reserved of which this is the rest */
  count(target: number, tokens: number, nowMs: number, takenAtMs: number): void {
    if (this.limits[target] === 0) return;
    this.quotas[target]!.settle(nowMs, takenAtMs, tokens);
    this.pace[target]?.settle(nowMs, takenAtMs, tokens);
  }

  mostLeft(targets: TargetView, previous: number, nowMs: number): number {
    const { eligible, eligibleCount } = targets;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < eligibleCount; i++) {
      const target = eligible[i]!;
      const use = this.limits[target] === 0 ? 0 : this.quotas[target]!.utilisation(nowMs);
      if (target === previous || use >= least) continue;
      best = target;
      least = use;
    }
    return best >= 0 ? best : fewestInFlight(targets, previous);
  }
}

function meters(limits: Float64Array, law: MeterLaw, burst: number): readonly Meter[] {
  return Array.from(limits, (limit) => createMeter({ law, limit, windowMs: 60_000, burst: limit * burst }, 0));
}

/** Tokens reserved by attempts in flight, in constant memory: of two that share a place the newer one is known. */
class Reservations {
  private readonly owner = new Int32Array(PLACES).fill(-1);
  private readonly tokens = new Float64Array(PLACES);

  /** A retry takes the place of its request's first attempt, which has ended. */
  put(requestId: number, attempt: number, tokens: number): void {
    const place = requestId & (PLACES - 1);
    const isHedge = attempt > 0 && this.owner[place] === requestId;
    this.tokens[place] = isHedge ? this.tokens[place]! + tokens : tokens;
    this.owner[place] = requestId;
  }

  take(requestId: number): number {
    const place = requestId & (PLACES - 1);
    if (this.owner[place] !== requestId) return 0;
    this.owner[place] = -1;
    return this.tokens[place]!;
  }
}
