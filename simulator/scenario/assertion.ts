/** `assert`: the grammar of gates, and what makes one wrong. */
import { MeridianError } from "../base/errors.ts";
import { didYouMean } from "../base/near-names.ts";
import { parseCount, parseDurationMs, parseShare } from "../base/schema-forms.ts";

/**
 * Gates of a scenario: `metric(arguments) comparison value`. Examples:
 * `p95(e2e, class=chat) < 8s` for every strategy, `p95(ttft, strategy=cheapest) < 1.5s`,
 * `throttled(strategy=single) < 1%`, `failed() < 0.1%`, `cost(strategy=cheapest) < 1200`,
 * `saving(cheapest-within, single) > 5%`, `saving(cheapest, single, class=chat) > 5%`, `residencyViolations == 0`.
 */
export interface Assertion {
  readonly text: string;
  readonly metric: string;
  /** Positional arguments, then named ones. */
  readonly positional: readonly string[];
  readonly named: Readonly<Record<string, string>>;
  readonly comparison: "<" | "<=" | ">" | ">=" | "==";
  readonly limit: number;
}

export interface KnownNames {
  readonly strategies: readonly string[];
  readonly classes: readonly string[];
}

const FORM = /^\s*([A-Za-z]\w*)\s*(?:\(([^)]*)\))?\s*(<=|>=|==|<|>)\s*(.+?)\s*$/;
/** Latencies that a percentile may be of. */
export const LATENCIES = ["e2e", "ttft", "wait"] as const;
/** Percentiles and the mean: their limit is a time. */
export const LATENCY_METRICS = ["p50", "p95", "p99", "mean"] as const;
const SHARES = ["throttled", "failed", "retried", "goodput"] as const;
/** Metrics that a gate may name. */
export const METRICS = [...LATENCY_METRICS, ...SHARES, "cost", "saving", "residencyViolations", "residencyRefusals"];

/** @throws MeridianError usage, ASSERTION_*, that says what is not understood */
export function parseAssertion(text: string, known: KnownNames): Assertion {
  const match = FORM.exec(text);
  if (match === null) throw wrong("ASSERTION_UNREADABLE", `"${text}" is not metric(arguments) < value`);
  const [, metric = "", args = "", comparison = "", value = ""] = match;
  if (!METRICS.includes(metric)) {
    throw wrong("ASSERTION_UNKNOWN_METRIC", `there is no metric "${metric}"${didYouMean(metric, METRICS)}`);
  }
  const positional: string[] = [];
  const named: Record<string, string> = {};
  for (const part of args
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")) {
    const equals = part.indexOf("=");
    if (equals < 0) positional.push(part);
    else named[part.slice(0, equals).trim()] = part.slice(equals + 1).trim();
  }
  const assertion = { text, metric, positional, named, comparison: comparison as Assertion["comparison"] };
  checkNames(assertion, known);
  const limit = (LATENCY_METRICS as readonly string[]).includes(metric)
    ? parseDurationMs(value)
    : isShare(metric)
      ? parseShare(value)
      : parseCount(value);
  if (limit === undefined) throw wrong("ASSERTION_VALUE", `"${value}" is not a value of ${metric}`);
  return { ...assertion, limit };
}

/** The metric is a share: its limit may be written as a percentage. */
export function isShare(metric: string): boolean {
  return metric === "saving" || (SHARES as readonly string[]).includes(metric);
}

function checkNames(assertion: Omit<Assertion, "limit">, known: KnownNames): void {
  const { metric, positional, named } = assertion;
  const wantsLatency = (LATENCY_METRICS as readonly string[]).includes(metric);
  if (wantsLatency && !(LATENCIES as readonly string[]).includes(positional[0] ?? "")) {
    throw wrong("ASSERTION_ARGUMENT", `${metric} wants one of ${LATENCIES.join(", ")} first`);
  }
  const strategies = [
    ...(metric === "saving" ? positional : []),
    ...(named.strategy === undefined ? [] : [named.strategy]),
  ];
  if (metric === "saving" && (positional.length !== 2 || named.strategy !== undefined)) {
    throw wrong("ASSERTION_ARGUMENT", "saving wants two strategies: saving(this one, against that one)");
  }
  const extra = positional[wantsLatency ? 1 : metric === "saving" ? 2 : 0];
  if (extra !== undefined) {
    throw wrong("ASSERTION_ARGUMENT", `"${extra}" has no name: write strategy=${extra} or class=${extra}`);
  }
  for (const strategy of strategies) {
    if (known.strategies.includes(strategy)) continue;
    throw unknownName(
      "ASSERTION_UNKNOWN_STRATEGY",
      `there is no strategy "${strategy}"${didYouMean(strategy, known.strategies)}`,
      `strategies: ${known.strategies.join(", ")}`,
    );
  }
  if (named.class !== undefined && !known.classes.includes(named.class)) {
    throw unknownName(
      "ASSERTION_UNKNOWN_CLASS",
      `there is no class "${named.class}"${didYouMean(named.class, known.classes)}`,
      `classes: ${known.classes.join(", ")}`,
    );
  }
  for (const name of Object.keys(named)) {
    if (name !== "strategy" && name !== "class")
      throw wrong("ASSERTION_ARGUMENT", `"${name}" is not an argument: strategy and class are`);
  }
}

function wrong(code: string, what: string): MeridianError {
  return new MeridianError("usage", {
    code,
    what,
    where: "assert",
    fix: `metrics: ${METRICS.join(", ")}; example: "p95(e2e, class=chat) < 8s"`,
  });
}

function unknownName(code: string, what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code, what, where: "assert", fix });
}
