/** Chart: cost against p95 latency, with the strategies that no other beats on both (the Pareto frontier). */
import type { TopLevelSpec } from "vega-lite";
import type { Estimate, RunResult } from "../../simulator/experiment/result.ts";
import { failsMore } from "../../simulator/experiment/standing.ts";
import { type HeadlineRun, headlineRun, withoutP95 } from "../base/latency-view.ts";
import {
  conditionText,
  formatList,
  formatShare,
  isInvalid,
  latencyUnit,
  plural,
  shownDifferences,
  USD,
} from "../base/text.ts";
import { type ChartTheme, type StrategyStyle, strategyStyles } from "../base/theme.ts";
import {
  changeOf,
  comparisonOf,
  estimateCell,
  leftColumn,
  rightColumn,
  type Table,
  textCell,
} from "../tables/table.ts";
import type { Chart } from "./chart.ts";
import { clippedEnds, frame, scaleSpec, scaleText, tickOptions, valueScale } from "./parts/frame.ts";
import {
  type Context,
  HEIGHT,
  labelLayers,
  meanLayer,
  type Placed,
  placed,
  replicationPoints,
  spreadLayers,
  stepLine,
  unbeaten,
  WIDTH,
} from "./parts/frontier-layers.ts";
/** Cost against p95 latency: the mean of each strategy, its replications, and the line of those not beaten on both. */
export const frontier: Chart = {
  id: "frontier",
  question: "Which strategies are not beaten on both cost and latency?",
  absence: (result) =>
    isInvalid(result)
      ? "The run is invalid: its latencies and costs are not compared."
      : placed(result).length === 0
        ? withoutP95(result, "neither a cost per request nor a latency")
        : undefined,
  heading: (result) => ({ title: title(headlineRun(result)), subtitle: subtitle(headlineRun(result)) }),
  spec: (result, theme) => spec(headlineRun(result), strategyStyles(result, theme), theme),
  table: (result) => table(headlineRun(result)),
};

/** ` of chat` where the latency is that of one class. */
function ofClass({ className }: HeadlineRun): string {
  return className === null ? "" : ` of ${className}`;
}

/** Counts only what the simultaneous intervals show against the baseline; the line itself is said to be by means. */
function title(run: HeadlineRun): string {
  const { result } = run;
  const points = placed(result, run.className);
  const only = points[0];
  if (points.length === 1 && only !== undefined && !only.isSurvivors)
    return `${only.strategy.name} is the only strategy to place`;
  const line = unbeaten(points).map((point) => point.strategy.name);
  const names = line.length > 4 ? plural(line.length, "strategy", "strategies") : formatList(line);
  const unbeatenText =
    line.length === 0 ? "" : `by their means ${names} ${line.length === 1 ? "is" : "are"} not beaten on both`;
  const shown = shownAgainstBaseline(run);
  const parts = [shown, unbeatenText].filter((text) => text !== "");
  return parts.length === 0 ? "No strategy has a cost and a p95 to compare" : capital(parts.join("; "));
}

function shownAgainstBaseline(run: HeadlineRun): string {
  const { result } = run;
  const cost = shownDifferences(result, "usdPer1kServed");
  const latency = shownDifferences(result, "e2eMsP95");
  if (cost.total === 0) return "";
  const both = cost.better.filter((name) => latency.better.includes(name)).length;
  const failing = cost.better.filter((name) => failsMore(result.comparisons, name));
  const less = failing.length === 0 ? "" : ` (${formatList(failing)} by failing more)`;
  const cheaper = cost.better.length;
  const of = `of ${plural(cost.total, "other strategy", "other strategies")}`;
  if (cheaper === 0) return `No strategy is shown to cost less than ${result.baseline}`;
  return `${cheaper} ${of} ${cheaper === 1 ? "is" : "are"} shown to cost less than ${result.baseline}${less}, ${both === 0 ? "none" : both} of them with a lower p95${ofClass(run)}`;
}

function subtitle({ result, className }: HeadlineRun): string {
  const points = placed(result, className);
  const unstable = points.filter((point) => point.strategy.status === "unstable");
  const left =
    unstable.length === 0
      ? ""
      : ` Unstable and left out of the line: ${formatList(unstable.map((one) => one.strategy.name))}.`;
  const spread = result.replications.done < 2 ? "" : " Faint: replications; bars: 95 % intervals.";
  return `${conditionText(result)}, billing rule ${result.billing}. Lower left is better.${spread}${left}${failingText(result, points)}${survivorsText(points, className)}`;
}

/** Strategies that fail more than the baseline do less work, so they are drawn hollow and left out of the line. */
function failingText(result: RunResult, points: readonly Placed[]): string {
  const failing = points.filter((point) => point.failsMore);
  if (failing.length === 0) return "";
  const share = (name: string) =>
    formatShare(result.strategies.find((one) => one.name === name)?.total.failedShare ?? null);
  const each = failing.map(({ strategy }) => `${strategy.name} (${share(strategy.name)})`);
  return ` Hollow and left out of the line, because more requests fail than under ${result.baseline} (${share(result.baseline)}): ${formatList(each)}.`;
}

/** Where more than 5 % fail, no p95 of all requests exists: what is drawn is the latency of those that got through. */
function survivorsText(points: readonly Placed[], className: string | null): string {
  const survivors = points.filter((point) => point.isSurvivors && !point.failsMore);
  if (survivors.length === 0) return "";
  const each = survivors.map(({ strategy }) => {
    const group = strategy.byClass.find(({ name }) => name === className) ?? strategy.total;
    return `${strategy.name} (${formatShare(group.failedShare)})`;
  });
  const what = className === null ? "so many requests fail" : `so many of ${className} fail`;
  return ` Hollow, left out of the line and drawn by the requests that got through, because ${what} that there is no p95: ${formatList(each)}.`;
}

function spec(run: HeadlineRun, styles: readonly StrategyStyle[], theme: ChartTheme): TopLevelSpec {
  const { result } = run;
  const points = placed(result, run.className);
  const unit = latencyUnit(points.map((point) => point.ms));
  const replications = points.flatMap((point) => replicationPoints(point.strategy, result));
  const usd = [...points.map((point) => point.usd), ...replications.map((one) => one.usd)];
  const ms = [...points.map((point) => point.ms), ...replications.map((one) => one.ms)];
  const usdEnds = points.flatMap(({ strategy }) => ends(strategy.total.cost[result.billing].usdPer1kServed));
  const msEnds = points.flatMap(({ strategy }) => ends(strategy.total.e2eMs.p95));
  const x = valueScale([...usd, ...clippedEnds(usd, usdEnds)], false);
  const y = valueScale(
    [...ms, ...clippedEnds(ms, msEnds)].map((one) => one * unit.factor),
    false,
  );
  const context: Context = { result, theme, styles, x, y, factor: unit.factor };
  return {
    ...frame(frontier, frontier.heading(result), theme),
    width: WIDTH,
    height: HEIGHT,
    layer: [
      ...stepLine(context, unbeaten(points)),
      ...points.flatMap((point) => spreadLayers(context, point)),
      ...points.map((point) => meanLayer(context, point)),
      ...labelLayers(context, points),
    ],
    encoding: {
      x: {
        type: "quantitative",
        scale: scaleSpec(x),
        axis: { title: `USD per 1,000 served requests${scaleText(x)}`, grid: false, ...tickOptions(x) },
      },
      y: {
        type: "quantitative",
        scale: scaleSpec(y),
        axis: { title: `p95 E2E latency${ofClass(run)} (${unit.symbol}${scaleText(y)})`, ...tickOptions(y) },
      },
    },
  } as TopLevelSpec;
}

function ends(estimate: Estimate): (number | null)[] {
  return [estimate.low, estimate.high];
}

function table(run: HeadlineRun): Table {
  const { result } = run;
  const points = placed(result, run.className);
  const unit = latencyUnit(points.map((point) => point.ms));
  const line = new Set(unbeaten(points).map((point) => point.index));
  return {
    id: "frontier",
    caption: `Cost and p95 E2E latency${ofClass(run)}, billing rule ${result.billing}`,
    columns: [
      leftColumn("Strategy", "strategy"),
      rightColumn("USD per 1k served", "usd_per_1k_served"),
      rightColumn(`p95 E2E${ofClass(run)} (${unit.symbol})`, "e2e_p95_ms"),
      leftColumn("Not beaten on both, by means", "unbeaten"),
    ],
    rows: points.map(({ strategy, index, failsMore: fails, isSurvivors }) => ({
      strategyIndex: index,
      cells: [
        textCell(strategy.name),
        estimateCell(
          strategy.total.cost[result.billing].usdPer1kServed,
          USD,
          changeOf(comparisonOf(result, strategy.name, "usdPer1kServed")),
        ),
        estimateCell(strategy.total.e2eMs.p95, unit, changeOf(comparisonOf(result, strategy.name, "e2eMsP95"))),
        textCell(isSurvivors && !fails ? "no p95" : standing(strategy.status, fails, line.has(index))),
      ],
    })),
  };
}

function standing(status: "ok" | "unstable", fails: boolean, isOnLine: boolean): string {
  if (status === "unstable") return "unstable";
  if (fails) return "fails more";
  return isOnLine ? "yes" : "no";
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
