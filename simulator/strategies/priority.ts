/** Strategy `priority`: a primary target and ordered fallbacks. */
import { Cooldown } from "../client/limits.ts";
import { checkOptions } from "../client/options.ts";
import { isEligible } from "../client/pick.ts";
import type { StrategyDefinition, TargetView } from "../client/strategy.ts";

const options = {
  targets: { type: "targets", doc: "Primary first, then the fallbacks in order; left out, all targets in order" },
  cooldown: {
    type: "durationMs",
    default: 30_000,
    doc: "How long a target that answered 429, 503, an error or not in time is skipped; 0 for never",
  },
} as const;

/**
 * Primary and ordered fallbacks: the first target of the list that is eligible and not cooling. A retry of a request
 * begins after the target that failed it, so a request walks down the list even with a cooldown of 0 (exact ordered
 * failover), and starts again at the top after the last.
 *
 * When every listed target is cooling, the one whose cooldown ends first is tried: it has had the longest to recover.
 * Targets that the list does not name are used only if residency leaves nothing else.
 */
export const priority: StrategyDefinition = {
  name: "priority",
  summary: "Uses a primary target and falls back in order, skipping targets that failed lately.",
  options,
  signals: [],
  create(given, context) {
    const checked = checkOptions("priority", options, given, context);
    const order = checked.targets("targets");
    const cooldown = new Cooldown(context.targetIds.length, checked.number("cooldown"));
    const rank = new Int32Array(context.targetIds.length).fill(-1);
    for (let i = 0; i < order.length; i++) rank[order[i]!] = i;

    function firstReady(targets: TargetView, from: number, to: number, nowMs: number): number {
      for (let i = from; i < to; i++) {
        const target = order[i]!;
        if (isEligible(targets, target) && !cooldown.isCooling(target, nowMs)) return target;
      }
      return -1;
    }

    function soonestReady(targets: TargetView, previous: number): number {
      let best = -1;
      for (let i = 0; i < order.length; i++) {
        const target = order[i]!;
        if (target === previous || !isEligible(targets, target)) continue;
        if (best < 0 || cooldown.untilMs[target]! < cooldown.untilMs[best]!) best = target;
      }
      if (best >= 0) return best;
      return previous >= 0 && isEligible(targets, previous) ? previous : targets.eligible[0]!;
    }

    return {
      choose(request, targets, nowMs) {
        const previous = request.previousTarget;
        const start = previous >= 0 ? rank[previous]! + 1 : 0;
        const behind = firstReady(targets, start, order.length, nowMs);
        if (behind >= 0) return behind;
        const fromTop = firstReady(targets, 0, start, nowMs);
        return fromTop >= 0 ? fromTop : soonestReady(targets, previous);
      },
      observe(outcome) {
        if (outcome.kind !== "ok") cooldown.fail(outcome.target, outcome.nowMs);
      },
    };
  },
};
