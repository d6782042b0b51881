/** Strategy `envoy-priorities`: weights within priorities, with fallback and ejection, as Envoy AI Gateway does it. */
import { checkOptions } from "../client/options.ts";
import { drawByWeight } from "../client/pick.ts";
import type { AttemptOutcome, StrategyDefinition, TargetView } from "../client/strategy.ts";

const options = {
  priorities: { type: "targetAmounts", doc: "Priority of each target, 0 first; those that it does not name have 0" },
  weights: { type: "targetWeights", doc: "Weights within a priority; left out, all targets are equal" },
  ejection: {
    type: "durationMs",
    default: 30_000,
    doc: "baseEjectionTime: how long a target is out at its first ejection; twice at the second, and so on; 0 = never",
  },
  consecutive: {
    type: "integer",
    min: 1,
    default: 5,
    doc: "consecutive5XxErrors: failures in a row that eject a target",
  },
  overprovisioning: {
    type: "number",
    min: 1,
    default: 1.4,
    doc: "A priority takes all traffic while its healthy share times this is 1 or more",
  },
} as const;

/** Envoy's default max_ejection_time. */
const EJECTION_MS_MAX = 300_000;

/**
 * Priorities with weights, ejection and fallback:
 *
 *   health h_p    = healthy weight / all weight of the eligible targets of priority p
 *   load   l_p    = min(1 - sum of the loads before, overprovisioning × h_p); if the loads sum to less than 1 they are
 *                   scaled up to it; if no target is healthy, all count as healthy (panic)
 *   within p      a healthy target with probability weight / sum of weights
 *
 * 503, 500 and timeouts count as failures: `consecutive` in a row eject a target for `ejection` times the number of its
 * ejections so far, up to 5 minutes. A 429 is a 4xx: it ejects nothing and ends a row of failures. A retry goes to later
 * priorities than the attempt before it, if there are any (`numAttemptsPerPriority: 1`); after the last, anywhere.
 *
 * One draw a decision. Sources: Envoy, "Priority levels" and "Outlier detection"; Envoy AI Gateway, "Provider fallback".
 */
export const envoyPriorities: StrategyDefinition = {
  name: "envoy-priorities",
  summary: "Weights within priorities, with ejection and fallback, as Envoy AI Gateway routes.",
  options,
  signals: [],
  create(given, context) {
    const checked = checkOptions("envoy-priorities", options, given, context);
    const priority = checked.amounts("priorities");
    const weight = checked.weights("weights");
    const overprovisioning = checked.number("overprovisioning");
    const levels = [...new Set(priority)].sort((a, b) => a - b);
    const { length: count } = context.targetIds;
    const ejected = new Ejections(count, checked.number("ejection"), checked.number("consecutive"));
    const { outUntilMs } = ejected;
    const share = new Float64Array(count);
    const healthy = new Float64Array(levels.length);
    const all = new Float64Array(levels.length);

    /** Fills in healthy and all weight of each level above `after`. @returns healthy weight in all */
    function weigh({ eligible, eligibleCount }: TargetView, after: number, nowMs: number): number {
      healthy.fill(0);
      all.fill(0);
      let sum = 0;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        if (priority[target]! <= after) continue;
        const level = levels.indexOf(priority[target]!);
        all[level]! += weight[target]!;
        if (nowMs < outUntilMs[target]!) continue;
        healthy[level]! += weight[target]!;
        sum += weight[target]!;
      }
      return sum;
    }

    /** Share of the traffic of each target; panic where nothing is healthy. */
    function spread(targets: TargetView, after: number, nowMs: number): void {
      const isPanic = weigh(targets, after, nowMs) === 0;
      if (isPanic) healthy.set(all);
      let left = 1;
      for (let level = 0; level < levels.length; level++) {
        const health = all[level]! > 0 ? healthy[level]! / all[level]! : 0;
        const load = Math.min(left, overprovisioning * health);
        left -= load;
        // By healthy weight, so that the level's targets add up to its load; drawing scales loads up to 1.
        all[level] = healthy[level]! > 0 ? load / healthy[level]! : 0;
      }
      const { eligible, eligibleCount } = targets;
      for (let i = 0; i < eligibleCount; i++) {
        const target = eligible[i]!;
        const isIn = priority[target]! > after && (isPanic || nowMs >= outUntilMs[target]!);
        share[target] = isIn ? weight[target]! * all[levels.indexOf(priority[target]!)]! : 0;
      }
    }

    /** Whether any eligible target has weight behind a priority. */
    function hasLater({ eligible, eligibleCount }: TargetView, after: number): boolean {
      for (let i = 0; i < eligibleCount; i++) {
        if (priority[eligible[i]!]! > after && weight[eligible[i]!]! > 0) return true;
      }
      return false;
    }

    return {
      choose(request, targets, nowMs, random) {
        const { previousTarget } = request;
        const after =
          previousTarget >= 0 && hasLater(targets, priority[previousTarget]!) ? priority[previousTarget]! : -1;
        spread(targets, after, nowMs);
        return drawByWeight(targets, share, random.next());
      },
      observe: (outcome) => ejected.learn(outcome),
    };
  },
};

/** Outlier detection: which targets are out, and until when. */
class Ejections {
  readonly outUntilMs: Float64Array;
  private readonly failures: Int32Array;
  private readonly ejections: Int32Array;
  private readonly baseMs: number;
  private readonly consecutive: number;

  constructor(targets: number, baseMs: number, consecutive: number) {
    this.outUntilMs = new Float64Array(targets).fill(Number.NEGATIVE_INFINITY);
    this.failures = new Int32Array(targets);
    this.ejections = new Int32Array(targets);
    this.baseMs = baseMs;
    this.consecutive = consecutive;
  }

  learn({ target, kind, nowMs }: AttemptOutcome): void {
    const { failures, ejections, outUntilMs, baseMs, consecutive } = this;
    if (kind === "ok" || kind === "throttled") {
      failures[target] = 0;
      return;
    }
    failures[target]!++;
    if (failures[target]! < consecutive || baseMs === 0 || nowMs < outUntilMs[target]!) return;
    failures[target] = 0;
    ejections[target]!++;
    outUntilMs[target] = nowMs + Math.min(EJECTION_MS_MAX, baseMs * ejections[target]!);
  }
}
