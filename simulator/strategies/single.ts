/** Strategy `single`: one fixed target. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";

const options = {
  target: { type: "target", required: true, doc: "Where every request goes: a region name or a target id" },
} as const;

/**
 * One fixed target: what an application does that has a region in its configuration and no router. The usual baseline.
 * A request that may not go there (residency, a model not sold there) goes to the first eligible target instead.
 */
export const single: StrategyDefinition = {
  name: "single",
  summary: "Sends every request to one fixed target.",
  options,
  signals: [],
  create(given, context) {
    const target = checkOptions("single", options, given, context).target("target");
    return {
      choose(_request, targets) {
        const { eligible, eligibleCount } = targets;
        for (let i = 0; i < eligibleCount; i++) if (eligible[i] === target) return target;
        return eligible[0]!;
      },
    };
  },
};
