/** Strategy `by-class`: each class of traffic has its own list of targets, such as its service tier. */
import { Cooldown } from "../client/limits.ts";
import { checkOptions } from "../client/options.ts";
import { fewestInFlight, isEligible } from "../client/pick.ts";
import type { StrategyDefinition, TargetView } from "../client/strategy.ts";

const options = {
  targets: {
    type: "classTargets",
    required: true,
    doc: "By class its targets, first choice first, e.g. { chat: [us-east-1@priority], digest: [us-east-1@flex] }",
  },
  spread: {
    type: "boolean",
    default: false,
    doc: "Take the fewest in flight of the list instead of the first that has not failed",
  },
  cooldown: {
    type: "durationMs",
    default: 10_000,
    doc: "A target that answered 429, 503, an error or not in time is passed over for so long; 0 for never",
  },
} as const;

/**
 * Priority tier for who waits, flex or batch for who does not: each class goes down its own list (or spreads over it),
 * past targets that are cooling. Classes without a list go to the fewest in flight of all. A retry begins after the
 * target that failed it. If all of a class's list is cooling, the one whose cooldown ends first is taken; if none of it
 * is eligible, the fewest in flight of the rest. No draws.
 */
export const byClass: StrategyDefinition = {
  name: "by-class",
  summary: "Gives each class of traffic its own targets in order, such as its service tier.",
  options,
  signals: ["inFlight"],
  create(given, context) {
    const checked = checkOptions("by-class", options, given, context);
    const lists = checked.classTargets("targets");
    const isSpread = checked.boolean("spread");
    const cooldown = new Cooldown(context.targetIds.length, checked.number("cooldown"));

    function first(list: Int32Array, targets: TargetView, previous: number, nowMs: number): number {
      const start = list.indexOf(previous) + 1;
      for (let i = 0; i < list.length; i++) {
        const target = list[(start + i) % list.length]!;
        if (target === previous || cooldown.isCooling(target, nowMs)) continue;
        if (isEligible(targets, target)) return target;
      }
      return -1;
    }

    function leastLoaded(list: Int32Array, targets: TargetView, previous: number, nowMs: number): number {
      let best = -1;
      for (let i = 0; i < list.length; i++) {
        const target = list[i]!;
        if (target === previous || cooldown.isCooling(target, nowMs) || !isEligible(targets, target)) continue;
        if (best < 0 || targets.inFlight[target]! < targets.inFlight[best]!) best = target;
      }
      return best;
    }

    function soonest(list: Int32Array, targets: TargetView, previous: number): number {
      let best = -1;
      for (let i = 0; i < list.length; i++) {
        const target = list[i]!;
        if (target === previous || !isEligible(targets, target)) continue;
        if (best < 0 || cooldown.untilMs[target]! < cooldown.untilMs[best]!) best = target;
      }
      return best;
    }

    return {
      choose({ classIndex, previousTarget }, targets, nowMs) {
        const list = lists[classIndex];
        if (list === undefined) return fewestInFlight(targets, previousTarget);
        const ready = (isSpread ? leastLoaded : first)(list, targets, previousTarget, nowMs);
        if (ready >= 0) return ready;
        const next = soonest(list, targets, previousTarget);
        if (next >= 0) return next;
        const stays = list.includes(previousTarget) && isEligible(targets, previousTarget);
        return stays ? previousTarget : fewestInFlight(targets, previousTarget);
      },
      observe({ target, kind, nowMs }) {
        if (kind !== "ok") cooldown.fail(target, nowMs);
      },
    };
  },
};
