/** Strategy `round-robin`: targets in turn, evenly or by weight. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";

const options = {
  weights: { type: "targetWeights", doc: "Share of turns by target; left out, every target has the same" },
} as const;

/** Credits closer than this are equal: sums of thirds must not break ties by rounding. */
const TIE = 1e-6;

/**
 * Smooth weighted round robin: for each request every eligible target earns its share of it (weight over the eligible
 * weights), the one with the most credit takes the request and pays 1, so that a credit is what a target was due minus what it got.
 * With equal weights and all eligible this is plain rotation in target order; with 5:1:1 it gives a a b a c a a, not a
 * run of five. Credits of a target that is not eligible for a while do not accumulate.
 *
 * Source: nginx, ngx_http_upstream_round_robin (2012), here with shares in place of weights, so that eligible sets of
 * different size can be mixed: then it is the greedy rule of the carpool problem, whose credits stay bounded (Ajtai,
 * Aspnes, Naor, Rabani, Schulman, Waarts, "Fairness in scheduling", J. Algorithms 29, 1998).
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
        let total = 0;
        for (let i = 0; i < eligibleCount; i++) total += weights[eligible[i]!]!;
        if (total === 0) return eligible[0]!;
        let best = -1;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          const weight = weights[target]!;
          if (weight === 0) continue;
          credit[target]! += weight / total;
          if (best < 0 || credit[target]! > credit[best]! + TIE) best = target;
        }
        credit[best]! -= 1;
        return best;
      },
    };
  },
};
