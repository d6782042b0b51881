/** Strategy `random`: every eligible target equally likely. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";

/**
 * A uniform choice, one draw a decision: the yardstick of every rule that looks at something. With N equal targets each
 * gets a thinned Poisson stream, so that theory knows the result: N queues at the same load.
 */
export const random: StrategyDefinition = {
  name: "random",
  summary: "Takes an eligible target at random, all equally likely.",
  options: {},
  signals: [],
  create(given, context) {
    checkOptions("random", {}, given, context);
    return {
      choose(_request, { eligible, eligibleCount }, _nowMs, draws) {
        return eligible[Math.floor(draws.next() * eligibleCount)]!;
      },
    };
  },
};
