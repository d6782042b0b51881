/** Strategy `score`: your own rule of filters and weighted scores. */
import { checkOptions } from "../client/options.ts";
import { drawByWeight } from "../client/pick.ts";
import type { RequestView, SignalName, StrategyDefinition, TargetView } from "../client/strategy.ts";
import { requestPriceMicroUsd } from "../client/target-view.ts";

/** What can be scored, with the signals that it reads. Each value is 0 or more, and less is better. */
interface Scorer {
  readonly signals: readonly SignalName[];
  /** A quantity compared with the best candidate's, or a share that counts as it is. */
  readonly kind: "quantity" | "share";
  of(request: RequestView, targets: TargetView, target: number): number;
}

const SCORERS: Readonly<Record<string, Scorer>> = {
  price: {
    signals: ["price"],
    kind: "quantity",
    of: (request, targets, target) => requestPriceMicroUsd(request, targets, target, Number.POSITIVE_INFINITY),
  },
  latency: {
    signals: ["e2e", "rtt"],
    kind: "quantity",
    of: (_request, { e2eMsMean, rttMs }, target) => e2eMsMean[target]! + rttMs[target]!,
  },
  p95: {
    signals: ["e2eP95", "rtt"],
    kind: "quantity",
    of: (_request, { e2eMsP95, rttMs }, target) => e2eMsP95[target]! + rttMs[target]!,
  },
  ttft: {
    signals: ["ttft", "rtt"],
    kind: "quantity",
    of: (_request, { ttftMsMean, rttMs }, target) => ttftMsMean[target]! + rttMs[target]!,
  },
  distance: { signals: ["rtt"], kind: "quantity", of: (_request, { rttMs }, target) => rttMs[target]! },
  load: { signals: ["inFlight"], kind: "quantity", of: (_request, { inFlight }, target) => inFlight[target]! + 1 },
  failures: {
    signals: ["failureShare"],
    kind: "share",
    of: (_request, targets, target) => targets.failureShare[target]!,
  },
  throttles: {
    signals: ["throttleShare"],
    kind: "share",
    of: (_request, targets, target) => targets.throttleShare[target]!,
  },
  headroom: {
    signals: ["quotaHeadroom"],
    kind: "share",
    of: (_request, targets, target) => 1 - targets.quotaHeadroom[target]!,
  },
};

const options = {
  score: {
    type: "amounts",
    required: true,
    values: Object.keys(SCORERS),
    doc: "Weights of what counts, e.g. { price: 2, latency: 1, headroom: 1 }",
  },
  p95: { type: "durationMs", min: 1, doc: "Filter: the predicted p95 of E2E latency is at most this" },
  failureCeiling: { type: "share", doc: "Filter: the moving share of failed attempts is at most this" },
  headroom: { type: "share", doc: "Filter: at least this share of the quota is left" },
  inFlight: { type: "integer", min: 1, doc: "Filter: fewer than this many of the router's requests are in flight" },
  normalise: {
    type: "choice",
    values: ["excess", "range"],
    default: "excess",
    doc: "excess: how much more than the best candidate, 0.1 = 10 % more; range: 0 for the best, 1 for the worst",
  },
  pick: {
    type: "choice",
    values: ["best", "random"],
    default: "best",
    doc: "The least sum; or at random with weight e^(-sum / 0.1), so that routers do not all rush to one target",
  },
} as const;

/** Sums this far apart differ in weight by a factor e under `pick: random`. */
const TEMPERATURE = 0.1;

/**
 * Filters first: a target passes when it meets every one given; what is not known yet passes. If none passes, filters are
 * left out for this decision. Of those that pass the least weighted sum of normalised scores wins:
 *
 *   excess: x / best - 1 for quantities (price, latencies, distance, load); shares (failures, throttles, 1 - headroom) as
 *           they are. So { price: 2, latency: 1 } pays 1 % more for 2 % less latency, whatever the others are like.
 *   range:  (x - best) / (worst - best), 0 if all are equal: as Kubernetes' scheduler does it. Then a difference of 1 %
 *           counts like one of 100 % where it is all there is.
 *
 * What is not known scores as the best candidate: it is tried. Equal sums go to fewer in flight. On a retry the target
 * that just failed is left out. `random` takes one draw.
 */
export const score: StrategyDefinition = {
  name: "score",
  summary: "Filters targets, then takes the least weighted sum of price, latency, load, headroom and more.",
  options,
  signals: ["inFlight", "price", "rtt", "e2e", "e2eP95", "ttft", "failureShare", "throttleShare", "quotaHeadroom"],
  signalsFor: signalsOfRule,
  create(given, context) {
    const checked = checkOptions("score", options, given, context);
    const terms = Object.entries(checked.named("score")).map(([name, weight]) => ({ scorer: SCORERS[name]!, weight }));
    const limit = (name: string) => (checked.has(name) ? checked.number(name) : Number.NaN);
    const filters = { p95Ms: limit("p95"), failures: limit("failureCeiling"), headroom: limit("headroom") };
    const inFlightMax = limit("inFlight");
    const isRange = checked.choice("normalise") === "range";
    const isRandom = checked.choice("pick") === "random";
    const sums = new Float64Array(context.targetIds.length);
    const values = new Float64Array(context.targetIds.length);
    const passes = new Uint8Array(context.targetIds.length);

    /** Comparisons with NaN are false: a limit that is not given and a signal that is not known both pass. */
    function isWithin(targets: TargetView, target: number): boolean {
      if (targets.e2eMsP95[target]! + targets.rttMs[target]! > filters.p95Ms) return false;
      if (targets.failureShare[target]! > filters.failures) return false;
      if (targets.quotaHeadroom[target]! < filters.headroom) return false;
      return !(targets.inFlight[target]! >= inFlightMax);
    }

    function filter(targets: TargetView, previous: number): void {
      const { eligible, eligibleCount } = targets;
      let count = 0;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        const isIn = target !== previous && isWithin(targets, target);
        passes[target] = isIn ? 1 : 0;
        sums[target] = 0;
        if (isIn) count++;
      }
      if (count > 0) return;
      for (let i = 0; i < eligibleCount; i++) {
        passes[eligible[i]!] = eligible[i] !== previous || eligibleCount === 1 ? 1 : 0;
      }
    }

    return {
      scoreOf: (target) => (passes[target] === 1 ? sums[target]! : Number.NaN),
      choose(request, targets, _nowMs, random) {
        const { eligible, eligibleCount, inFlight } = targets;
        filter(targets, request.previousTarget);
        for (const { scorer, weight } of terms) {
          measure(scorer, request, targets, passes, values);
          addTerm(scorer, weight, isRange, targets, values, sums);
        }
        let best = -1;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          if (passes[target] === 0) continue;
          const isLess = best < 0 || sums[target]! < sums[best]!;
          if (isLess || (sums[target] === sums[best] && inFlight[target]! < inFlight[best]!)) best = target;
        }
        if (!isRandom) return best;
        const leastSum = sums[best]!;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          sums[target] = passes[target] === 0 ? 0 : Math.exp((leastSum - sums[target]!) / TEMPERATURE);
        }
        return drawByWeight(targets, sums, random.next());
      },
    };
  },
};

/** The scorer's value of each candidate; NaN where it is not known, and for those that did not pass. */
function measure(
  scorer: Scorer,
  request: RequestView,
  targets: TargetView,
  passes: Uint8Array,
  values: Float64Array,
): void {
  for (let i = 0; i < targets.eligibleCount; i++) {
    const target = targets.eligible[i]!;
    values[target] = passes[target] === 1 ? scorer.of(request, targets, target) : Number.NaN;
  }
}

/** Adds a term's normalised values to the sums. A target without a price costs Infinity, and comes last. */
function addTerm(
  { kind }: Scorer,
  weight: number,
  isRange: boolean,
  { eligible, eligibleCount }: TargetView,
  values: Float64Array,
  sums: Float64Array,
): void {
  if (weight === 0) return;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < eligibleCount; i++) {
    const value = values[eligible[i]!]!;
    if (value < least) least = value;
    if (value > most && value < Number.POSITIVE_INFINITY) most = value;
  }
  for (let i = 0; i < eligibleCount; i++) {
    const target = eligible[i]!;
    const value = values[target]!;
    if (Number.isNaN(value) || least === Number.POSITIVE_INFINITY) continue;
    if (value === Number.POSITIVE_INFINITY) sums[target] = value;
    else if (isRange) sums[target]! += most > least ? (weight * (value - least)) / (most - least) : 0;
    else if (kind === "share") sums[target]! += weight * value;
    else sums[target]! += weight * (least > 0 ? value / least - 1 : value);
  }
}

function signalsOfRule(given: Readonly<Record<string, unknown>>): readonly SignalName[] {
  const signals = new Set<SignalName>(["inFlight"]);
  for (const [name, weight] of Object.entries((given.score ?? {}) as Readonly<Record<string, number>>)) {
    if (weight > 0) for (const signal of SCORERS[name]?.signals ?? []) signals.add(signal);
  }
  if (given.p95 !== undefined) signals.add("e2eP95").add("rtt");
  if (given.failureCeiling !== undefined) signals.add("failureShare");
  if (given.headroom !== undefined) signals.add("quotaHeadroom");
  return [...signals];
}
