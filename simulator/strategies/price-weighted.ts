/** Strategy `price-weighted`: at random, the cheaper the likelier. */
import { Cooldown } from "../client/limits.ts";
import { checkOptions } from "../client/options.ts";
import { drawByWeight } from "../client/pick.ts";
import type { StrategyDefinition } from "../client/strategy.ts";
import { requestPriceMicroUsd } from "../client/target-view.ts";

const options = {
  power: { type: "number", min: 0, default: 2, doc: "Weight is 1 / price to this power: 0 ignores prices, 2 is usual" },
  cooldown: {
    type: "durationMs",
    default: 30_000,
    doc: "A target that failed so lately is used only when all others have too; 0 for never",
  },
  outputTokens: {
    type: "integer",
    min: 0,
    doc: "Answer length to expect when prices are weighed; left out, the request's own max_tokens",
  },
} as const;

/**
 * P(i) = price_i^-power / sum of the same over the stable targets; stable = no failed attempt within `cooldown`. If none
 * is stable all count. A retry leaves out the target that just failed. Targets that cost nothing (prepaid) take all;
 * targets without a price are taken last. One draw a decision.
 *
 * Source: OpenRouter, "Provider routing", price-based load balancing (default): providers without an outage in the last
 * 30 seconds, weighted by the inverse square of the price.
 */
export const priceWeighted: StrategyDefinition = {
  name: "price-weighted",
  summary: "Draws a target at random with weight 1 / price squared, without those that just failed.",
  options,
  signals: ["price"],
  create(given, context) {
    const checked = checkOptions("price-weighted", options, given, context);
    const power = checked.number("power");
    const outputTokens = checked.has("outputTokens") ? checked.number("outputTokens") : Infinity;
    const cooldown = new Cooldown(context.targetIds.length, checked.number("cooldown"));
    const weights = new Float64Array(context.targetIds.length);
    const prices = new Float64Array(context.targetIds.length);

    return {
      scoreOf: (target) => (weights[target]! > 0 ? prices[target]! : Number.NaN),
      choose(request, targets, nowMs, random) {
        const { eligible, eligibleCount } = targets;
        const uniform = random.next();
        let cheapest = Number.POSITIVE_INFINITY;
        let hasStable = false;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          prices[target] = requestPriceMicroUsd(request, targets, target, outputTokens);
          hasStable ||= target !== request.previousTarget && !cooldown.isCooling(target, nowMs);
        }
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          const isLeftOut = target === request.previousTarget || cooldown.isCooling(target, nowMs);
          const isIn = hasStable ? !isLeftOut : target !== request.previousTarget || eligibleCount === 1;
          if (isIn) cheapest = Math.min(cheapest, prices[target]!);
          weights[target] = isIn ? 1 : 0;
        }
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          if (weights[target] === 0 || cheapest === Number.POSITIVE_INFINITY) continue;
          const price = prices[target]!;
          weights[target] = price === cheapest ? 1 : (cheapest / price) ** power;
        }
        return drawByWeight(targets, weights, uniform);
      },
      observe({ target, kind, nowMs }) {
        if (kind !== "ok") cooldown.fail(target, nowMs);
      },
    };
  },
};
