/** Strategy `weighted`: a random split by fixed weights. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";

const options = {
  weights: {
    type: "targetWeights",
    doc: "Weight by target, e.g. { us-east-1: 60, us-west-2: 40 }; they need not sum to 100; left out, all are equal",
  },
  retryElsewhere: {
    type: "boolean",
    default: false,
    doc: "On a retry leave out the target that just failed, if another has weight; otherwise draw afresh",
  },
} as const;

/**
 * Weighted random choice: target i with probability w_i / (sum of w over the eligible). Exactly one draw a decision.
 * Where no eligible target has weight, all eligible are equally likely: a request is never left without a target.
 */
export const weighted: StrategyDefinition = {
  name: "weighted",
  summary: "Splits requests at random by fixed weights, such as 60/40.",
  options,
  signals: [],
  create(given, context) {
    const checked = checkOptions("weighted", options, given, context);
    const weights = checked.weights("weights");
    const retryElsewhere = checked.boolean("retryElsewhere");
    return {
      choose(request, targets, _nowMs, random) {
        const { eligible, eligibleCount } = targets;
        const uniform = random.next();
        const avoid = retryElsewhere ? request.previousTarget : -1;
        let total = 0;
        let all = 0;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          all += weights[target]!;
          if (target !== avoid) total += weights[target]!;
        }
        if (all === 0) return eligible[Math.floor(uniform * eligibleCount)]!;
        const skip = total > 0 ? avoid : -1;
        let left = uniform * (total > 0 ? total : all);
        let last = -1;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          const weight = weights[target]!;
          if (target === skip || weight === 0) continue;
          last = target;
          if (left < weight) break;
          left -= weight;
        }
        return last;
      },
    };
  },
};
