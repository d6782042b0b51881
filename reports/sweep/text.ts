/** A sweep in the terminal: the answer first, then its table. */
import { printable } from "../../simulator/base/errors.ts";
import {
  type Curve,
  isLargerBetter,
  type MapCell,
  type SweepAnalysis,
  type SweepPoint,
  type SweepQuestion,
} from "../../simulator/sweep/analysis.ts";
import { distinct, type SweepFile } from "../../simulator/sweep/job.ts";
import type { Crossing } from "../../simulator/sweep/load-curve.ts";
import type { SweepMetric } from "../../simulator/sweep/points.ts";
import { formatNumber, formatPlain, NOT_AVAILABLE, PERCENT, plural, SECONDS, type Unit, USD } from "../base/text.ts";
import { type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";

export interface SweepReport {
  readonly sweep: SweepFile;
  readonly question: SweepQuestion;
  readonly analysis: SweepAnalysis;
  /** Jobs that have a result. */
  readonly done: number;
}

/** @returns the whole answer as text */
export function renderSweepText(report: SweepReport, options: TerminalOptions): string {
  const { sweep, analysis, done } = report;
  const all = distinct(sweep.jobs).length;
  const missing = done < all ? `; ${all - done} of its jobs have no result yet` : "";
  const head = `${printable(sweep.name)}: ${plural(all, "variant", "variants")} (${sweep.design}) over ${sweep.factors.map(({ path }) => printable(path)).join(", ")}${missing}.`;
  return [
    ...wrap(head, options.width),
    "",
    ...(analysis.curves.length === 0 ? [] : curveLines(report, options)),
    ...(analysis.map.length === 0 ? [] : mapLines(report)),
    ...(analysis.tornado.length === 0 ? [] : tornadoLines(report)),
    ...(analysis.sensitivity.length === 0 ? [] : sensitivityLines(report)),
  ].join("\n");
}

const UNITS: Readonly<Record<SweepMetric, Unit>> = {
  p50: SECONDS,
  p95: SECONDS,
  p99: SECONDS,
  "ttft-p95": SECONDS,
  failed: PERCENT,
  throttled: PERCENT,
  goodput: PERCENT,
  cost: USD,
  saving: PERCENT,
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
};

/** A metric's unit and name, for tables and charts. */
export function metricText(metric: SweepMetric): { readonly name: string; readonly unit: Unit } {
  return { name: NAMES[metric], unit: UNITS[metric] };
}

/** `p95 latency of chat`. */
function asked({ metric, group }: SweepQuestion): string {
  return `${NAMES[metric]}${group === "all" ? "" : ` of ${printable(group)}`}`;
}

function curveLines({ sweep, question, analysis }: SweepReport, options: TerminalOptions): readonly string[] {
  const path = printable(sweep.factors[0]!.path);
  const unit = UNITS[question.metric];
  const loads = [...new Set(analysis.curves.flatMap(({ points }) => points.map(({ load }) => load)))].sort(
    (a, b) => a - b,
  );
  const cell = (curve: Curve, load: number) => {
    const point = curve.points.find((each) => each.load === load);
    return point === undefined ? "" : valueCell(point, unit);
  };
  const rows = loads.map((load) => [
    formatNumber(load, decimalsOf(load)),
    ...analysis.curves.map((curve) => cell(curve, load)),
  ]);
  return [
    ...analysis.curves.flatMap((curve) => wrap(curveSentence(curve, question, path), options.width)),
    "",
    ...terminalTable([[path, ...analysis.curves.map(({ strategy }) => printable(strategy))], ...rows], {
      aligns: ["right", ...analysis.curves.map(() => "right" as const)],
      gap: 2,
    }),
    ...wrap(
      `${asked(question)} in ${unit.symbol}, ± its 95 % interval. ${NOT_AVAILABLE}: it does not exist, since more requests fail than the percentile leaves out. unstable: the backlog grows without bound, so a figure would say how long the run was.`,
      options.width,
    ),
  ];
}

function valueCell({ estimate, isUnstable }: SweepPoint, unit: Unit): string {
  const { value, low, high } = estimate;
  if (isUnstable) return "unstable";
  if (value === null) return NOT_AVAILABLE;
  const half = low === null || high === null ? "" : ` ±${formatPlain((high - low) / 2, unit)}`;
  return `${formatPlain(value, unit)}${half}`;
}

function curveSentence({ strategy, crossing, knee }: Curve, question: SweepQuestion, path: string): string {
  const name = printable(strategy);
  const bend = knee === null ? "" : ` It bends at ${axis(knee.load)}.`;
  if (crossing === null || question.objective === null) return `${name}: ${asked(question)} over ${path}.${bend}`;
  const limit = `${formatPlain(question.objective, UNITS[question.metric])} ${UNITS[question.metric].symbol}`;
  if (crossing.side === "within")
    return `${name}: ${asked(question)} stays within ${limit} at every ${path} tried.${bend}`;
  if (crossing.side === "beyond")
    return `${name}: ${asked(question)} exceeds ${limit} at the lowest ${path} tried.${bend}`;
  return `${name}: ${asked(question)} exceeds ${limit} from ${path} = ${axis(crossing.load!)} on (${spanText(crossing)}).${bend}`;
}

/** Where the crossing lies with 95 % confidence. */
function spanText({ low, high }: Crossing): string {
  if (low === null && high === null) return "its interval is wider than the range: take more replications";
  if (low === null) return `95 % below ${axis(high!)}, from below the range on`;
  return high === null
    ? `95 % above ${axis(low)}, beyond the range, too`
    : `95 % between ${axis(low)} and ${axis(high)}`;
}

function mapLines({ sweep, question, analysis }: SweepReport): readonly string[] {
  const [rowPath, columnPath] = sweep.factors.map(({ path }) => printable(path));
  const rows = distinctTexts(analysis.map.map(({ values }) => values[0]));
  const columns = distinctTexts(analysis.map.map(({ values }) => values[1]));
  const strategies = distinctTexts(analysis.map.map(({ best }) => best ?? "none"));
  const letterOf = (best: string | null) => (best === null ? "-" : String.fromCharCode(65 + strategies.indexOf(best)));
  const cellAt = (row: string, column: string) =>
    analysis.map.find(({ values }) => String(values[0]) === row && String(values[1]) === column);
  const cell = (found: MapCell | undefined) =>
    found === undefined ? "" : `${letterOf(found.best)}${found.isClear ? "" : "?"}`;
  const better = isLargerBetter(question.metric) ? "most" : "least";
  return [
    `${better} ${asked(question)}; rows ${rowPath}, columns ${columnPath}`,
    ...terminalTable(
      [["", ...columns], ...rows.map((row) => [row, ...columns.map((column) => cell(cellAt(row, column)))])],
      {
        aligns: ["right", ...columns.map(() => "right" as const)],
        gap: 2,
      },
    ),
    ...strategies.filter((name) => name !== "none").map((name) => `${letterOf(name)} = ${printable(name)}`),
    "? = its interval meets the second best's; - = no strategy is stable or has the metric",
  ];
}

function distinctTexts(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.map(String))];
}

function tornadoLines({ question, analysis }: SweepReport): readonly string[] {
  const unit = UNITS[question.metric];
  return terminalTable(
    [
      ["strategy", "factor", `as it is, ${unit.symbol}`, "at its low end", "at its high end"],
      ...analysis.tornado.map(({ strategy, path, base, low, high }) => [
        printable(strategy),
        printable(path),
        ...[base, low, high].map((value) => formatPlain(value, unit)),
      ]),
    ],
    { aligns: ["left", "left", "right", "right", "right"], gap: 2 },
  );
}

function sensitivityLines({ sweep, question, analysis }: SweepReport): readonly string[] {
  const share = ({ value, low, high }: { value: number; low: number; high: number }) =>
    `${formatNumber(value, 2)} (${formatNumber(low, 2)} to ${formatNumber(high, 2)})`;
  const rows = analysis.sensitivity.flatMap(({ strategy, indices }) =>
    sweep.factors.map(({ path }, i) => {
      const index = indices?.[i];
      return [
        printable(strategy),
        printable(path),
        index === undefined ? NOT_AVAILABLE : share(index.first),
        index === undefined ? NOT_AVAILABLE : share(index.total),
      ];
    }),
  );
  return [
    `Share of the variance of ${asked(question)} that a factor makes`,
    ...terminalTable([["strategy", "factor", "alone", "with others"], ...rows], {
      aligns: ["left", "left", "right", "right"],
      gap: 2,
    }),
  ];
}

function axis(load: number): string {
  return formatNumber(load, decimalsOf(load));
}

function decimalsOf(load: number): number {
  return Math.abs(load) >= 100 ? 0 : Math.abs(load) >= 10 ? 1 : 3;
}
