/** Strategy `lowest-usage`: the fewest tokens sent lately, for each target's size. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";
import { createMeter } from "../service/quota/meter.ts";

const options = {
  size: {
    type: "targetWeights",
    doc: "Size of each target, such as its tokens per minute; usage is compared per size; left out, all are equal",
  },
  window: { type: "durationMs", min: 1_000, default: 60_000, doc: "How long a token counts" },
} as const;

/**
 * Least (tokens of the latest window / size). Input tokens count when a request is sent, output tokens when its answer
 * comes; a refused attempt used nothing, so its input is taken back. What is known is this router's own traffic: no more
 * than a client can know. A target of size 0 is used only if no other is eligible. No draws; ties go to target order.
 */
export const lowestUsage: StrategyDefinition = {
  name: "lowest-usage",
  summary: "Takes the target to which the fewest tokens went lately, for its size.",
  options,
  signals: [],
  create(given, context) {
    const checked = checkOptions("lowest-usage", options, given, context);
    const size = checked.weights("size");
    const windowMs = checked.number("window");
    // The meter of a rolling quota does the counting: use over limit is usage for its size.
    const usage = Array.from(size, (limit) => createMeter({ law: "rolling-window", limit, windowMs, burst: limit }, 0));
    /** Whose use the latest choice raised. */
    let latest = -1;
    return {
      scoreOf(target, { inputTokens }, _targets, nowMs) {
        if (size[target] === 0) return Number.NaN;
        return usage[target]!.utilisation(nowMs) - (target === latest ? inputTokens / size[target]! : 0);
      },
      choose(request, { eligible, eligibleCount }, nowMs) {
        let best = -1;
        let least = Number.POSITIVE_INFINITY;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          if (target === request.previousTarget || size[target] === 0) continue;
          const use = usage[target]!.utilisation(nowMs);
          if (best < 0 || use < least) {
            best = target;
            least = use;
          }
        }
        if (best < 0) best = eligible[0]!;
        usage[best]!.settle(nowMs, nowMs, request.inputTokens);
        latest = best;
        return best;
      },
      observe({ target, kind, sentMs, nowMs, inputTokens, outputTokens }) {
        usage[target]!.settle(nowMs, sentMs, kind === "ok" ? outputTokens : -inputTokens);
      },
    };
  },
};
