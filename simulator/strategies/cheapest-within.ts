/** Strategy `cheapest-within`: the lowest price among targets that are fast enough. */
import { HOUR_MS, MINUTE_MS } from "../base/time.ts";
import { checkOptions } from "../client/options.ts";
import type { StrategyDefinition, TargetView } from "../client/strategy.ts";
import { priceMicroUsd, requestPriceMicroUsd } from "../client/target-view.ts";

const options = {
  p95: { type: "durationMs", required: true, min: 1, doc: "Ceiling for the predicted p95 of E2E latency, e.g. 4s" },
  outputTokens: {
    type: "integer",
    min: 0,
    doc: "Answer length to expect when prices are weighed; left out, the request's own max_tokens",
  },
  failureCeiling: {
    type: "share",
    default: 0.1,
    doc: "A target whose moving share of failed attempts (429, 503, error, timeout) is above this does not qualify",
  },
  probes: {
    type: "integer",
    min: 1,
    default: 2,
    doc: "How many requests may be in flight to a target about which nothing is known, per router",
  },
  forget: {
    type: "durationMs",
    min: 1,
    default: MINUTE_MS,
    doc: "After this long without an outcome a target counts as unknown again and is probed",
  },
  history: {
    type: "targetHours",
    doc: "p95 by UTC hour as callers saw it, in place of the moving one, from `meridian strategy history`",
  },
} as const;

/**
 * The cheapest target whose predicted p95 stays under the ceiling.
 *
 * Prediction = moving p95 of this router's own observations + round trip from this caller. A target qualifies when
 * the prediction is at most `p95` and its failure share at most `failureCeiling`. An unknown target (no outcome yet,
 * or none for `forget`) qualifies while fewer than `probes` requests are in flight to it: that bounds what exploring
 * can cost, and a target that was slow once is tried again. On a retry the target that just failed does not
 * qualify. If none qualifies, the lowest prediction among the known wins, then the least loaded of the unknown.
 *
 * A target that `history` names is predicted by the p95 of the same UTC hour there, round trip contained: it is never
 * unknown and needs no probes. Its moving failure share counts all the same.
 */
export const cheapestWithin: StrategyDefinition = {
  name: "cheapest-within",
  summary: "Takes the cheapest target whose predicted p95 latency stays under a ceiling.",
  options,
  signals: ["price", "rtt", "e2eP95", "failureShare", "inFlight"],
  create(given, context) {
    const checked = checkOptions("cheapest-within", options, given, context);
    const ceilingMs = checked.number("p95");
    const outputTokens = checked.has("outputTokens") ? checked.number("outputTokens") : Infinity;
    const failureCeiling = checked.number("failureCeiling");
    const probes = checked.number("probes");
    const forgetMs = checked.number("forget");
    const past = checked.has("history") ? checked.hours("history") : undefined;
    const { startMs = 0 } = context;

    /** p95 of the target in this hour of past days, ms; NaN where it is not told. */
    function pastMs(past: Float64Array, target: number, nowMs: number): number {
      return past[target * 24 + (Math.floor((startMs + nowMs) / HOUR_MS) % 24)]!;
    }

    /** Whether it may be used now: fast enough and not failing, or not known and not probed yet. */
    function isWithin(
      target: number,
      { e2eMsP95, rttMs, lastOutcomeMs, failureShare, inFlight }: TargetView,
      nowMs: number,
    ) {
      const knownMs = past === undefined ? Number.NaN : pastMs(past, target, nowMs);
      const isKnown = !Number.isNaN(knownMs);
      const predictedMs = isKnown ? knownMs : e2eMsP95[target]! + rttMs[target]!;
      const isFresh = isKnown || nowMs - lastOutcomeMs[target]! <= forgetMs;
      if (isFresh && failureShare[target]! > failureCeiling) return false;
      return isFresh && !Number.isNaN(predictedMs) ? predictedMs <= ceilingMs : inFlight[target]! < probes;
    }

    return {
      scoreOf: (target, request, targets, nowMs) =>
        target !== request.previousTarget && isWithin(target, targets, nowMs)
          ? requestPriceMicroUsd(request, targets, target, outputTokens)
          : Number.NaN,
      choose(request, targets, nowMs) {
        const { eligible, eligibleCount, rttMs } = targets;
        const { previousTarget } = request;
        const { inputTokens, maxTokens } = request;
        const answerTokens = outputTokens < maxTokens ? outputTokens : maxTokens;
        let best = -1;
        let bestPrice = Infinity;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          if (target === previousTarget) continue;
          if (!isWithin(target, targets, nowMs)) continue;
          const its = priceMicroUsd(targets, target, inputTokens, answerTokens);
          if (best < 0 || its < bestPrice || (its === bestPrice && rttMs[target]! < rttMs[best]!)) {
            best = target;
            bestPrice = its;
          }
        }
        return best >= 0 ? best : leastBad(targets, previousTarget);
      },
    };
  },
};

/** Lowest predicted p95; unknown targets after known ones, by load; `previous` only if there is no other. */
function leastBad(targets: TargetView, previous: number): number {
  const { eligible, eligibleCount, e2eMsP95, rttMs, inFlight } = targets;
  let best = -1;
  let bestMs = Infinity;
  for (let i = 0; i < eligibleCount; i++) {
    const target = eligible[i]!;
    if (target === previous) continue;
    const predictedMs = e2eMsP95[target]! + rttMs[target]!;
    const ms = Number.isNaN(predictedMs) ? Infinity : predictedMs;
    if (best < 0 || ms < bestMs || (ms === Infinity && bestMs === Infinity && inFlight[target]! < inFlight[best]!)) {
      best = target;
      bestMs = ms;
    }
  }
  return best >= 0 ? best : previous;
}
