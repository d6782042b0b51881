/** Strategy `spill-over`: fill the first target up to a limit, then the next: reserved capacity before on demand. */
import { Cooldown } from "../client/limits.ts";
import { checkOptions } from "../client/options.ts";
import { fewestInFlight, isEligible } from "../client/pick.ts";
import type { StrategyDefinition, TargetView } from "../client/strategy.ts";

const options = {
  targets: { type: "targets", doc: "In the order in which they are filled; left out, all targets in order" },
  limits: {
    type: "targetAmounts",
    doc: "Most requests in flight of this router by target, e.g. { us-east-1/provisioned: 40 }; others have no limit",
  },
  cooldown: {
    type: "durationMs",
    default: 1_000,
    doc: "A target that was full (429, 503) or failed is passed over for so long; 0 for never",
  },
} as const;

/**
 * The first target of the list that is eligible, below its limit in flight and has not just said that it is full. With
 * reserved or provisioned capacity first, what is paid for anyway is used up before anything is bought on demand. Where
 * all are full, the fewest in flight. A retry begins after the target that failed it. No draws.
 *
 * A short cooldown is right here: a full server has room again after a fraction of one answer, a quota window later.
 */
export const spillOver: StrategyDefinition = {
  name: "spill-over",
  summary: "Fills targets in order, reserved capacity first, and spills over to the next when full.",
  options,
  signals: ["inFlight"],
  create(given, context) {
    const checked = checkOptions("spill-over", options, given, context);
    const order = checked.targets("targets");
    const limits = checked.amounts("limits");
    const cooldown = new Cooldown(context.targetIds.length, checked.number("cooldown"));
    const rank = new Int32Array(context.targetIds.length).fill(-1);
    for (let i = 0; i < order.length; i++) rank[order[i]!] = i;

    function hasRoom(targets: TargetView, target: number, nowMs: number): boolean {
      if (!isEligible(targets, target) || cooldown.isCooling(target, nowMs)) return false;
      return limits[target] === 0 || targets.inFlight[target]! < limits[target]!;
    }

    return {
      choose(request, targets, nowMs) {
        const start = request.previousTarget < 0 ? 0 : rank[request.previousTarget]! + 1;
        for (let i = 0; i < order.length; i++) {
          const target = order[(start + i) % order.length]!;
          if (target !== request.previousTarget && hasRoom(targets, target, nowMs)) return target;
        }
        return fewestInFlight(targets, request.previousTarget);
      },
      observe({ target, kind, nowMs }) {
        if (kind !== "ok") cooldown.fail(target, nowMs);
      },
    };
  },
};
