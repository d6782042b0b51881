/** A comparison in one sentence: what got worse first, then what got better, with numbers, intervals and condition. */
import type { RunResult } from "../experiment/result.ts";
import { type ComparedRow, type ComparisonResult, isLatency } from "./result.ts";

/** Fewer of these than named ones are counted. */
const NAMED_MAX = 3;

/**
 * The sentence on top of a comparison. Latencies of classes without an objective are counted but never named first
 * where other classes have one.
 */
export function verdictText(result: Omit<ComparisonResult, "verdict" | "gates">, first: RunResult): string {
  const refused = result.pairings.filter(({ refusals }) => refusals.length > 0);
  if (refused.length > 0 && !result.forced) {
    return `Not compared: ${refused[0]!.refusals[0]!.replace(/\.$/, "")}.`;
  }
  if (result.rows.length === 0) return "Nothing to compare: the runs have no strategy in common.";
  const parts = result.pairings.map(({ label }) => sentenceOf(label, result, first));
  const forced = result.forced ? ` Forced, although: ${refused[0]!.refusals[0]}` : "";
  return `${parts.join(" ")}${forced}`;
}

function sentenceOf(label: string, result: Omit<ComparisonResult, "verdict" | "gates">, first: RunResult): string {
  const rows = result.rows.filter(({ run }) => run === label);
  const pairing = result.pairings.find((each) => each.label === label)!;
  const rank = rankIn(first);
  // A class says more than the total that it is part of.
  const inClass = (row: ComparedRow) =>
    row.scope === "total" &&
    rows.some(
      (one) =>
        one.scope === "class" &&
        one.metric === row.metric &&
        one.strategy === row.strategy &&
        one.verdict === row.verdict,
    );
  const shown = (verdict: ComparedRow["verdict"]) =>
    rows
      .filter((row) => row.verdict === verdict && !inClass(row))
      .sort((a, b) => rank(a) - rank(b) || size(b) - size(a));
  const [worse, better] = [shown("worse"), shown("better")];
  const open = rows.filter(({ verdict }) => verdict === "not shown").length;
  const condition = conditionOf(pairing.method, rows);
  const against = `${label} against ${result.runs[0]!.label}`;
  if (rows.every(({ verdict }) => verdict === "same")) return `${against}: no difference at all (${condition}).`;
  if (rows.every(({ verdict }) => verdict === "same" || verdict === "not comparable")) {
    const notes = [...new Set(rows.flatMap(({ note }) => note ?? []))];
    const more = notes.length > 2 ? `; and ${notes.length - 2} more reason${notes.length > 3 ? "s" : ""}` : "";
    return `${against}: nothing that can be compared differs (${condition}); ${notes.slice(0, 2).join("; ")}${more}.`;
  }
  if (rows.every(({ verdict }) => verdict === "too few" || verdict === "same" || verdict === "not comparable")) {
    return pairing.method === "measured requests"
      ? `${against}: too few requests to show any difference (${condition}); the table says how many each figure needs.`
      : `${against}: too few replications to show any difference (${condition}); at least two are needed, ten are better.`;
  }
  const parts = [listOf(worse, "worse", result), listOf(better, "better", result)].filter((part) => part !== "");
  if (parts.length === 0) parts.push("no difference is shown");
  const rest = open > 0 && parts[0] !== "no difference is shown" ? `; ${open} not shown to differ` : "";
  return `${against}: ${parts.join("; ")}${rest} (${condition}).`;
}

function conditionOf(method: ComparisonResult["pairings"][number]["method"], rows: readonly ComparedRow[]): string {
  const n = Math.max(0, ...rows.map((row) => row.n));
  if (method === "measured requests") return `intervals over measured requests, ${n.toLocaleString("en-US")} at most`;
  const kind = method === "paired replications" ? "paired" : "independent";
  return `${n} ${kind} replication${n === 1 ? "" : "s"}`;
}

function listOf(rows: readonly ComparedRow[], word: string, result: Pick<ComparisonResult, "rows">): string {
  if (rows.length === 0) return "";
  const strategies = new Set(result.rows.map(({ strategy }) => strategy));
  const named = rows.slice(0, NAMED_MAX).map((row) => phrase(row, strategies.size > 1));
  const more = rows.length > NAMED_MAX ? ` and ${rows.length - NAMED_MAX} more` : "";
  return `${word}: ${named.join(", ")}${more}`;
}

/** Whether it serves comes before objectives, objectives before cost, cost before latency. */
function rankIn({ classes }: RunResult): (row: ComparedRow) => number {
  const hasObjective = classes.some(({ sloE2eMs, sloTtftMs }) => sloE2eMs !== null || sloTtftMs !== null);
  const order = ["failedShare", "goodputShare", "throttledAttemptShare", "usdPer1kServed", "e2eMsP95", "ttftMsP95"];
  return ({ metric, scope, name }) => {
    const one = classes.find((each) => each.name === name);
    const isIdle = scope === "class" && hasObjective && one?.sloE2eMs === null && one.sloTtftMs === null;
    const at = order.indexOf(metric);
    return (at < 0 ? order.length : at) + (isIdle && isLatency(metric) ? 100 : 0);
  };
}

function size({ metric, relative, difference }: ComparedRow): number {
  return Math.abs((metric.endsWith("Share") ? null : relative.value) ?? difference.value ?? 0);
}

function phrase(row: ComparedRow, withStrategy: boolean): string {
  const place = [row.name, METRIC_NAMES[row.metric]].filter((part) => part !== "").join(" ");
  return `${place} ${changeText(row)}${withStrategy ? ` (${row.strategy})` : ""}`;
}

/** Names of metrics, for people. */
export const METRIC_NAMES: Readonly<Record<ComparedRow["metric"], string>> = {
  e2eMsMean: "mean E2E",
  e2eMsP50: "p50 E2E",
  e2eMsP95: "p95 E2E",
  e2eMsP99: "p99 E2E",
  ttftMsP50: "p50 TTFT",
  ttftMsP95: "p95 TTFT",
  ttftMsP99: "p99 TTFT",
  waitMsP95: "p95 wait",
  goodputShare: "within SLO",
  throttledAttemptShare: "throttled",
  failedShare: "failed",
  retriedShare: "retried",
  trafficShare: "traffic",
  usdPer1kServed: "USD per 1k served",
  billUsd: "bill",
};

/**
 * A change with its interval: `−17.2 % ±1.1`; of shares in points: `+0.4 points ±0.1`.
 *
 * @example changeText({ metric: "e2eMsP95", relative: { value: -0.172, low: -0.183, high: -0.161, n: 10 }, difference: { value: -1, low: null, high: null, n: 10 } }) // => "−17.2 % ±1.1"
 */
export function changeText({
  metric,
  relative,
  difference,
}: Pick<ComparedRow, "metric" | "relative" | "difference">): string {
  const isShare = metric.endsWith("Share");
  const estimate = isShare || relative.value === null ? difference : relative;
  if (estimate.value === null) return "n/a";
  const isPercent = isShare || estimate === relative;
  const factor = isPercent ? 100 : 1;
  const half = estimate.low === null || estimate.high === null ? null : ((estimate.high - estimate.low) / 2) * factor;
  const value = estimate.value * factor;
  const decimals = decimalsOf(value, half);
  const size = Math.abs(value).toFixed(decimals);
  const sign = Number(size) === 0 ? "" : value > 0 ? "+" : "−";
  const unit = isShare ? " points" : isPercent ? " %" : "";
  return `${sign}${size}${unit}${half === null ? "" : ` ±${half.toFixed(decimals)}`}`;
}

/** Down to the first digit of the half-width, one more when that is 1; three significant digits without one. */
function decimalsOf(value: number, half: number | null): number {
  const wide = half === null || half === 0 ? Math.abs(value) / 100 : half;
  if (!(wide > 0)) return 0;
  const exponent = Math.floor(Math.log10(wide));
  return Math.min(6, Math.max(0, -exponent + (half !== null && half > 0 && wide / 10 ** exponent < 2 ? 1 : 0)));
}
