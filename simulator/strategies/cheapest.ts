/** Strategy `cheapest`: the lowest price now. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";
import { requestPriceMicroUsd } from "../client/target-view.ts";

const options = {
  outputTokens: {
    type: "integer",
    min: 0,
    doc: "Answer length to expect when prices are weighed; left out, the request's own max_tokens",
  },
} as const;

/**
 * Lowest price now for this very request: input tokens × input price + expected answer × output price. Blind to
 * capacity, latency and failures. Equal prices go to the shorter network round trip, then to target order.
 */
export const cheapest: StrategyDefinition = {
  name: "cheapest",
  summary: "Takes the target with the lowest price at this moment, whatever its load.",
  options,
  signals: ["price", "rtt"],
  create(given, context) {
    const checked = checkOptions("cheapest", options, given, context);
    const outputTokens = checked.has("outputTokens") ? checked.number("outputTokens") : Infinity;
    return {
      scoreOf: (target, request, targets) => requestPriceMicroUsd(request, targets, target, outputTokens),
      choose(request, targets) {
        const { eligible, eligibleCount, rttMs } = targets;
        let best = eligible[0]!;
        let bestPrice = requestPriceMicroUsd(request, targets, best, outputTokens);
        for (let i = 1; i < eligibleCount; i++) {
          const target = eligible[i]!;
          const price = requestPriceMicroUsd(request, targets, target, outputTokens);
          if (price < bestPrice || (price === bestPrice && rttMs[target]! < rttMs[best]!)) {
            best = target;
            bestPrice = price;
          }
        }
        return best;
      },
    };
  },
};
