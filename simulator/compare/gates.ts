/** Gates of `--fail-on`: changes between runs that a build should not let through. */
import { MeridianError } from "../base/errors.ts";
import { didYouMean } from "../base/near-names.ts";
import { parseCount, parseDurationMs, parseShare } from "../base/quantities.ts";
import { holm } from "../base/significance.ts";
import type { RunResult, SampleMetric } from "../experiment/result.ts";
import { type GroupMetric, promptClasses } from "./matching.ts";
import { type ComparedRow, type ComparisonResult, type GateResult, isLatency, lessIsBetter } from "./result.ts";
import { changeText, METRIC_NAMES } from "./verdict-text.ts";

/**
 * A gate: `regression`, or a change of a metric such as `p95(e2e, class=chat) > +5%`, `failed() > +0.1%` (points, for
 * shares), `usdPer1k(strategy=cheapest) > +2%`, `p99(ttft) > +200ms`, `goodput(class=chat) < -1%`.
 */
export interface Gate {
  readonly text: string;
  /** Undefined for `regression`: any metric that is shown to be worse. */
  readonly change?: {
    readonly metric: SampleMetric;
    readonly strategy?: string;
    readonly class?: string;
    readonly region?: string;
    readonly comparison: "<" | "<=" | ">" | ">=";
    /** Signed limit, of the relative change or of the difference in the metric's own unit. */
    readonly limit: number;
    readonly of: "relative" | "difference";
  };
}

const FORM = /^\s*([A-Za-z]\w*)\s*(?:\(([^)]*)\))?\s*(<=|>=|<|>)\s*([+-])\s*(.+?)\s*$/;
const LATENCY: Readonly<Record<string, Readonly<Record<string, SampleMetric>>>> = {
  p50: { e2e: "e2eMsP50", ttft: "ttftMsP50" },
  p95: { e2e: "e2eMsP95", ttft: "ttftMsP95", wait: "waitMsP95" },
  p99: { e2e: "e2eMsP99", ttft: "ttftMsP99" },
  mean: { e2e: "e2eMsMean" },
};
const OTHER: Readonly<Record<string, SampleMetric>> = {
  throttled: "throttledAttemptShare",
  failed: "failedShare",
  retried: "retriedShare",
  goodput: "goodputShare",
  traffic: "trafficShare",
  cost: "billUsd",
  usdPer1k: "usdPer1kServed",
};
const ALPHA = 0.05;
const GATE_METRICS = [...Object.keys(LATENCY), ...Object.keys(OTHER)];
const ARGUMENTS = ["strategy", "class", "region"] as const;

/**
 * @param known the first run, whose strategies, classes and regions a gate may name
 * @throws MeridianError usage GATE_* that says what is not understood
 * @example parseGate("regression", { strategies: [], classes: [], regions: [] }) // => { text: "regression" }
 */
export function parseGate(text: string, known: Pick<RunResult, "strategies" | "classes" | "regions">): Gate {
  if (text.trim() === "regression") return { text: "regression" };
  const match = FORM.exec(text);
  if (match === null) throw wrong("GATE_UNREADABLE", `"${text}" is neither regression nor metric(arguments) > +change`);
  const [, name = "", args = "", comparison = "", sign = "", amount = ""] = match;
  if (!GATE_METRICS.includes(name)) {
    throw wrong("GATE_METRIC", `there is no metric "${name}"${didYouMean(name, GATE_METRICS)}`);
  }
  const { positional, named } = argumentsOf(args, known);
  const ofLatency = Object.hasOwn(LATENCY, name) ? LATENCY[name] : undefined;
  const metric = ofLatency === undefined ? OTHER[name]! : ofLatency[positional[0] ?? ""];
  if (metric === undefined) {
    throw wrong("GATE_ARGUMENT", `${name} wants one of ${Object.keys(ofLatency!).join(", ")} first`);
  }
  const extra = positional[ofLatency === undefined ? 0 : 1];
  if (extra !== undefined)
    throw wrong("GATE_ARGUMENT", `"${extra}" has no name: write strategy=${extra} or class=${extra}`);
  const { of, size } = limitOf(metric, amount);
  const limit = sign === "-" ? -size : size;
  return { text, change: { metric, ...named, comparison: comparison as "<", limit, of } };
}

function argumentsOf(args: string, known: Pick<RunResult, "strategies" | "classes" | "regions">) {
  const positional: string[] = [];
  const named: { strategy?: string; class?: string; region?: string } = {};
  const names = {
    strategy: known.strategies.map(({ name }) => name),
    class: known.classes.map(({ name }) => name),
    region: known.regions,
  };
  for (const part of args.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    if (equals < 0) {
      positional.push(part);
      continue;
    }
    const key = ARGUMENTS.find((each) => each === part.slice(0, equals).trim());
    const value = part.slice(equals + 1).trim();
    if (key === undefined) throw wrong("GATE_ARGUMENT", `"${part}" is not an argument: ${ARGUMENTS.join(", ")} are`);
    if (named[key] !== undefined) throw wrong("GATE_ARGUMENT", `${key} is named twice: write a gate for each`);
    if (!names[key].includes(value)) {
      const what = `there is no ${key} "${value}"${didYouMean(value, names[key])}`;
      throw new MeridianError("usage", {
        code: "GATE_NAME",
        what,
        where: "--fail-on",
        fix: `there are ${names[key].join(", ")}`,
      });
    }
    named[key] = value;
  }
  if (named.class !== undefined && named.region !== undefined) {
    throw wrong("GATE_ARGUMENT", "a gate is about a class or a region, not both");
  }
  return { positional, named };
}

function limitOf(
  metric: SampleMetric,
  amount: string,
): { readonly of: "relative" | "difference"; readonly size: number } {
  const isPercent = amount.endsWith("%");
  if (metric.endsWith("Share")) {
    const size = parseShare(amount.replace(/\s*(points|pp)$/, "%"));
    if (size !== undefined) return { of: "difference", size };
  } else if (isPercent) {
    const size = Number(amount.slice(0, -1).trim());
    if (Number.isFinite(size) && size >= 0 && amount.length > 1) return { of: "relative", size: size / 100 };
  } else {
    const size = isLatency(metric) ? parseDurationMs(amount) : parseCount(amount);
    if (size !== undefined) return { of: "difference", size };
  }
  throw wrong(
    "GATE_VALUE",
    `"${amount}" is not a change of ${metric}: write 5%${isLatency(metric) ? " or 200ms" : ""}`,
  );
}

/**
 * Rows that gates look at beside the usual ones.
 *
 * @param gates as `parseGate` read them
 * @param first the run that the others are compared with, which has the names of classes
 * @returns figures of regions and classes for `compareRuns` to compare as well
 */
export function rowsOfGates(gates: readonly Gate[], first: RunResult): readonly GroupMetric[] {
  return gates.flatMap(({ change }): readonly GroupMetric[] => {
    if (change === undefined) return [];
    const { metric } = change;
    if (change.region !== undefined) return [{ scope: "region" as const, name: change.region, metric }];
    // The only class is the total.
    if (first.classes.length === 1) return [{ scope: "total" as const, name: "", metric }];
    if (change.class !== undefined) return [{ scope: "class" as const, name: change.class, metric }];
    if (!isLatency(metric) && metric !== "goodputShare") return [{ scope: "total" as const, name: "", metric }];
    // One figure over classes would mix unlike objectives: each class has to hold.
    const names = isLatency(metric) ? promptClasses(first) : promisedClasses(first);
    return names.map((name) => ({ scope: "class" as const, name, metric }));
  });
}

function promisedClasses({ classes }: RunResult): readonly string[] {
  return classes.filter((each) => each.sloE2eMs !== null || each.sloTtftMs !== null).map(({ name }) => name);
}

/**
 * Judges gates on a comparison. A change beyond the limit fails a gate where it is shown to be one; a change that
 * cannot be judged (too few replications, unstable) fails it too, since the gate cannot be shown to hold.
 *
 * `regression` takes what the comparison shows, with Holm's correction over all its rows. Figures that gates name were
 * chosen before anything was seen: they are corrected for each other alone, so that a gate is as strict whatever else
 * is shown, and two runs that differ in nothing but chance fail one of them in at most 5 of 100 builds.
 *
 * @param gates      as `parseGate` read them
 * @param comparison with the rows that `rowsOfGates` names
 * @param first      the run that the others are compared with
 * @returns for each gate whether it passes, and why not
 */
export function judgeGates(
  gates: readonly Gate[],
  comparison: Omit<ComparisonResult, "gates">,
  first: RunResult,
): readonly GateResult[] {
  const isRefused = comparison.pairings.some(({ refusals }) => refusals.length > 0) && !comparison.forced;
  const named = new Map(gates.map((gate) => [gate, rowsOf(gate, comparison.rows, first)]));
  const shown = shownOf([...new Set([...named.values()].flat())]);
  return gates.map((gate) => {
    if (isRefused) return { text: gate.text, passed: false, found: "the runs were not compared" };
    return gate.change === undefined ? judgeRegression(gate, comparison) : judgeChange(gate, named.get(gate)!, shown);
  });
}

/** Rows that a gate is about; none of `regression`, which is about all. */
function rowsOf({ change, text }: Gate, rows: readonly ComparedRow[], first: RunResult): readonly ComparedRow[] {
  if (change === undefined) return [];
  const keys = rowsOfGates([{ change, text }], first);
  const isAbout = ({ scope, name, metric }: ComparedRow) =>
    keys.some((key) => scope === key.scope && name === key.name && metric === key.metric);
  return rows
    .filter((row) => isAbout(row) && (change.strategy ?? row.strategy) === row.strategy)
    .map((row) => sameInClass(row, rows, onlyClassOf(first)) ?? row);
}

/** Of rows that gates name, those that are shown to differ: Holm's correction is over these rows alone. */
function shownOf(rows: readonly ComparedRow[]): ReadonlySet<ComparedRow> {
  const tested = rows.filter(({ pHolm }) => pHolm !== null);
  const adjusted = holm(tested.map(({ p }) => p!));
  return new Set(tested.filter(({ difference }, i) => adjusted[i]! < ALPHA && difference.value !== 0));
}

function judgeRegression(
  { text }: Gate,
  { rows, unmatched }: Pick<ComparisonResult, "rows" | "unmatched">,
): GateResult {
  const worse = rows.filter(({ verdict }) => verdict === "worse");
  if (worse.length > 0) return { text, passed: false, found: shownRows(worse) };
  const open = rows.filter((row) => row.verdict === "too few" && !isNoWorse(row));
  if (open.length > 0) return { text, passed: false, found: `too few to judge: ${shownRows(open)}` };
  if (rows.length === 0) return { text, passed: false, found: "nothing was compared" };
  const alone = unmatched.length === 0 ? "" : `, of what all runs have; ${unmatched.join(" ").replace(/\.$/, "")}`;
  return { text, passed: true, found: `nothing is shown to be worse${alone}` };
}

function isNoWorse({ metric, difference }: ComparedRow): boolean {
  const less = lessIsBetter(metric);
  return less === null || (difference.value !== null && (less ? difference.value <= 0 : difference.value >= 0));
}

/** The total of a run with one class stands for the class; where the other run has more of them, the class does. */
function sameInClass(total: ComparedRow, rows: readonly ComparedRow[], only: string | null): ComparedRow | undefined {
  if (total.scope !== "total" || only === null) return undefined;
  const isSame = ({ run, strategy, metric }: ComparedRow) =>
    run === total.run && strategy === total.strategy && metric === total.metric;
  return rows.find((row) => row.scope === "class" && row.name === only && isSame(row));
}

function onlyClassOf({ classes }: RunResult): string | null {
  return classes.length === 1 ? classes[0]!.name : null;
}

function judgeChange(
  { text, change }: Gate,
  rows: readonly ComparedRow[],
  shown: ReadonlySet<ComparedRow>,
): GateResult {
  if (rows.length === 0)
    return { text, passed: false, found: "no such figure is in all runs: the group is missing, or has no objective" };
  const isShown = (row: ComparedRow) => shown.has(row);
  const failing = rows.filter((row) => !holds(row, change!, isShown(row)));
  return { text, passed: failing.length === 0, found: shownRows(failing.length > 0 ? failing : rows, isShown) };
}

function holds(row: ComparedRow, { of, limit, comparison }: NonNullable<Gate["change"]>, isShown: boolean): boolean {
  if (row.verdict === "too few" || row.verdict === "not comparable") return false;
  if (row.verdict === "same" || !isShown) return true;
  const { value } = row[of];
  // From nothing to something: no percentage says how much.
  if (value === null) return false;
  const isBeyond = { "<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit }[comparison];
  return !isBeyond;
}

/** More rows than these are counted. */
const ROWS_MAX = 5;

function shownRows(rows: readonly ComparedRow[], isShown = isShownInTable): string {
  const more = rows.length > ROWS_MAX ? ` and ${rows.length - ROWS_MAX} more` : "";
  return `${rows
    .slice(0, ROWS_MAX)
    .map((row) => shownRow(row, isShown(row)))
    .join(", ")}${more}`;
}

function isShownInTable({ verdict }: ComparedRow): boolean {
  return verdict === "better" || verdict === "worse" || verdict === "differs";
}

function shownRow(row: ComparedRow, isShown: boolean): string {
  const place = [row.run, row.strategy, row.name, METRIC_NAMES[row.metric]].filter((part) => part !== "").join(" ");
  const state = isShownInTable(row) ? "not shown" : row.verdict;
  return `${place}: ${changeText(row)}${isShown ? "" : ` (${row.note ?? state})`}`;
}

function wrong(code: string, what: string): MeridianError {
  return new MeridianError("usage", {
    code,
    what,
    where: "--fail-on",
    fix: `write regression, or a metric (${GATE_METRICS.join(", ")}) with a signed change: "p95(e2e, class=chat) > +5%"`,
  });
}
