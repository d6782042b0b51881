/** `assert`: the grammar of gates, and what makes one wrong. */

import { MeridianError, type Problem } from "../base/errors.ts";
import { didYouMean, nearNames, suggest } from "../base/near-names.ts";
import {
  correctedCount,
  correctedDuration,
  correctedShare,
  parseCount,
  parseDurationMs,
  parseShare,
} from "../base/quantities.ts";

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

/**
 * @throws MeridianError usage, ASSERTION_*, with all that is not understood
 * @example parseAssertion("p95(e2e) < 8s", { strategies: ["cheapest"], classes: ["chat"] }).limit // => 8_000
 */
export function parseAssertion(text: string, known: KnownNames): Assertion {
  const match = FORM.exec(text);
  if (match === null) throw problems([unreadable(text)]);
  const [, metric = "", args = "", comparison = "", value = ""] = match;
  if (!METRICS.includes(metric)) throw problems([unknownMetric(metric)]);
  const assertion = { text, metric, ...argumentsOf(args), comparison: comparison as Assertion["comparison"] };
  const { parse, corrected } = limitOf(metric);
  const limit = parse(value);
  const found = [...wrongArguments(assertion), ...unknownNames(assertion, known)];
  if (limit === undefined) {
    const what = `"${value}" is not a value of ${metric}`;
    const meant = corrected(value);
    const fix = meant === undefined ? EXAMPLES[metric] : `write ${meant}`;
    found.push({ code: "ASSERTION_VALUE", what, where, fix: fix ?? "write a number, such as 0" });
  }
  if (limit !== undefined && passesAlways(assertion, limit)) {
    const what = `no share is above ${value}: the gate cannot fail`;
    const fix = value.endsWith("%") ? "write a share below 100%" : `write ${value}%`;
    found.push({ code: "ASSERTION_VALUE", what, where, fix });
  }
  if (found.length > 0 || limit === undefined) throw problems(found);
  return { ...assertion, limit };
}

/** `failed < 1` is 100 %, where 1 % was meant. */
function passesAlways({ metric, comparison }: Omit<Assertion, "limit">, limit: number): boolean {
  return ["throttled", "failed"].includes(metric) && comparison.startsWith("<") && limit >= 1;
}

const where = "assert";

function problems(found: readonly Problem[]): MeridianError {
  return new MeridianError("usage", found);
}

function argumentsOf(args: string): Pick<Assertion, "positional" | "named"> {
  const positional: string[] = [];
  const named: Record<string, string> = {};
  for (const part of args.split(",").map((each) => each.trim())) {
    const equals = part.indexOf("=");
    if (part === "") continue;
    if (equals < 0) positional.push(part);
    else named[part.slice(0, equals).trim()] = part.slice(equals + 1).trim();
  }
  return { positional, named };
}

/** How a metric's limit is read, and corrected. */
function limitOf(metric: string): {
  readonly parse: (text: string) => number | undefined;
  readonly corrected: (text: string) => string | undefined;
} {
  if (isLatency(metric)) return { parse: parseDurationMs, corrected: correctedDuration };
  if (isShare(metric)) return { parse: parseShare, corrected: correctedShare };
  return {
    parse: parseCount,
    corrected: (text) => correctedCount(text.replace(/^\s*\$|\s*(?:usd|dollars?|\$)\s*$/gi, "")),
  };
}

/** Limits of each kind of metric, as a scenario writes them. */
const EXAMPLES: Readonly<Record<string, string>> = Object.fromEntries([
  ...LATENCY_METRICS.map((metric) => [metric, "write a time with its unit, such as 800ms or 6s"]),
  ...[...SHARES, "saving"].map((metric) => [metric, "write a share, such as 1% or 0.01"]),
]);

function isLatency(metric: string): boolean {
  return (LATENCY_METRICS as readonly string[]).includes(metric);
}

/** The metric is a share: its limit may be written as a percentage. */
export function isShare(metric: string): boolean {
  return metric === "saving" || (SHARES as readonly string[]).includes(metric);
}

function unreadable(text: string): Problem {
  const what = `"${text}" is not metric(arguments) < value`;
  return {
    code: "ASSERTION_UNREADABLE",
    what,
    where,
    fix: `write it like "p95(e2e, class=chat) < 8s"; ${ALL_METRICS}`,
  };
}

const ALL_METRICS = `metrics: ${METRICS.join(", ")}`;

function unknownMetric(metric: string): Problem {
  const [near] = nearNames(metric, METRICS);
  const what = `there is no metric "${metric}"${didYouMean(metric, METRICS)}`;
  const fix = near === undefined ? ALL_METRICS : `write ${near}; ${ALL_METRICS}`;
  return { code: "ASSERTION_UNKNOWN_METRIC", what, where, fix };
}

function wrongArguments({ metric, positional, named }: Omit<Assertion, "limit">): Problem[] {
  const wrong = (what: string, fix: string): Problem => ({ code: "ASSERTION_ARGUMENT", what, where, fix });
  const wantsLatency = isLatency(metric);
  const found: Problem[] = [];
  const [first] = positional;
  if (wantsLatency && !(LATENCIES as readonly string[]).includes(first ?? "")) {
    const near = nearNames(first ?? "", LATENCIES)[0] ?? "e2e";
    found.push(wrong(`${metric} wants one of ${LATENCIES.join(", ")} first`, `write ${metric}(${near})`));
  }
  if (metric === "saving" && (positional.length !== 2 || named.strategy !== undefined))
    found.push(wrong("saving wants two strategies", "write saving(this one, against that one)"));
  const extra = positional[wantsLatency ? 1 : metric === "saving" ? 2 : 0];
  if (extra !== undefined) found.push(wrong(`"${extra}" has no name`, `write strategy=${extra} or class=${extra}`));
  for (const name of Object.keys(named)) {
    if (name !== "strategy" && name !== "class")
      found.push(wrong(`"${name}" is not an argument`, `${suggest(name, ["strategy", "class"])}`));
  }
  return found;
}

function unknownNames({ metric, positional, named }: Omit<Assertion, "limit">, known: KnownNames): Problem[] {
  const unknown = (noun: "strategy" | "class", asked: string, names: readonly string[]): Problem[] => {
    if (names.includes(asked)) return [];
    const [near] = nearNames(asked, names);
    const list = `${noun === "strategy" ? "strategies" : "classes"}: ${names.join(", ")}`;
    return [
      {
        code: noun === "strategy" ? "ASSERTION_UNKNOWN_STRATEGY" : "ASSERTION_UNKNOWN_CLASS",
        what: `there is no ${noun} "${asked}"${didYouMean(asked, names)}`,
        where,
        fix: near === undefined ? list : `write ${near}; ${list}`,
      },
    ];
  };
  const strategies = [...(metric === "saving" ? positional.slice(0, 2) : []), named.strategy].filter(
    (each) => each !== undefined,
  );
  return [
    ...strategies.flatMap((each) => unknown("strategy", each, known.strategies)),
    ...(named.class === undefined ? [] : unknown("class", named.class, known.classes)),
  ];
}
