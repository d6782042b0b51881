/**
 * A chart of latencies as small multiples: where classes have unlike objectives, one panel for each, on an axis of its
 * own; a percentile over unlike classes would be of no caller.
 */
import type { TopLevelSpec } from "vega-lite";
import type { RunResult, StrategyResult } from "../../../simulator/experiment/result.ts";
import { latencyView } from "../../base/latency-view.ts";
import { formatLimitMs, formatList } from "../../base/text.ts";
import { leftColumn, type Table, textCell } from "../../tables/table.ts";
import type { Chart } from "../chart.ts";
import { frame, type Panel } from "./frame.ts";

/** Panels of one picture; the numbers of further classes are in its table. */
const PANELS_MAX = 4;

/** The chart with a panel for each class, where a run has them and they are unlike; else as it is. */
export function perClass(chart: Chart): Chart {
  const split: Chart = {
    ...chart,
    absence: (result) => {
      const runs = classRuns(result);
      if (runs.length === 0) return chart.absence(result);
      const missing = runs.map((run) => chart.absence(run.result));
      return missing.every((each) => each !== undefined) ? missing[0] : undefined;
    },
    heading: (result) => {
      const runs = classRuns(result);
      if (runs.length === 0) return chart.heading(result);
      const lead = leadOf(result, runs);
      const { title, subtitle } = chart.heading(lead.result);
      return {
        title: `${lead.name}: ${title}`,
        subtitle: `${subtitle} A panel for each class${leftOut(drawn(chart, runs))}.`,
      };
    },
    spec: (result, theme) => {
      const runs = classRuns(result);
      if (runs.length === 0) return chart.spec(result, theme);
      const { shown } = drawn(chart, runs);
      return {
        ...frame(chart, split.heading(result), theme),
        spacing: 22,
        vconcat: shown.map((run) => panelOf(chart.spec(run.result, theme), run)),
      } as TopLevelSpec;
    },
    table: (result) => {
      const runs = classRuns(result);
      return runs.length === 0 ? chart.table(result) : tableOf(runs.map((run) => [run, chart.table(run.result)]));
    },
  };
  return split;
}

interface ClassRun {
  readonly name: string;
  /** Its place in the run. */
  readonly at: number;
  /** The run as if it had this class alone, as far as its latencies go. */
  readonly result: RunResult;
}

/** None where one latency over all requests means something, or the result does not keep classes apart. */
function classRuns(result: RunResult): readonly ClassRun[] {
  const isKnown =
    result.strategies.length > 0 && result.strategies.every(({ classLatency }) => classLatency !== undefined);
  if (!isKnown || result.classes.length < 2 || latencyView(result).className === null) return [];
  return result.classes.map((one, at): ClassRun => {
    const strategies = result.strategies.map((strategy) => ofClass(strategy, one.name));
    const comparisons = result.comparisons.filter(({ metric }) => metric !== "e2eMsP95" && metric !== "ttftMsP95");
    return { name: one.name, at, result: { ...result, classes: [one], strategies, comparisons } };
  });
}

function ofClass(strategy: StrategyResult, name: string): StrategyResult {
  const own = strategy.classLatency!.find((each) => each.name === name)!;
  const total = strategy.byClass.find((each) => each.name === name) ?? strategy.total;
  const byHour = strategy.byHour.map((hour) => {
    const at = own.hours[hour.hour];
    const none = { value: null, low: null, high: null, n: 0 };
    const latency = (of: "e2eMs" | "ttftMs") => ({
      ...hour[of],
      count: at?.served ?? 0,
      p95: at?.[of === "e2eMs" ? "e2eMsP95" : "ttftMsP95"] ?? none,
    });
    return { ...hour, e2eMs: latency("e2eMs"), ttftMs: latency("ttftMs") };
  });
  return { ...strategy, total, byHour, e2eDistribution: own.e2eDistribution };
}

/** The class that the verdict is about, where it has something to show. */
function leadOf(result: RunResult, runs: readonly ClassRun[]): ClassRun {
  const { className } = latencyView(result);
  return runs.find(({ name }) => name === className) ?? runs[0]!;
}

interface Drawn {
  readonly shown: readonly ClassRun[];
  readonly left: readonly string[];
}

function drawn(chart: Chart, runs: readonly ClassRun[]): Drawn {
  const there = runs.filter((run) => chart.absence(run.result) === undefined);
  const shown = there.slice(0, PANELS_MAX);
  return { shown, left: runs.filter((run) => !shown.includes(run)).map(({ name }) => name) };
}

function leftOut({ left }: Drawn): string {
  return left.length === 0 ? "" : `; not drawn: ${formatList(left)}`;
}

/** A chart as a panel: its names are made unique, since Vega would give two layers of one name the same scales. */
function panelOf(spec: TopLevelSpec, { name, at, result }: ClassRun): Panel {
  const { width, height, layer, encoding } = spec as unknown as Record<string, unknown>;
  const [{ sloE2eMs, deferrable }] = result.classes as readonly [RunResult["classes"][number]];
  const objective = sloE2eMs === null ? "no objective" : `objective ${formatLimitMs(sloE2eMs)}`;
  return {
    name: `class_${at}_panel`,
    title: { text: `${name}: ${objective}${deferrable === true ? ", may wait" : ""}`, fontSize: 12, anchor: "start" },
    width,
    height,
    layer: renamed(layer, at),
    encoding,
  } as unknown as Panel;
}

function renamed(value: unknown, at: number): unknown {
  if (Array.isArray(value)) return value.map((each) => renamed(each, at));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      if (key === "data") return [key, one];
      return [
        key,
        key === "name" && typeof one === "string"
          ? one.replace(/^(strategy_\d+)_/, `$1_class_${at}_`)
          : renamed(one, at),
      ];
    }),
  );
}

function tableOf(tables: readonly (readonly [ClassRun, Table])[]): Table {
  const [, first] = tables[0]!;
  return {
    ...first,
    caption: `${first.caption}, by class`,
    columns: [leftColumn("Class", "class"), ...first.columns],
    rows: tables.flatMap(([{ name }, { rows }]) =>
      rows.map((row) => ({ ...row, cells: [textCell(name), ...row.cells] })),
    ),
  };
}
