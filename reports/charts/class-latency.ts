/** Chart: p95 of each class of traffic under each strategy, against the class's objective. */
import type { TopLevelSpec } from "vega-lite";
import type { NamedGroup, RunResult } from "../../simulator/experiment/result.ts";
import { NO_QUANTILE, quantileExists, targetIn, withoutP95 } from "../base/latency-view.ts";
import { conditionText, formatLimitMs, latencyUnit, plural, type Unit } from "../base/text.ts";
import { type ChartTheme, type StrategyStyle, strategyStyles } from "../base/theme.ts";
import { estimateCell, leftColumn, rightColumn, shareCell, type Table, textCell } from "../tables/table.ts";
import type { Chart } from "./chart.ts";
import {
  frame,
  type KnownScale,
  type Layer,
  layerName,
  type Panel,
  scaleSpec,
  scaleText,
  tickOptions,
  valueScale,
} from "./parts/frame.ts";
import { labelByIndex } from "./parts/labels.ts";

/** With names and margins it fits the width of a telephone, where wider pictures scroll. */
const WIDTH = 440;
const ROW_HEIGHT = 22;

/** p95 by class: unlike classes each have an axis of their own, and their own objective. */
export const classLatency: Chart = {
  id: "class-latency",
  question: "Does each class of traffic keep its objective?",
  absence: (result) => {
    if (result.classes.length < 2) return "There is one class: its latency is that of the tables and charts around.";
    return result.strategies.every(({ byClass }) => byClass.every((group) => group.e2eMs.p95.value === null))
      ? withoutP95(result, "no latency to show")
      : undefined;
  },
  heading: (result) => ({ title: title(result), subtitle: subtitle(result) }),
  spec: (result, theme) => spec(result, theme),
  table: (result) => table(result),
};

function groupOf({ strategies }: RunResult, index: number, name: string): NamedGroup | undefined {
  return strategies[index]?.byClass.find((group) => group.name === name);
}

/** p95 over all requests, failed ones counted as never answered; null where it lies among those. */
function p95Of(group: NamedGroup | undefined): number | null {
  return group === undefined || !quantileExists(group, "p95") ? null : group.e2eMs.p95.value;
}

/** Counts the strategies whose p95 is within the limit, class by class. */
function title(result: RunResult): string {
  const limited = result.classes.filter(({ sloE2eMs }) => sloE2eMs !== null);
  if (limited.length === 0) return "No class has an objective for its length";
  const parts = limited.map(({ name, sloE2eMs }) => {
    const within = result.strategies.filter((_, index) => {
      const ms = p95Of(groupOf(result, index, name));
      return ms !== null && ms <= sloE2eMs!;
    });
    return `${name} under ${within.length}`;
  });
  return `p95 is within the limit: ${parts.join(", ")} of ${plural(result.strategies.length, "strategy", "strategies")}`;
}

function subtitle(result: RunResult): string {
  const bars = result.replications.done < 2 ? "" : " Bars: 95 % intervals.";
  return `${conditionText(result)}. A panel for each class, on an axis of its own; dashed: its objective. Failed requests count as never answered; no mark: so many failed that there is no p95.${bars}`;
}

function spec(result: RunResult, theme: ChartTheme): TopLevelSpec {
  const styles = strategyStyles(result, theme);
  return {
    ...frame(classLatency, classLatency.heading(result), theme),
    spacing: 18,
    vconcat: result.classes.map((_, at) => panel(result, at, styles, theme)),
  } as TopLevelSpec;
}

function panel(result: RunResult, at: number, styles: readonly StrategyStyle[], theme: ChartTheme): Panel {
  const { name, sloE2eMs, deferrable } = result.classes[at]!;
  const values = result.strategies.map((_, index) => p95Of(groupOf(result, index, name)));
  const known = values.filter((ms) => ms !== null);
  const unit = latencyUnit(known);
  const largest = Math.max(0, ...known);
  const limit = sloE2eMs !== null && sloE2eMs < Math.max(largest * 3, 1) ? [sloE2eMs * unit.factor] : [];
  const scale = valueScale([...known.map((ms) => ms * unit.factor), ...limit], true);
  const rows = result.strategies.map((_, index) => index);
  const objective = sloE2eMs === null ? "no objective" : `objective ${formatLimitMs(sloE2eMs)}`;
  const x = {
    type: "quantitative",
    scale: scaleSpec(scale),
    axis: { title: `p95 E2E of ${name} (${unit.symbol}${scaleText(scale)})`, ...tickOptions(scale) },
  };
  const y = {
    field: "row",
    type: "ordinal",
    scale: { domain: rows },
    axis: {
      title: null,
      labelExpr: labelByIndex(result.strategies.map((one) => one.name)),
      ticks: false,
      domain: false,
    },
  };
  return {
    name: `class_${at}_panel`,
    title: { text: `${name}: ${objective}${deferrable === true ? ", may wait" : ""}`, fontSize: 12, anchor: "start" },
    width: WIDTH,
    height: ROW_HEIGHT * rows.length,
    layer: [
      ...limit.map((value) => ({
        data: { values: [{ value }] },
        mark: { type: "rule", color: theme.alarm, strokeDash: [6, 3] },
        encoding: { x: { ...x, field: "value" } },
      })),
      ...rows.flatMap((index) => rowLayers({ result, index, name, at, scale, unit, style: styles[index]! }, x, y)),
    ],
  } as Panel;
}

interface Row {
  readonly result: RunResult;
  readonly index: number;
  readonly name: string;
  readonly at: number;
  readonly scale: KnownScale;
  readonly unit: Unit;
  readonly style: StrategyStyle;
}

/** The interval and the mark of one strategy; an empty row keeps its place. */
function rowLayers({ result, index, name, at, scale, unit, style }: Row, x: object, y: object): Layer[] {
  const group = groupOf(result, index, name);
  const ms = p95Of(group);
  const { low, high } = group?.e2eMs.p95 ?? { low: null, high: null };
  const within = (value: number) => Math.min(scale.domain[1], Math.max(scale.domain[0], value * unit.factor));
  const values = ms === null ? [] : [{ row: index, ms: ms * unit.factor }];
  const mark = { type: "point", filled: true, color: style.colour, shape: style.shape, size: 70, opacity: 1 };
  const point = {
    name: layerName(index, `class_${at}_mark`),
    data: { values },
    mark,
    encoding: { x: { ...x, field: "ms" }, y },
  };
  if (ms === null || low === null || high === null) return [point] as Layer[];
  const bar = {
    name: layerName(index, `class_${at}_bar`),
    data: { values: [{ row: index, ms: within(low), high: within(high) }] },
    mark: { type: "rule", color: style.colour, strokeWidth: 1.5 },
    encoding: { x: { ...x, field: "ms" }, x2: { field: "high" }, y },
  };
  return [bar, point] as Layer[];
}

function table(result: RunResult): Table {
  const unit = latencyUnit(result.strategies.flatMap((one) => one.byClass.map((group) => group.e2eMs.p95.value)));
  return {
    id: "class-latency",
    caption: "p95 E2E latency by class, and the share within the class's objectives",
    columns: [
      leftColumn("Class", "class"),
      leftColumn("Strategy", "strategy"),
      rightColumn(`p95 E2E (${unit.symbol})`, "e2e_p95_ms"),
      rightColumn("Objective", "slo_e2e_ms"),
      rightColumn("Within objectives (%)", "goodput_share"),
      rightColumn("Failed (%)", "failed_share"),
    ],
    rows: result.classes.flatMap(({ name, sloE2eMs }) =>
      result.strategies.flatMap((strategy, strategyIndex) => {
        const group = groupOf(result, strategyIndex, name);
        if (group === undefined) return [];
        const exists = p95Of(group) !== null;
        return [
          {
            strategyIndex,
            cells: [
              textCell(name),
              textCell(strategy.name),
              exists ? estimateCell(group.e2eMs.p95, unit) : { text: NO_QUANTILE, value: null },
              { text: sloE2eMs === null ? "none" : formatLimitMs(sloE2eMs), value: sloE2eMs },
              shareCell(group.goodputShare, targetIn(result.classes, name)),
              shareCell(group.failedShare),
            ],
          },
        ];
      }),
    ),
  };
}
