/** What is asked of a sweep, as the command line has it: a metric, a class and a limit. */
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { parseCount, parseDurationMs, parseShare } from "../../simulator/base/quantities.ts";
import { type AskedQuestion, isLatency, SWEEP_METRICS, type SweepMetric } from "../../simulator/sweep/points.ts";

/** The question in the words of options or of a sweep file; what is left out is `before`'s. */
export interface QuestionWords {
  readonly metric?: string | undefined;
  readonly class?: string | undefined;
  readonly objective?: string | undefined;
}

const USUAL: AskedQuestion = { metric: "p95", group: null, objective: null };

/**
 * @param before what was asked before; another metric forgets its objective
 * @throws MeridianError usage, SWEEP_METRIC or SWEEP_OBJECTIVE
 */
export function askedQuestion(words: QuestionWords, before = USUAL): AskedQuestion {
  const metric = words.metric === undefined ? before.metric : metricOf(words.metric);
  const kept = metric === before.metric ? before.objective : null;
  return {
    metric,
    group: words.class ?? before.group,
    objective: words.objective === undefined ? kept : objectiveOf(metric, words.objective),
  };
}

function metricOf(name: string): SweepMetric {
  const metric = SWEEP_METRICS.find((each) => each === name);
  if (metric !== undefined) return metric;
  throw new MeridianError("usage", {
    code: "SWEEP_METRIC",
    what: `there is no metric "${name}"`,
    where: "--metric",
    fix: suggestOneOf(name, SWEEP_METRICS),
  });
}

/** Latencies in ms, shares in [0, 1], costs in USD per 1,000 served. */
function objectiveOf(metric: SweepMetric, text: string): number {
  const value = isLatency(metric) ? parseDurationMs(text) : metric === "cost" ? parseCount(text) : parseShare(text);
  if (value !== undefined) return value;
  const fix = isLatency(metric) ? "write 8s or 800ms" : metric === "cost" ? "write 2.5" : "write 1% or 0.01";
  throw new MeridianError("usage", {
    code: "SWEEP_OBJECTIVE",
    what: `"${text}" is no value of ${metric}`,
    where: "--objective",
    fix,
  });
}
