/** Strategy `best-value`: the lowest price for the quality that the user gives each target. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";
import { requestPriceMicroUsd } from "../client/target-view.ts";

const options = {
  quality: {
    type: "targetWeights",
    required: true,
    doc: "Your score of each target's answers, in any unit, e.g. { us-east-1: 0.82, eu-west-1/global: 0.79 }; higher is better",
  },
  least: {
    type: "number",
    min: 0,
    default: 0,
    doc: "Targets with a lower score are used only if no other is eligible",
  },
  power: { type: "number", min: 0, default: 1, doc: "How much quality counts: price / quality^power; 0 ignores it" },
  outputTokens: {
    type: "integer",
    min: 0,
    doc: "Answer length to expect when prices are weighed; left out, the request's own max_tokens",
  },
} as const;

/**
 * Least price / quality^power among the targets of at least the quality `least`: with power 1 the price of a unit of
 * quality. Quality is the user's: a share of passed tests, a rating, or the inverse of a routed model's error. A target
 * without a score has none, and is used last. A retry leaves out the target that just failed. No draws.
 */
export const bestValue: StrategyDefinition = {
  name: "best-value",
  summary: "Takes the lowest price for the quality that you give each target.",
  options,
  signals: ["price", "rtt"],
  create(given, context) {
    const checked = checkOptions("best-value", options, given, context);
    const quality = checked.weights("quality");
    const least = checked.number("least");
    const power = checked.number("power");
    const outputTokens = checked.has("outputTokens") ? checked.number("outputTokens") : Infinity;
    return {
      scoreOf: (target, request, targets) =>
        quality[target]! > 0 && quality[target]! >= least
          ? requestPriceMicroUsd(request, targets, target, outputTokens) / quality[target]! ** power
          : Number.NaN,
      choose(request, targets) {
        const { eligible, eligibleCount, rttMs } = targets;
        let best = -1;
        let bestCost = Number.POSITIVE_INFINITY;
        let isBestGood = false;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          if (target === request.previousTarget && eligibleCount > 1) continue;
          const own = quality[target]!;
          const isGood = own > 0 && own >= least;
          const price = requestPriceMicroUsd(request, targets, target, outputTokens);
          const cost = own > 0 ? price / own ** power : Number.POSITIVE_INFINITY;
          const isBetter = cost < bestCost || (cost === bestCost && rttMs[target]! < rttMs[best]!);
          if (best >= 0 && (isGood === isBestGood ? !isBetter : isBestGood)) continue;
          best = target;
          bestCost = cost;
          isBestGood = isGood;
        }
        return best;
      },
    };
  },
};
