/** Strategy `drift-plus-penalty`: the least cost while no more than a given share of calls misses its objective. */
import { checkOptions } from "../client/options.ts";
import type { RequestView, StrategyDefinition, TargetView } from "../client/strategy.ts";
import { requestPriceMicroUsd } from "../client/target-view.ts";
import { ViolationRates } from "../client/violation-rates.ts";

const options = {
  missed: { type: "share", default: 0.05, doc: "Share of a class's calls that may miss their objective or fail" },
  within: {
    type: "durationMs",
    min: 1,
    doc: "Latency that counts as missed; left out, each class's own E2E objective; failures always count",
  },
  v: {
    type: "number",
    min: 0,
    default: 20,
    doc: "How much cost counts: larger is cheaper, and slower to keep the share (gap to the best 1/V, delay V)",
  },
  memory: { type: "durationMs", min: 1, default: 300_000, doc: "An outcome this old weighs 1/e of a new one" },
  tokensPerMinute: {
    type: "targetAmounts",
    doc: "Rate at which each target may be used by this router, e.g. its quota over the number of routers; others have none",
  },
  outputTokens: {
    type: "integer",
    min: 0,
    doc: "Answer length to expect when prices are weighed; left out, the request's own max_tokens",
  },
} as const;

/**
 * Drift plus penalty (a primal-dual method run online). Each class has a virtual queue Q of missed objectives above the
 * allowed share: at each outcome Q ← max(0, Q + missed - allowed), Q its dual price. Each target with a rate has a
 * virtual queue Z of minutes of its quota used above it: it drains with time. Choice:
 *
 *   least  V × (price_i / cheapest - 1) + Q × v_i + V × Z_i
 *
 * with v_i the class's missed share at target i from counts that fade with `memory`, less sqrt(ln N / (2 n_i)), so that
 * little-known targets are tried, as in `bandit`. While objectives hold, Q is 0 and the cheapest wins; each miss above the share raises the
 * price of missing until the share holds. On a retry the target that just failed is left out. No draws.
 *
 * Source: Neely, "Stochastic network optimization", 2010, theorem 4.2: cost within O(1/V) of the best stationary rule,
 * queues O(V), for independent slots; learnt v_i and delayed outcomes are beyond the theorem.
 */
export const driftPlusPenalty: StrategyDefinition = {
  name: "drift-plus-penalty",
  summary: "Minimises cost while the share of missed objectives stays under a limit, by virtual queues.",
  options,
  signals: ["price", "inFlight"],
  learns: true,
  create(given, context) {
    const checked = checkOptions("drift-plus-penalty", options, given, context);
    const v = checked.number("v");
    const allowed = checked.number("missed");
    const outputTokens = checked.has("outputTokens") ? checked.number("outputTokens") : Infinity;
    const perMinute = checked.amounts("tokensPerMinute");
    const shape = { classes: context.classNames.length, targets: context.targetIds.length };
    const ceilingMs = checked.has("within") ? checked.number("within") : Number.NaN;
    const rates = new ViolationRates(shape, checked.number("memory"), ceilingMs);
    const missedQueue = new Float64Array(shape.classes);
    const usedMinutes = new Float64Array(shape.targets);
    const drainedMs = new Float64Array(shape.targets);
    const weights = new Float64Array(shape.targets);

    /** Lower confidence bound of the share missed; 0 where nothing is known. */
    function missedShare(cell: number, all: number): number {
      const outcomes = rates.outcomes[cell]!;
      if (outcomes < 1e-6) return 0;
      const doubt = Math.sqrt(Math.log(Math.max(Math.E, all)) / (2 * outcomes));
      return Math.max(0, rates.violations[cell]! / outcomes - doubt);
    }

    /** Minutes of the target's rate that it has been used above it. */
    function overuse(target: number, nowMs: number): number {
      if (perMinute[target] === 0) return 0;
      usedMinutes[target] = Math.max(0, usedMinutes[target]! - (nowMs - drainedMs[target]!) / 60_000);
      drainedMs[target] = nowMs;
      return usedMinutes[target]!;
    }

    return {
      scoreOf: (target) => weights[target]!,
      choose(request, targets, nowMs) {
        const { eligible, eligibleCount } = targets;
        const { classIndex, previousTarget } = request;
        rates.ask(request);
        const cheapest = leastPrice(request, targets, outputTokens);
        let all = 0;
        for (let i = 0; i < eligibleCount; i++) {
          all += rates.outcomes[rates.refresh(classIndex, eligible[i]!, nowMs)]!;
        }
        let best = -1;
        let least = Number.POSITIVE_INFINITY;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          weights[target] = Number.NaN;
          if (target === previousTarget && eligibleCount > 1) continue;
          const price = requestPriceMicroUsd(request, targets, target, outputTokens);
          const excess = price === cheapest ? 0 : cheapest > 0 ? price / cheapest - 1 : price;
          const misses = missedQueue[classIndex]! * missedShare(classIndex * shape.targets + target, all);
          const weight = v * (excess + overuse(target, nowMs)) + misses;
          weights[target] = weight;
          const isLighter = weight === least && targets.inFlight[target]! < targets.inFlight[best]!;
          if (best >= 0 && !(weight < least || isLighter)) continue;
          best = target;
          least = weight;
        }
        if (perMinute[best] !== 0) usedMinutes[best]! += (request.inputTokens + request.maxTokens) / perMinute[best]!;
        return best;
      },
      observe(outcome) {
        const missed = rates.learn(outcome) ? 1 : 0;
        const queue = missedQueue[outcome.classIndex]! + missed - allowed;
        missedQueue[outcome.classIndex] = Math.max(0, queue);
      },
    };
  },
};

/** Price of the request at the cheapest eligible target, millionths of a USD. */
function leastPrice(request: RequestView, targets: TargetView, outputTokens: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < targets.eligibleCount; i++) {
    least = Math.min(least, requestPriceMicroUsd(request, targets, targets.eligible[i]!, outputTokens));
  }
  return least;
}
