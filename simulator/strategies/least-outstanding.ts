/** Strategy `least-outstanding`: the fewest requests in flight. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";

const options = {
  ties: {
    type: "choice",
    values: ["first", "random"],
    default: "first",
    doc: "Among equally loaded targets take the first in order, or one at random",
  },
} as const;

/**
 * Fewest attempts in flight, as this router counts them (join the shortest queue, with one router). With ties broken
 * at random: at most one draw a decision.
 */
export const leastOutstanding: StrategyDefinition = {
  name: "least-outstanding",
  summary: "Takes the target with the fewest of this router's requests in flight.",
  options,
  signals: ["inFlight"],
  create(given, context) {
    const randomTies = checkOptions("least-outstanding", options, given, context).choice("ties") === "random";
    return {
      scoreOf: (target, _request, { inFlight }) => inFlight[target]!,
      choose(_request, targets, _nowMs, random) {
        const { eligible, eligibleCount, inFlight } = targets;
        let best = eligible[0]!;
        let least = inFlight[best]!;
        for (let i = 1; i < eligibleCount; i++) {
          const target = eligible[i]!;
          const more = inFlight[target]! - least;
          // All ones where it has fewer: a mask instead of a branch, since the branch could not be predicted.
          const isFewer = more >> 31;
          best += (target - best) & isFewer;
          least += more & isFewer;
        }
        if (!randomTies) return best;
        let ties = 0;
        for (let i = 0; i < eligibleCount; i++) if (inFlight[eligible[i]!]! === least) ties++;
        if (ties === 1) return best;
        let skip = Math.floor(random.next() * ties);
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          if (inFlight[target]! === least && skip-- === 0) return target;
        }
        return best;
      },
    };
  },
};
