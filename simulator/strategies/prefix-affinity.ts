/** Strategy `prefix-affinity`: back to where the prompt's prefix is cached, unless that target is crowded. */
import { checkOptions } from "../client/options.ts";
import { fewestInFlight, isEligible } from "../client/pick.ts";
import type { StrategyDefinition, TargetView } from "../client/strategy.ts";
import { requestPriceMicroUsd } from "../client/target-view.ts";

const options = {
  ttl: {
    type: "durationMs",
    min: 1,
    default: 300_000,
    doc: "How long a target keeps a prefix after its last use: the life of the prompt cache",
  },
  otherwise: {
    type: "choice",
    values: ["least-outstanding", "cheapest"],
    default: "least-outstanding",
    doc: "Where a prefix goes that no target has, and requests without one",
  },
  slack: {
    type: "integer",
    min: 0,
    default: 16,
    doc: "A warm target is left when it has this many more in flight than the least loaded one ...",
  },
  ratio: { type: "number", min: 1, default: 2, doc: "... and also this many times as many" },
} as const;

/** Prefixes remembered at a time; each newer one may take an older one's place. */
const PLACES = 16_384;
/** Of a request without a prefix; sessions have the numbers below it. */
const NO_KEY = -1;

/**
 * Remembers which target last served each prefix, or each session where requests have one. While that was within `ttl`, the request goes there again, where a
 * cache read costs a tenth of the price and no prefill, unless the target has more than `ratio` times and `slack` more
 * in flight than the least loaded: then balance counts more than the cache. Everything else goes by `otherwise`.
 *
 * The memory is a table of 16,384 prefixes in which a newer one may overwrite an older one: constant memory, and a miss
 * costs one cold request. A failed attempt forgets its prefix. No draws.
 *
 * Source: the rule of SGLang's cache-aware router (balance_abs_threshold, balance_rel_threshold), with prefix ids in
 * place of its tree of prompts.
 */
export const prefixAffinity: StrategyDefinition = {
  name: "prefix-affinity",
  summary: "Sends a prompt back to where its prefix is cached, unless that target is crowded.",
  options,
  signals: ["inFlight", "price", "rtt"],
  create(given, context) {
    const checked = checkOptions("prefix-affinity", options, given, context);
    const ttlMs = checked.number("ttl");
    const slack = checked.number("slack");
    const ratio = checked.number("ratio");
    const isCheapest = checked.choice("otherwise") === "cheapest";
    const keyAt = new Int32Array(PLACES).fill(NO_KEY);
    const targetAt = new Int32Array(PLACES);
    const usedMs = new Float64Array(PLACES);

    /** The target that has the session or prefix and may be used now; -1 if there is none. */
    function warmTarget(place: number, key: number, targets: TargetView, nowMs: number): number {
      if (keyAt[place] !== key || nowMs - usedMs[place]! > ttlMs) return -1;
      const target = targetAt[place]!;
      if (!isEligible(targets, target)) return -1;
      const { inFlight } = targets;
      const least = inFlight[fewestInFlight(targets)]!;
      const mine = inFlight[target]!;
      return mine > least + slack && mine > ratio * least ? -1 : target;
    }

    return {
      choose(request, targets, nowMs) {
        const { prefixId, sessionId, previousTarget } = request;
        // A session's prompts go on from each other, beyond what they share with others.
        const key = sessionId >= 0 ? NO_KEY - 1 - sessionId : prefixId;
        const place = key === NO_KEY ? -1 : (Math.imul(key, 0x9e3779b1) >>> 0) % PLACES;
        const warm = place < 0 ? -1 : warmTarget(place, key, targets, nowMs);
        const cold = () => (isCheapest ? cheapestOf(request, targets) : fewestInFlight(targets, previousTarget));
        const target = warm >= 0 && warm !== previousTarget ? warm : cold();
        if (place >= 0) {
          keyAt[place] = key;
          targetAt[place] = target;
          usedMs[place] = nowMs;
        }
        return target;
      },
    };
  },
};

function cheapestOf(request: Parameters<typeof requestPriceMicroUsd>[0], targets: TargetView): number {
  const { eligible, eligibleCount, rttMs } = targets;
  let best = -1;
  let bestPrice = Number.POSITIVE_INFINITY;
  for (let i = 0; i < eligibleCount; i++) {
    const target = eligible[i]!;
    if (target === request.previousTarget) continue;
    const price = requestPriceMicroUsd(request, targets, target, Number.POSITIVE_INFINITY);
    if (best < 0 || price < bestPrice || (price === bestPrice && rttMs[target]! < rttMs[best]!)) {
      best = target;
      bestPrice = price;
    }
  }
  return best >= 0 ? best : request.previousTarget;
}
