/** Strategy `most-headroom`: the target with the most of its quota left. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";

const options = {
  below: {
    type: "share",
    default: 1,
    doc: "Targets with at least this share of their quota left count as equal, and the cheapest of them is taken",
  },
} as const;

/**
 * The eligible target with the largest share of its token quota left in the window now in force. With `below` under 1 it
 * is the cheapest while quotas are far away, and turns to headroom as they come near: all targets at or above `below`
 * are equal, and price decides. Equal price: shorter round trip. A retry leaves out the target that just failed. No draws.
 *
 * The simulator shows the quota's own meter, after reservations; a live client sees no meter (bench refuses the strategy):
 * `quota-paced` keeps its own count instead.
 */
export const mostHeadroom: StrategyDefinition = {
  name: "most-headroom",
  summary: "Takes the target with the most of its token quota left; the cheapest while all have plenty.",
  options,
  signals: ["quotaHeadroom", "price", "rtt"],
  create(given, context) {
    const below = checkOptions("most-headroom", options, given, context).number("below");
    return {
      // Room that counts, as what is missing of it; of equals the cheaper one is taken.
      scoreOf: (target, _request, { quotaHeadroom }) => below - Math.min(quotaHeadroom[target]! || 0, below),
      choose(request, targets) {
        const { eligible, eligibleCount, quotaHeadroom, priceInUsdPerMTok, priceOutUsdPerMTok, rttMs } = targets;
        let best = -1;
        let bestRoom = -1;
        let bestPrice = Number.POSITIVE_INFINITY;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          if (target === request.previousTarget && eligibleCount > 1) continue;
          const left = quotaHeadroom[target]!;
          const room = Number.isNaN(left) ? 0 : Math.min(left, below);
          const asked =
            request.inputTokens * priceInUsdPerMTok[target]! + request.maxTokens * priceOutUsdPerMTok[target]!;
          const price = Number.isNaN(asked) ? Number.POSITIVE_INFINITY : asked;
          const isCloser = price === bestPrice && rttMs[target]! < rttMs[best]!;
          const isBetter = room > bestRoom || (room === bestRoom && (price < bestPrice || isCloser));
          if (best >= 0 && !isBetter) continue;
          best = target;
          bestRoom = room;
          bestPrice = price;
        }
        return best;
      },
    };
  },
};
