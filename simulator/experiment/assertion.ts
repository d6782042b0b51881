import { MeridianError } from "../errors.ts";
import { parseCount, parseDurationMs, parseShare } from "../scenario/units.ts";
import { didYouMean } from "../world/near-names.ts";
import type { AssertionResult, Estimate, GroupResult, RunResult, StrategyResult } from "./result.ts";

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
export const LATENCIES = ["e2e", "ttft", "wait"] as const;
const PERCENTILES = ["p50", "p95", "p99", "mean"] as const;
const SHARES = ["throttled", "failed", "retried", "goodput"] as const;
/** Every metric that a gate may name. */
export const METRICS: readonly string[] = [
  ...PERCENTILES,
  ...SHARES,
  "cost",
  "saving",
  "residencyViolations",
  "residencyRefusals",
];

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
  const limit = (PERCENTILES as readonly string[]).includes(metric)
    ? parseDurationMs(value)
    : isShare(metric)
      ? parseShare(value)
      : parseCount(value);
  if (limit === undefined) throw wrong("ASSERTION_VALUE", `"${value}" is not a value of ${metric}`);
  return { ...assertion, limit };
}

function isShare(metric: string): boolean {
  return metric === "saving" || (SHARES as readonly string[]).includes(metric);
}

function checkNames(assertion: Omit<Assertion, "limit">, known: KnownNames): void {
  const { metric, positional, named } = assertion;
  const wantsLatency = (PERCENTILES as readonly string[]).includes(metric);
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
    throw wrong(
      "ASSERTION_UNKNOWN_STRATEGY",
      `there is no strategy "${strategy}"${didYouMean(strategy, known.strategies)}`,
    );
  }
  if (named.class !== undefined && !known.classes.includes(named.class)) {
    throw wrong(
      "ASSERTION_UNKNOWN_CLASS",
      `there is no class "${named.class}"${didYouMean(named.class, known.classes)}`,
    );
  }
  for (const name of Object.keys(named)) {
    if (name !== "strategy" && name !== "class")
      throw wrong("ASSERTION_ARGUMENT", `"${name}" is not an argument: strategy and class are`);
  }
}

/** Holds a gate against a result. An estimate that is not to be had fails the gate: it cannot be shown to hold. */
export function evaluateAssertion(assertion: Assertion, result: Omit<RunResult, "assertions">): AssertionResult {
  const { text, metric, named } = assertion;
  const readings: { readonly who: string; readonly value: number | null }[] = [];
  if (metric === "saving") {
    const [one, other] = assertion.positional.map((name) => strategyOf(result, name));
    readings.push({
      who: one!.name,
      value: savingOf(groupOf(one!, named.class), groupOf(other!, named.class), result),
    });
  } else {
    const strategies = named.strategy === undefined ? result.strategies : [strategyOf(result, named.strategy)];
    for (const strategy of strategies) {
      readings.push({ who: strategy.name, value: readMetric(assertion, groupOf(strategy, named.class), result) });
    }
  }
  const failing = readings.filter(
    ({ value }) => value === null || !compare(value, assertion.comparison, assertion.limit),
  );
  const shown = failing.length > 0 ? failing : readings;
  const found = shown
    .map(({ who, value }) => `${who}: ${value === null ? "not to be had" : shownValue(metric, value)}`)
    .join(", ");
  return { text, passed: failing.length === 0, found };
}

function strategyOf(result: Omit<RunResult, "assertions">, name: string): StrategyResult {
  return result.strategies.find((each) => each.name === name)!;
}

/** Everything that the strategy handled, or one class of it. */
function groupOf(strategy: StrategyResult, className: string | undefined): GroupResult {
  return className === undefined ? strategy.total : strategy.byClass.find((each) => each.name === className)!;
}

function savingOf(one: GroupResult, other: GroupResult, result: Omit<RunResult, "assertions">): number | null {
  const cost = (group: GroupResult) => group.cost[result.billing].usdPer1kServed.value;
  const [mine, theirs] = [cost(one), cost(other)];
  return mine === null || theirs === null || theirs === 0 ? null : 1 - mine / theirs;
}

function readMetric(assertion: Assertion, group: GroupResult, result: Omit<RunResult, "assertions">): number | null {
  const { metric, positional } = assertion;
  const latency = positional[0] === "ttft" ? group.ttftMs : positional[0] === "wait" ? group.queueWaitMs : group.e2eMs;
  const estimate: Estimate | null =
    metric === "p50" || metric === "p95" || metric === "p99" || metric === "mean"
      ? latency[metric]
      : metric === "throttled"
        ? group.throttledAttemptShare
        : metric === "failed"
          ? group.failedShare
          : metric === "retried"
            ? group.retriedShare
            : metric === "goodput"
              ? group.goodputShare
              : metric === "cost"
                ? group.cost[result.billing].totalUsd
                : null;
  if (estimate !== null) return estimate.value;
  return metric === "residencyViolations" ? group.counts.residencyViolations : group.counts.residencyRefused;
}

function compare(value: number, comparison: Assertion["comparison"], limit: number): boolean {
  switch (comparison) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "==":
      return value === limit;
  }
}

function shownValue(metric: string, value: number): string {
  if ((PERCENTILES as readonly string[]).includes(metric)) return `${(value / 1000).toPrecision(4)} s`;
  if (isShare(metric)) return `${(value * 100).toPrecision(3)} %`;
  return metric === "cost" ? `USD ${value.toFixed(2)}` : String(value);
}

function wrong(code: string, what: string): MeridianError {
  return new MeridianError("usage", {
    code,
    what,
    where: "assert",
    fix: `metrics: ${METRICS.join(", ")}; example: "p95(e2e, class=chat) < 8s"`,
  });
}
