/** A sweep in words: its metrics with their units, what each strategy's curve says, and the answer in one sentence. */
import { printable } from "../../simulator/base/errors.ts";
import { openCrossings } from "../../simulator/sweep/adaptive.ts";
import {
  type Association,
  type BreakEvenMap,
  type Curve,
  isLargerBetter,
  type MapCell,
  type SweepAnswer,
  type SweepPoint,
  type TornadoBar,
} from "../../simulator/sweep/analysis.ts";
import { distinct, type SweepFile } from "../../simulator/sweep/job.ts";
import type { Crossing, Knee } from "../../simulator/sweep/load-curve.ts";
import type { SweepMetric, SweepQuestion, SweepRow } from "../../simulator/sweep/points.ts";
import {
  formatCount,
  formatLimitMs,
  formatList,
  formatNumber,
  formatPlain,
  NOT_AVAILABLE,
  PERCENT,
  plural,
  SECONDS,
  SHARE,
  type Unit,
  USD,
} from "../base/text.ts";

/** All that a sweep's report shows. */
export interface SweepReport {
  readonly sweep: SweepFile;
  /** Of every group of requests, the one that is asked about first. */
  readonly answers: readonly [SweepAnswer, ...SweepAnswer[]];
  /** Of all points that have a result, in the order of the design. */
  readonly rows: readonly SweepRow[];
  /** Jobs that have a result. */
  readonly done: number;
}

const UNITS: Readonly<Record<SweepMetric, Unit>> = {
  p50: SECONDS,
  p95: SECONDS,
  p99: SECONDS,
  "ttft-p95": SECONDS,
  failed: SHARE,
  throttled: SHARE,
  goodput: SHARE,
  cost: USD,
  saving: PERCENT,
  regret: PERCENT,
};

const NAMES: Readonly<Record<SweepMetric, string>> = {
  p50: "p50 latency",
  p95: "p95 latency",
  p99: "p99 latency",
  "ttft-p95": "p95 time to first token",
  failed: "failed requests",
  throttled: "throttled attempts",
  goodput: "requests within their objective",
  cost: "USD per 1,000 served",
  saving: "saving against the baseline",
  regret: "cost above the least possible",
};

/** A metric's unit and name, for tables and charts. */
export function metricText(metric: SweepMetric): { readonly name: string; readonly unit: Unit } {
  return { name: NAMES[metric], unit: UNITS[metric] };
}

/** `p95 latency of chat`, `saving against the baseline in chat`. */
export function askedText({ metric, group }: SweepQuestion): string {
  const link = metric === "cost" || metric === "saving" ? "in" : "of";
  return `${NAMES[metric]}${group === "all" ? "" : ` ${link} ${printable(group)}`}`;
}

/** An objective as it was set. */
export function objectiveText({ metric, objective }: SweepQuestion): string {
  const unit = UNITS[metric];
  if (objective === null) return NOT_AVAILABLE;
  return unit === SECONDS
    ? formatLimitMs(objective)
    : `${Number((objective * unit.factor).toPrecision(6))} ${unit.symbol}`;
}

/** The one factor of curves: its path as text, and the unit after its numbers. */
export interface Axis {
  readonly path: string;
  readonly unit: string;
}

/** The axis of a sweep over one factor. */
export function axisOf({ factors }: Pick<SweepFile, "factors">): Axis {
  const factor = factors[0]!;
  return { path: printable(factor.path), unit: factor.kind === "range" ? factor.unit : "" };
}

/** A factor's number with up to four digits, and its unit. */
export function axisText(load: number, { unit }: Pick<Axis, "unit"> = { unit: "" }): string {
  return `${Number(load.toPrecision(4))}${unit}`;
}

/** A point's value with half its interval, or why there is none. */
export function pointText({ estimate, isUnstable }: SweepPoint, unit: Unit): string {
  const { value, low, high } = estimate;
  if (isUnstable) return "unstable";
  if (value === null) return NOT_AVAILABLE;
  const half = low === null || high === null ? "" : ` ±${formatPlain((high - low) / 2, unit)}`;
  return `${formatPlain(value, unit)}${half}`;
}

/** What the marks of a curve's table mean. */
export const MARKS = `${NOT_AVAILABLE}: it does not exist, since more requests fail than the percentile leaves out, or too few are served for it. unstable: the backlog grows without bound, so a figure would say how long the run was.`;

/** Empty where the knee is not within the range. */
function kneeText(knee: Knee | null, axis: Axis): string {
  if (knee === null) return "";
  return ` Its knee is at ${axisText(knee.load, axis)} (between ${axisText(knee.low, axis)} and ${axisText(knee.high, axis)}).`;
}

/** One strategy's curve in a sentence. */
export function curveSentence(
  { strategy, points, crossing, knee }: Curve,
  question: SweepQuestion,
  axis: Axis,
): string {
  const { path } = axis;
  const what = `${printable(strategy)}: ${askedText(question)}`;
  const bend = kneeText(knee, axis);
  if (points.every(({ estimate, isUnstable }) => estimate.value === null && !isUnstable)) {
    return `${what} does not exist at any ${path} tried.`;
  }
  if (crossing === null) return `${what} over ${path}.${bend}`;
  const limit = objectiveText(question);
  const sides: Readonly<Record<Crossing["side"], () => string>> = {
    within: () => `stays within ${limit} at every ${path} tried`,
    beyond: () => `exceeds ${limit} at every ${path} tried`,
    between: () => `exceeds ${limit} at both ends of the range, and is within it between`,
    rises: () => `exceeds ${limit} from ${path} = ${axisText(crossing.load!, axis)} on (${spanText(crossing, axis)})`,
    falls: () => `is within ${limit} from ${path} = ${axisText(crossing.load!, axis)} on (${spanText(crossing, axis)})`,
  };
  return `${what} ${sides[crossing.side]()}.${bend}`;
}

/** Where the crossing lies with 95 % confidence. */
function spanText({ low, high }: Crossing, axis: Axis): string {
  if (low === null && high === null) return "its interval is wider than the range: take more replications";
  if (low === null) return `95 % below ${axisText(high!, axis)}, from below the range on`;
  return high === null
    ? `95 % above ${axisText(low, axis)}, beyond the range, too`
    : `95 % between ${axisText(low, axis)} and ${axisText(high, axis)}`;
}

/** The whole answer in one sentence; what has no result is no part of it. */
export function sweepVerdict(report: SweepReport): string {
  const [{ question, analysis }] = report.answers;
  if (report.rows.length === 0) return "No point has a result yet.";
  if (analysis.curves.length > 0) return curvesVerdict(report, analysis.curves, question);
  if (analysis.maps.length > 0)
    return mapVerdict(
      analysis.maps.flatMap(({ cells }) => cells),
      question,
    );
  if (analysis.tornado.length > 0) return tornadoVerdict(analysis.tornado, question);
  if (analysis.sensitivity.length > 0) return sensitivityVerdict(report);
  return rangeVerdict(report);
}

/** `chat: 12 variants (grid) over load; 3 have no result yet`. */
export function sweepHead({ sweep, done }: SweepReport): string {
  const all = distinct(sweep.jobs).length;
  const missing = done < all ? `; ${all - done} of its jobs have no result yet` : "";
  return `${printable(sweep.name)}: ${plural(all, "variant", "variants")} (${sweep.design}) over ${sweep.factors.map(({ path }) => printable(path)).join(", ")}${missing}.`;
}

/** Crossings that are not as narrow as asked for, each in a sentence. */
export function openSentences({ sweep, rows }: SweepReport): readonly string[] {
  return openCrossings(sweep, rows).map(({ strategy, group, width }) => {
    const where = `${printable(strategy)}${group === "all" ? "" : `, ${printable(group)}`}`;
    const wanted = `${formatNumber(100 * sweep.adaptive!.tolerance, 1)} %`;
    return `${where}: the crossing's interval is still ${formatNumber(100 * width, 1)} % wide, not ${wanted}: allow more --points, or take longer runs.`;
  });
}

function curvesVerdict({ sweep }: SweepReport, curves: readonly Curve[], question: SweepQuestion): string {
  const axis = axisOf(sweep);
  const { path } = axis;
  if (question.objective === null || curves.every(({ crossing }) => crossing === null)) {
    const curve = curves.find(({ strategy }) => strategy === sweep.baseline) ?? curves[0]!;
    return `${askedText(question)} over ${path}: ${printable(curve.strategy)} ${courseText(curve, question, axis)}.${kneeText(curve.knee, axis)}`;
  }
  const rank = ({ crossing }: Curve): readonly [number, number] => {
    if (crossing?.side === "within") return [0, 0];
    if (crossing?.side === "rises") return [1, -crossing.load!];
    if (crossing?.side === "falls") return [2, crossing.load!];
    return [3, 0];
  };
  const sorted = [...curves].sort((a, b) => rank(a)[0] - rank(b)[0] || rank(a)[1] - rank(b)[1]);
  const byPlace = new Map<string, string[]>();
  for (const curve of sorted) {
    const place = placeText(curve.crossing, axis);
    byPlace.set(place, [...(byPlace.get(place) ?? []), printable(curve.strategy)]);
  }
  const clauses = [...byPlace].map(([place, names]) => `${place} with ${formatList(names)}`);
  return `${askedText(question)} is within ${objectiveText(question)} over ${path}: ${clauses.join("; ")}.`;
}

function placeText(crossing: Crossing | null, axis: Axis): string {
  if (crossing === null || crossing.side === "beyond") return "at no value tried";
  if (crossing.side === "within") return "at every value tried";
  if (crossing.side === "between") return "within the range, not at its ends";
  const at = axisText(crossing.load!, axis);
  return crossing.side === "rises"
    ? `up to ${at} (${spanText(crossing, axis)})`
    : `from ${at} on (${spanText(crossing, axis)})`;
}

/** `goes from 2 s at 0.5 to 9 s at 2; its backlog grows without bound from 2.5 on`. */
export function courseText({ points }: Curve, { metric }: SweepQuestion, axis: Axis): string {
  const unit = UNITS[metric];
  const known = points.filter(({ estimate, isUnstable }) => estimate.value !== null && !isUnstable);
  const [first, last] = [known[0], known.at(-1)];
  const unstable = points.find(({ isUnstable }) => isUnstable);
  const backlog =
    unstable === undefined ? "" : `its backlog grows without bound from ${axisText(unstable.load, axis)} on`;
  if (first === undefined || last === undefined) return backlog === "" ? "does not exist at any value tried" : backlog;
  const at = ({ estimate, load }: SweepPoint) =>
    `${formatPlain(estimate.value, unit)} ${unit.symbol} at ${axisText(load, axis)}`;
  return `goes from ${at(first)} to ${at(last)}${backlog === "" ? "" : `; ${backlog}`}`;
}

function mapVerdict(map: readonly MapCell[], question: SweepQuestion): string {
  const clear = map.filter(({ best, isClear }) => best !== null && isClear);
  const names = [...new Set(clear.map(({ best }) => best!))];
  const wins = names
    .map((name) => ({ name, cells: clear.filter(({ best }) => best === name) }))
    .sort((a, b) => b.cells.length - a.cells.length);
  const none = map.filter(({ best }) => best === null).length;
  const open = map.length - clear.length - none;
  const { p95LimitMs } = question;
  const keeps = p95LimitMs === null ? "" : `p95 within ${formatLimitMs(p95LimitMs)}`;
  const clauses = [
    ...wins.map(
      ({ name, cells }) => `${printable(name)} at ${formatCount(cells.length)} (${cellRange(cells, question)})`,
    ),
    ...(open > 0 ? [`at ${formatCount(open)} the best two are not told apart`] : []),
    ...(none > 0
      ? [`at ${formatCount(none)} no strategy ${keeps === "" ? "is stable or has the metric" : `keeps ${keeps}`}`]
      : []),
  ];
  const what = `${isLargerBetter(question.metric) ? "Largest" : "Least"} ${askedText(question)}`;
  return `${what}${keeps === "" ? "" : ` with ${keeps}`}, by ${plural(map.length, "point", "points")}: ${clauses.join("; ")}.`;
}

function cellRange(cells: readonly MapCell[], { metric }: SweepQuestion): string {
  const values = cells.map(({ value }) => value!.value!);
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => formatPlain(value, UNITS[metric]));
  return `${low === high ? low : `${low} to ${high}`} ${UNITS[metric].symbol}`;
}

function tornadoVerdict(bars: readonly TornadoBar[], question: SweepQuestion): string {
  const unit = UNITS[question.metric];
  const [bar] = [...bars].sort((a, b) => swingOf(b) - swingOf(a));
  const text = (value: number | null) => `${formatPlain(value, unit)} ${unit.symbol}`;
  return `${printable(bar!.path)} moves ${askedText(question)} most: of ${printable(bar!.strategy)} from ${text(bar!.low)} at its low end to ${text(bar!.high)} at its high end (${text(bar!.base)} as it is).`;
}

function swingOf({ low, high }: TornadoBar): number {
  return low === null || high === null ? 0 : Math.abs(high - low);
}

function sensitivityVerdict({ sweep, answers: [{ question, analysis }] }: SweepReport): string {
  const of = analysis.sensitivity.find(({ strategy }) => strategy === sweep.baseline) ?? analysis.sensitivity[0]!;
  if (of.indices === null) return `${askedText(question)} of ${printable(of.strategy)} does not vary, or is missing.`;
  const totals = of.indices.map(({ total }) => total.value);
  const at = totals.indexOf(Math.max(...totals));
  const { first, total } = of.indices[at]!;
  const share = (value: number) => `${formatNumber(100 * value, 0)} %`;
  return `${printable(sweep.factors[at]!.path)} makes most of the variance of ${askedText(question)} with ${printable(of.strategy)}: ${share(total.value)} with others (95 % ${share(total.low)} to ${share(total.high)}), ${share(first.value)} alone.`;
}

function rangeVerdict({ rows, sweep, answers: [{ question, analysis }] }: SweepReport): string {
  const own = rows.filter(({ group, strategy }) => group === question.group && strategy === sweep.baseline);
  const known = own.flatMap(({ metrics, isUnstable }) => (isUnstable ? [] : (metrics[question.metric].value ?? [])));
  const unit = UNITS[question.metric];
  const without = own.length - known.length;
  const range =
    known.length === 0
      ? "does not exist at any point"
      : `lies between ${formatPlain(Math.min(...known), unit)} and ${formatPlain(Math.max(...known), unit)} ${unit.symbol} over ${plural(known.length, "point", "points")}`;
  const gone = without > 0 && known.length > 0 ? `; at ${without} it is unstable or has none` : "";
  return `${askedText(question)} with ${printable(sweep.baseline)} ${range}${gone}.${strongestText(analysis.associations, sweep)}`;
}

/** Which factor the baseline's metric goes with most; empty where none is shown to matter. */
function strongestText(associations: readonly Association[], { baseline }: SweepFile): string {
  const own = associations.filter(({ strategy, correlation: { value } }) => strategy === baseline && value !== null);
  const size = ({ correlation }: Association) => Math.abs(correlation.value!);
  const [most] = [...own].sort((a, b) => size(b) - size(a));
  if (most === undefined) return "";
  if (most.correlation.low! <= 0 && most.correlation.high! >= 0) return " No factor alone is shown to move it.";
  const way = most.correlation.value! > 0 ? "rises" : "falls";
  return ` It ${way} most regularly with ${printable(most.path)} (${correlationText(most)}).`;
}

/** `rank correlation 0.83, 95 % 0.70 to 0.91`. */
export function correlationText({ correlation: { value, low, high } }: Association): string {
  if (value === null) return "too few points for a rank correlation";
  const text = (each: number) => (Math.round(each * 100) / 100).toFixed(2).replace("-", "\u2212");
  return `rank correlation ${text(value)}, 95 % ${text(low!)} to ${text(high!)}`;
}

/** What one of several maps says, in a title. */
export function mapTitle(map: BreakEvenMap, question: SweepQuestion): string {
  const others = othersText(map).replace(/^ where /, "");
  return `${others}: ${mapVerdict(map.cells, question).replace(/\.$/, "")}`;
}

/** ` where a = 1, b = 2`; empty for a map over all factors. */
export function othersText({ others }: BreakEvenMap): string {
  const value = (each: unknown) =>
    typeof each === "number" ? String(Number(each.toPrecision(4))) : printable(String(each ?? "as it is"));
  return others.length === 0
    ? ""
    : ` where ${others.map(({ path, value: v }) => `${printable(path)} = ${value(v)}`).join(", ")}`;
}
