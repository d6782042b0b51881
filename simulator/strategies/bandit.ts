/** Strategy `bandit`: learns which target misses objectives, and weighs that against its price. */
import { checkOptions } from "../client/options.ts";
import type { RequestView, StrategyDefinition, TargetView } from "../client/strategy.ts";
import { requestPriceMicroUsd } from "../client/target-view.ts";
import { ViolationRates } from "../client/violation-rates.ts";
import type { RandomStream } from "../random/keyed-random.ts";

const options = {
  rule: {
    type: "choice",
    values: ["thompson", "ucb"],
    default: "thompson",
    doc: "How it explores: draws from what it believes (thompson), or gives the benefit of the doubt (ucb)",
  },
  penalty: {
    type: "number",
    min: 0,
    default: 1,
    doc: "What a missed objective is worth, in prices of the cheapest target: 1 = as bad as paying twice",
  },
  memory: { type: "durationMs", min: 1, default: 300_000, doc: "An outcome this old weighs 1/e of a new one" },
  within: {
    type: "durationMs",
    min: 1,
    doc: "Latency that counts as missed; left out, each class's own E2E objective; failures always count",
  },
  outputTokens: {
    type: "integer",
    min: 0,
    doc: "Answer length to expect when prices are weighed; left out, the request's own max_tokens",
  },
} as const;

/**
 * Non-stationary bandit. Loss of target i = price_i / cheapest price - 1 + `penalty` × v_i, least loss wins; prices are
 * known, v_i, the share of calls of the class that miss their objective or fail, is learnt per class and target from
 * counts that fade with `memory`.
 *
 * thompson: v_i is drawn from Beta(1/2 + missed, 1/2 + met): discounted Thompson sampling with Jeffreys' prior.
 * ucb: v_i = missed share - sqrt(ln(all outcomes) / (2 × outcomes_i)), at least 0: discounted UCB.
 * Either tries a target that it knows little of, and again when what it knew has faded. On a retry the target that just
 * failed is left out. Draws: ucb none; thompson a varying number, from the decision's own stream.
 *
 * Source: Garivier and Moulines, ALT 2011 (discounted UCB: regret O(sqrt(T Υ) log T) with Υ changes); Raj and Kalyani,
 * "Taming non-stationary bandits", arXiv 1707.09727, 2017 (discounted Thompson sampling).
 */
export const bandit: StrategyDefinition = {
  name: "bandit",
  summary: "Learns which targets miss objectives and trades that against price (Thompson or UCB).",
  options,
  signals: ["price"],
  learns: true,
  create(given, context) {
    const checked = checkOptions("bandit", options, given, context);
    const penalty = checked.number("penalty");
    const isThompson = checked.choice("rule") === "thompson";
    const outputTokens = checked.has("outputTokens") ? checked.number("outputTokens") : Infinity;
    const shape = { classes: context.classNames.length, targets: context.targetIds.length };
    const ceilingMs = checked.has("within") ? checked.number("within") : Number.NaN;
    const rates = new ViolationRates(shape, checked.number("memory"), ceilingMs);
    const priceOf = new Float64Array(shape.targets);
    const losses = new Float64Array(shape.targets);

    /** Fills in prices; returns the least. */
    function weighPrices(request: RequestView, targets: TargetView): number {
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < targets.eligibleCount; i++) {
        const target = targets.eligible[i]!;
        priceOf[target] = requestPriceMicroUsd(request, targets, target, outputTokens);
        least = Math.min(least, priceOf[target]!);
      }
      return least;
    }

    /** Discounted outcomes of the class over the eligible. */
    function outcomesOf(classIndex: number, { eligible, eligibleCount }: TargetView, nowMs: number): number {
      let sum = 0;
      for (let i = 0; i < eligibleCount; i++) sum += rates.outcomes[rates.refresh(classIndex, eligible[i]!, nowMs)]!;
      return sum;
    }

    return {
      scoreOf: (target) => losses[target]!,
      choose(request, targets, nowMs, random) {
        const { eligible, eligibleCount } = targets;
        rates.ask(request);
        const cheapest = weighPrices(request, targets);
        const all = outcomesOf(request.classIndex, targets, nowMs);
        let best = -1;
        let leastLoss = Number.POSITIVE_INFINITY;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]!;
          losses[target] = Number.NaN;
          if (target === request.previousTarget && eligibleCount > 1) continue;
          const cell = request.classIndex * shape.targets + target;
          const outcomes = rates.outcomes[cell]!;
          const missed = rates.violations[cell]!;
          const share = isThompson
            ? drawBeta(0.5 + missed, 0.5 + Math.max(0, outcomes - missed), random)
            : lowerBound(missed, outcomes, all);
          const price = priceOf[target]!;
          const excess = price === cheapest ? 0 : cheapest > 0 ? price / cheapest - 1 : price;
          const loss = excess + penalty * share;
          losses[target] = loss;
          if (best >= 0 && !(loss < leastLoss)) continue;
          best = target;
          leastLoss = loss;
        }
        return best;
      },
      observe(outcome) {
        rates.learn(outcome);
      },
    };
  },
};

/** The least share that is still plausible. */
function lowerBound(missed: number, outcomes: number, all: number): number {
  if (outcomes < 1e-6) return 0;
  return Math.max(0, missed / outcomes - Math.sqrt(Math.log(Math.max(Math.E, all)) / (2 * outcomes)));
}

/** Beta(a, b) as X / (X + Y) of two gamma draws. */
function drawBeta(a: number, b: number, random: RandomStream): number {
  const x = drawGamma(a, random);
  const y = drawGamma(b, random);
  return x + y > 0 ? x / (x + y) : a / (a + b);
}

/**
 * Gamma(shape, 1); a shape below 1 by the boost U^(1/shape).
 * Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000.
 */
function drawGamma(shape: number, random: RandomStream): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Standard normal, by Box and Muller; the second of the pair is not kept, so that there is no state. */
function drawNormal(random: RandomStream): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}
