/** Strategy `sage-serve`: the nearest region that is not full, and work that may wait when regions are idle. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition, TargetView } from "../client/strategy.ts";
import { deferUntil } from "../client/strategy.ts";

const options = {
  capacity: {
    type: "targetAmounts",
    required: true,
    doc: "Calls in flight that fill each target; one that it does not name is never full",
  },
  targets: { type: "targets", doc: "Order of preference; left out, by round trip from the caller" },
  busy: { type: "share", default: 0.7, doc: "A target that is used above this share takes no request while others do" },
  idle: { type: "share", default: 0.5, doc: "Deferrable requests are sent to a target that is used below this share" },
  deadline: {
    type: "durationMs",
    doc: "How long after its arrival a deferrable request must be answered; left out, its class's E2E objective",
  },
  reserve: { type: "durationMs", default: 300_000, doc: "Time kept before the deadline for the call itself" },
  poll: { type: "durationMs", min: 1, default: 10_000, doc: "How often a request that waits asks again" },
} as const;

/**
 * A region rule after SageServe's: short-term routing by use, and a queue for work that may wait. Use of a target is u = calls in flight / capacity (the paper takes the memory of its own
 * servers, which a caller of a service cannot see).
 *
 *   interactive: the first target in order of preference with u <= busy; if there is none, the least used
 *   deferrable:  waits until a target has u < idle, and goes to the least used of them; from deadline - reserve on it is
 *                treated as interactive
 *
 * A retry leaves out the target that just failed. No draws.
 *
 * Source: S. Jaiswal et al., "SageServe: Optimizing LLM Serving on Cloud Data Centers with Forecast Aware Auto-Scaling",
 * Proc. ACM Meas. Anal. Comput. Syst. 9(3), 2025; its simulator inserts waiting work below a use of 0.5. The order of preference and the 70 % are choices made here.
 */
export const sageServe: StrategyDefinition = {
  name: "sage-serve",
  summary: "The nearest region that is not full; deferrable work waits for idle regions, after SageServe.",
  options,
  signals: ["inFlight", "rtt"],
  create(given, context) {
    const checked = checkOptions("sage-serve", options, given, context);
    const capacity = checked.amounts("capacity");
    const busy = checked.number("busy");
    const idle = checked.number("idle");
    const deadlineMs = checked.has("deadline") ? checked.number("deadline") : Number.NaN;
    const reserveMs = checked.number("reserve");
    const pollMs = checked.number("poll");
    const rank = new Float64Array(context.targetIds.length).fill(checked.has("targets") ? Number.POSITIVE_INFINITY : 0);
    if (checked.has("targets")) for (const [i, target] of checked.targets("targets").entries()) rank[target] = i;

    function use(targets: TargetView, target: number): number {
      return capacity[target]! > 0 ? targets.inFlight[target]! / capacity[target]! : 0;
    }

    /** The most preferred target with a use of at most `limit`; -1 if there is none. */
    function preferred(targets: TargetView, limit: number, previous: number): number {
      const { eligible, eligibleCount, rttMs } = targets;
      let best = -1;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        if (target === previous || use(targets, target) > limit) continue;
        const isNearer = best >= 0 && rank[target] === rank[best] && rttMs[target]! < rttMs[best]!;
        if (best < 0 || rank[target]! < rank[best]! || isNearer) best = target;
      }
      return best;
    }

    function leastUsed(targets: TargetView, previous: number): number {
      const { eligible, eligibleCount } = targets;
      let best = -1;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        if (target === previous && eligibleCount > 1) continue;
        if (best < 0 || use(targets, target) < use(targets, best)) best = target;
      }
      return best;
    }

    return {
      scoreOf: (target, _request, targets) => use(targets, target),
      choose(request, targets, nowMs) {
        const { deferrable, attempt, previousTarget, arrivalMs, sloE2eMs } = request;
        const lastMs = arrivalMs + (Number.isNaN(deadlineMs) ? sloE2eMs : deadlineMs) - reserveMs;
        if (deferrable && attempt === 0 && nowMs < lastMs) {
          const least = leastUsed(targets, -1);
          return use(targets, least) < idle ? least : deferUntil(Math.min(lastMs, nowMs + pollMs));
        }
        const first = preferred(targets, busy, previousTarget);
        return first >= 0 ? first : leastUsed(targets, previousTarget);
      },
    };
  },
};
