import { checkOptions } from "./options.ts";
import type { StrategyDefinition } from "./strategy.ts";

const options = {
  weights: { type: "targetWeights", doc: "Share of turns by target; left out, every target has the same" },
} as const;

/**
 * Smooth weighted round robin: every eligible target earns credit in proportion to its weight, the richest takes the
 * request and pays what all earned. With equal weights and all eligible this is plain rotation in target order; with
 * 5:1:1 it gives a a b a c a a, not a run of five. Credits of a target that is out for a while do not pile up.
 *
 * Source: nginx, ngx_http_upstream_round_robin (2012). That greedy credit stays bounded when the eligible set changes
 * from call to call is the carpool problem: Ajtai et al., "Fairness in scheduling", J. Algorithms 29 (1998).
 */
export const roundRobin: StrategyDefinition = {
  name: "round-robin",
  summary: "Takes turns over the eligible targets, evenly or by weight, without bursts.",
  options,
  signals: [],
  create(given, context) {
    const weights = checkOptions("round-robin", options, given, context).weights("weights");
    const credit = new Float64Array(weights.length);
    return {
      choose(_request, targets) {
        const { eligible, eligibleCount } = targets;
        let earned = 0;
        let best = -1;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          const weight = weights[target]!;
          if (weight === 0) continue;
          earned += weight;
          credit[target]! += weight;
          if (best < 0 || credit[target]! > credit[best]!) best = target;
        }
        if (best < 0) return eligible[0]!;
        credit[best]! -= earned;
        return best;
      },
    };
  },
};
