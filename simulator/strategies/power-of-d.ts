/** Strategy `power-of-d`: the best of d targets drawn at random, by any one score. */
import { checkOptions } from "../client/options.ts";
import type { RequestView, SignalName, StrategyDefinition, TargetView } from "../client/strategy.ts";
import { requestPriceMicroUsd } from "../client/target-view.ts";

const options = {
  d: { type: "integer", min: 1, default: 2, doc: "How many distinct targets to compare; 1 is a random choice" },
  by: {
    type: "choice",
    values: ["load", "latency", "work", "price", "failures"],
    default: "work",
    doc: "What the least is taken of: requests in flight; mean latency with round trip; latency times load; price; failures",
  },
} as const;

/**
 * Power of d choices with any score: draw d distinct eligible targets, take the one with the least score; equal scores go
 * to fewer in flight, then to the first drawn. A target about which nothing is known scores 0: it is tried. With few
 * draws of d no two routers rush to the same best target. min(d, eligible) draws a decision.
 *
 * Source: Mitzenmacher, IEEE TPDS 12(10), 2001, for load; Finagle for latency × load.
 */
export const powerOfD: StrategyDefinition = {
  name: "power-of-d",
  summary: "Draws d targets at random and takes the best by load, latency, price or failures.",
  options,
  signals: ["inFlight", "e2e", "rtt", "price", "failureShare"],
  signalsFor: ({ by }) => SIGNALS[String(by ?? options.by.default)] ?? [],
  create(given, context) {
    const checked = checkOptions("power-of-d", options, given, context);
    const d = checked.number("d");
    const score = SCORES[checked.choice("by")]!;
    const drawn = new Int32Array(context.targetIds.length);
    let draws = 0;
    return {
      scoreOf(target, request, targets) {
        for (let k = 0; k < draws; k++) if (drawn[k] === target) return score(request, targets, target);
        return Number.NaN;
      },
      choose(request, targets, _nowMs, random) {
        const { eligible, eligibleCount, inFlight } = targets;
        for (let i = 0; i < eligibleCount; i++) drawn[i] = eligible[i]!;
        draws = Math.min(d, eligibleCount);
        let best = -1;
        let least = Number.POSITIVE_INFINITY;
        for (let k = 0; k < draws; k++) {
          const at = k + Math.floor(random.next() * (eligibleCount - k));
          const target = drawn[at]!;
          drawn[at] = drawn[k]!;
          drawn[k] = target;
          const value = score(request, targets, target);
          if (best >= 0 && !(value < least || (value === least && inFlight[target]! < inFlight[best]!))) continue;
          best = target;
          least = value;
        }
        return best;
      },
    };
  },
};

type Score = (request: RequestView, targets: TargetView, target: number) => number;

const SCORES: Readonly<Record<string, Score>> = {
  load: (_request, { inFlight }, target) => inFlight[target]!,
  latency: (_request, targets, target) => latencyMs(targets, target),
  work: (_request, targets, target) => latencyMs(targets, target) * (targets.inFlight[target]! + 1),
  price: (request, targets, target) => requestPriceMicroUsd(request, targets, target, Number.POSITIVE_INFINITY),
  failures: (_request, { failureShare }, target) => failureShare[target]!,
};

const SIGNALS: Readonly<Record<string, readonly SignalName[]>> = {
  load: ["inFlight"],
  latency: ["inFlight", "e2e", "rtt"],
  work: ["inFlight", "e2e", "rtt"],
  price: ["inFlight", "price"],
  failures: ["inFlight", "failureShare"],
};

/** Mean latency as this request's caller would see it, ms; 0 where nothing is known. */
function latencyMs({ e2eMsMean, rttMs }: TargetView, target: number): number {
  const ms = e2eMsMean[target]! + rttMs[target]!;
  return Number.isNaN(ms) ? 0 : ms;
}
