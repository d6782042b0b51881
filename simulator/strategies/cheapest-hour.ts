/** Strategy `cheapest-hour`: work that may wait is put off to the cheapest hour before its deadline. */
import { checkOptions } from "../client/options.ts";
import type { PriceOutlook, RequestView, StrategyDefinition, TargetView } from "../client/strategy.ts";
import { deferUntil } from "../client/strategy.ts";
import { cheapest } from "./cheapest.ts";
import { cheapestWithin } from "./cheapest-within.ts";

const options = {
  deadline: {
    type: "durationMs",
    doc: "How long after its arrival a deferrable request must be answered; left out, its class's E2E objective; without either nothing is put off",
  },
  reserve: {
    type: "durationMs",
    default: 300_000,
    doc: "Time kept before the deadline for the call itself and its retries",
  },
  spread: {
    type: "durationMs",
    default: 600_000,
    doc: "Requests put off to one hour leave over so much of its beginning, so that they do not all come at once",
  },
  gain: { type: "share", default: 0.01, doc: "A wait must make the request cheaper by at least this share" },
  outputTokens: {
    type: "integer",
    min: 0,
    doc: "Answer length to expect when prices are weighed; left out, the request's own max_tokens",
  },
  p95: {
    type: "durationMs",
    min: 1,
    doc: "Ceiling for the p95 of E2E latency when the request is sent, as in cheapest-within; left out, there is none",
  },
} as const;

/**
 * For a request of a deferrable class: of the price epochs between now and its deadline less `reserve`, the one in which
 * the cheapest eligible target is cheapest; the earliest among equals. If that is not now and saves at least `gain`, the
 * request waits until it begins, plus a random part of `spread` (cut to the epoch and the deadline). Whatever is sent, now or then, goes where `cheapest`
 * (or, with `p95`, `cheapest-within`) sends it. Requests of other classes never wait, and retries go at once.
 *
 * It looks ahead on the price list, which is known, and at nothing else: not at load or quotas to come. Without a price
 * list (a router of your own that gives none) nothing is put off. One draw for a deferrable request, before those of the
 * inner rule.
 */
export const cheapestHour: StrategyDefinition = {
  name: "cheapest-hour",
  summary: "Puts deferrable requests off to the cheapest hour before their deadline; others go at once.",
  options,
  signals: ["price", "rtt", "e2eP95", "failureShare", "inFlight"],
  create(given, context) {
    const checked = checkOptions("cheapest-hour", options, given, context);
    const reserveMs = checked.number("reserve");
    const spreadMs = checked.number("spread");
    const gain = checked.number("gain");
    const outputTokens = checked.has("outputTokens") ? checked.number("outputTokens") : Infinity;
    const deadlineMs = checked.has("deadline") ? checked.number("deadline") : Number.NaN;
    const sending = checked.has("outputTokens") ? { outputTokens } : {};
    const inner = checked.has("p95")
      ? cheapestWithin.create({ ...sending, p95: checked.number("p95") }, context)
      : cheapest.create(sending, context);
    const { prices } = context;

    /** The instant to wait for, within the first `part` of the spread; `nowMs` if there is none. */
    function whenCheapest(
      outlook: PriceOutlook,
      request: RequestView,
      targets: TargetView,
      nowMs: number,
      part: number,
    ): number {
      const spanMs = Number.isNaN(deadlineMs) ? request.sloE2eMs : deadlineMs;
      if (spanMs === Number.POSITIVE_INFINITY) return nowMs;
      const lastMs = request.arrivalMs + spanMs - reserveMs;
      const { epochStartMs } = outlook;
      let epoch = epochAt(epochStartMs, nowMs);
      let leastPrice = priceIn(outlook, epoch, request, targets, outputTokens) * (1 - gain);
      let best = -1;
      for (epoch++; epoch < epochStartMs.length && epochStartMs[epoch]! <= lastMs; epoch++) {
        const price = priceIn(outlook, epoch, request, targets, outputTokens);
        if (price >= leastPrice) continue;
        leastPrice = price;
        best = epoch;
      }
      if (best < 0) return nowMs;
      const endMs = best + 1 < epochStartMs.length ? epochStartMs[best + 1]! : Number.POSITIVE_INFINITY;
      const fromMs = epochStartMs[best]!;
      return fromMs + part * Math.min(spreadMs, lastMs - fromMs, endMs - fromMs);
    }

    return {
      ...(inner.scoreOf === undefined ? {} : { scoreOf: inner.scoreOf }),
      choose(request, targets, nowMs, random) {
        if (request.deferrable && request.attempt === 0 && prices !== undefined) {
          const bestMs = whenCheapest(prices, request, targets, nowMs, random.next());
          if (bestMs > nowMs) return deferUntil(bestMs);
        }
        return inner.choose(request, targets, nowMs, random);
      },
    };
  },
};

/** Price of the request at its cheapest eligible target in an epoch, millionths of a USD. */
function priceIn(
  outlook: PriceOutlook,
  epoch: number,
  { classIndex, inputTokens, maxTokens }: RequestView,
  { eligible, eligibleCount }: TargetView,
  outputTokens: number,
): number {
  const answer = Math.min(outputTokens, maxTokens);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < eligibleCount; i++) {
    const target = eligible[i]!;
    const price =
      inputTokens * outlook.inUsdPerMTok(epoch, classIndex, target) +
      answer * outlook.outUsdPerMTok(epoch, classIndex, target);
    if (price < least) least = price;
  }
  return least;
}

/** The last epoch that has begun. */
function epochAt(epochStartMs: ArrayLike<number>, nowMs: number): number {
  let low = 0;
  let high = epochStartMs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (epochStartMs[middle]! <= nowMs) low = middle;
    else high = middle - 1;
  }
  return low;
}
