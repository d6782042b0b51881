/** Strategy `power-of-two`: the less loaded of two targets drawn at random. */
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition } from "../client/strategy.ts";

const options = {
  d: { type: "integer", min: 1, default: 2, doc: "How many distinct targets to compare; 1 is a random choice" },
} as const;

/**
 * Power of d choices: draw d distinct eligible targets and take the one with the fewest attempts in flight. Ties go
 * to the first drawn, which is a fair coin, since the draws are exchangeable. min(d, eligible) draws a decision.
 *
 * Draw k picks a position among those not drawn yet, by stepping over the drawn positions in ascending order.
 * Source: Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10), 2001.
 */
export const powerOfTwo: StrategyDefinition = {
  name: "power-of-two",
  summary: "Draws two targets at random and takes the one with fewer requests in flight.",
  options,
  signals: ["inFlight"],
  create(given, context) {
    const d = checkOptions("power-of-two", options, given, context).number("d");
    const drawn = new Int32Array(Math.min(d, context.targetIds.length));
    let draws = 0;
    return {
      scoreOf(target, _request, { eligible, inFlight }) {
        for (let k = 0; k < draws; k++) if (eligible[drawn[k]!] === target) return inFlight[target]!;
        return Number.NaN;
      },
      choose(_request, targets, _nowMs, random) {
        const { eligible, eligibleCount, inFlight } = targets;
        draws = Math.min(d, eligibleCount);
        let best = -1;
        for (let k = 0; k < draws; k++) {
          const target = eligible[drawPosition(drawn, k, eligibleCount, random.next())]!;
          if (best < 0 || inFlight[target]! < inFlight[best]!) best = target;
        }
        return best;
      },
    };
  },
};

/** The (k+1)th distinct position in [0, count); `drawn` holds the first k in ascending order and takes the new one. */
function drawPosition(drawn: Int32Array, k: number, count: number, uniform: number): number {
  let position = Math.floor(uniform * (count - k));
  let rank = 0;
  while (rank < k && position >= drawn[rank]!) {
    position++;
    rank++;
  }
  for (let i = k; i > rank; i--) drawn[i] = drawn[i - 1]!;
  drawn[rank] = position;
  return position;
}
