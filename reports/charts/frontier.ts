import type { TopLevelSpec } from "vega-lite";
import type { ReplicationPoint, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { formatList, latencyUnit, plural, USD } from "../format.ts";
import { changeOf, comparisonOf, estimateCell } from "../tables/cells.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { type ChartTheme, type StrategyStyle, strategyStyles } from "../theme.ts";
import { type Chart, layerName } from "./chart.ts";
import { frame, type Layer } from "./parts/base.ts";
import { tickOptions } from "./parts/hourly-p95.ts";
import { placeLabels, shortName } from "./parts/labels.ts";
import { type KnownScale, scaleSpec, scaleWords, valueScale } from "./parts/scales.ts";
import { conditionWords, shownDifferences } from "./parts/words.ts";

const WIDTH = 780;
const HEIGHT = 400;

/** Cost against p95 latency: the mean of each strategy, its replications, and the line of those not beaten on both. */
export const frontier: Chart = {
  id: "frontier",
  question: "Which strategies are not beaten on both cost and latency?",
  absence: (result) =>
    placed(result).length === 0
      ? "No request was served, so there is neither a cost per request nor a latency."
      : undefined,
  heading: (result) => ({ title: title(result), subtitle: subtitle(result) }),
  spec: (result, theme) => spec(result, theme),
  table: (result) => table(result),
};

interface Placed {
  readonly index: number;
  readonly strategy: StrategyResult;
  readonly usd: number;
  readonly ms: number;
}

function placed(result: RunResult): Placed[] {
  return result.strategies.flatMap((strategy, index) => {
    const usd = strategy.total.cost[result.billing].usdPer1kServed.value;
    const ms = strategy.total.e2eMs.p95.value;
    return usd === null || ms === null ? [] : [{ index, strategy, usd, ms }];
  });
}

/** Stable strategies in order of cost, each with a lower p95 than all cheaper ones: by their means. */
function unbeaten(points: readonly Placed[]): Placed[] {
  const ordered = points
    .filter((point) => point.strategy.status === "ok")
    .toSorted((a, b) => a.usd - b.usd || a.ms - b.ms || a.index - b.index);
  let leastMs = Number.POSITIVE_INFINITY;
  return ordered.filter((point) => {
    if (point.ms >= leastMs) return false;
    leastMs = point.ms;
    return true;
  });
}

/** Counts only what the simultaneous intervals show against the baseline; the line itself is said to be by means. */
function title(result: RunResult): string {
  const points = placed(result);
  const only = points[0];
  if (points.length === 1 && only !== undefined) return `${only.strategy.name} is the only strategy to place`;
  const line = unbeaten(points).map((point) => point.strategy.name);
  const words = line.length > 4 ? plural(line.length, "strategy", "strategies") : formatList(line);
  const unbeatenWords =
    line.length === 0 ? "" : `by their means ${words} ${line.length === 1 ? "is" : "are"} not beaten on both`;
  const shown = shownAgainstBaseline(result);
  return shown === "" ? capital(unbeatenWords) : `${shown}; ${unbeatenWords}`;
}

function shownAgainstBaseline(result: RunResult): string {
  const cost = shownDifferences(result, "usdPer1kServed");
  const latency = shownDifferences(result, "e2eMsP95");
  if (cost.total === 0) return "";
  const both = cost.better.filter((name) => latency.better.includes(name)).length;
  const cheaper = cost.better.length;
  const of = `of ${plural(cost.total, "other strategy", "other strategies")}`;
  if (cheaper === 0) return `No strategy is shown to cost less than ${result.baseline}`;
  return `${cheaper} ${of} ${cheaper === 1 ? "is" : "are"} shown to cost less than ${result.baseline}, ${both === 0 ? "none" : both} of them with a lower p95`;
}

function subtitle(result: RunResult): string {
  const unstable = placed(result).filter((point) => point.strategy.status === "unstable");
  const left =
    unstable.length === 0
      ? ""
      : ` Unstable and left out of the line: ${formatList(unstable.map((one) => one.strategy.name))}.`;
  const spread = result.replications.done < 2 ? "" : " Faint: replications; bars: 95 % intervals.";
  return `${conditionWords(result)}, billing rule ${result.billing}. Lower left is better.${spread}${left}`;
}

function spec(result: RunResult, theme: ChartTheme): TopLevelSpec {
  const points = placed(result);
  const unit = latencyUnit(points.map((point) => point.ms));
  const styles = strategyStyles(result.strategies, result.baseline, theme);
  const clouds = points.flatMap((point) => cloud(point.strategy, result));
  const x = valueScale([...points.map((point) => point.usd), ...clouds.map((one) => one.usd)], false);
  const y = valueScale(
    [...points.map((point) => point.ms), ...clouds.map((one) => one.ms)].map((ms) => ms * unit.factor),
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
        axis: { title: `USD per 1,000 served requests${scaleWords(x)}`, grid: false, ...tickOptions(x) },
      },
      y: {
        type: "quantitative",
        scale: scaleSpec(y),
        axis: { title: `p95 E2E latency (${unit.symbol}${scaleWords(y)})`, ...tickOptions(y) },
      },
    },
  } as TopLevelSpec;
}

interface Context {
  readonly result: RunResult;
  readonly theme: ChartTheme;
  readonly styles: readonly StrategyStyle[];
  readonly x: KnownScale;
  readonly y: KnownScale;
  /** ms to the axis unit. */
  readonly factor: number;
}

function cloud(strategy: StrategyResult, result: RunResult): { usd: number; ms: number }[] {
  const at = (point: ReplicationPoint) => ({ usd: point.usdPer1kServed[result.billing], ms: point.e2eMsP95 });
  return strategy.replications
    .map(at)
    .filter((one): one is { usd: number; ms: number } => one.usd !== null && one.ms !== null);
}

/** From the top edge down over the unbeaten means and out to the right edge: what money buys in latency. */
function stepLine(context: Context, line: readonly Placed[]): Layer[] {
  const first = line[0];
  const last = line.at(-1);
  if (first === undefined || last === undefined) return [];
  const corner = { usd: first.usd, ms: context.y.domain[1] };
  const end = { usd: context.x.domain[1], ms: last.ms * context.factor };
  const values = [corner, ...line.map((point) => ({ usd: point.usd, ms: point.ms * context.factor })), end];
  return [
    {
      name: "frontier_line",
      data: { values: values.map((one, order) => ({ ...one, order })) },
      mark: { type: "line", interpolate: "step-after", color: context.theme.muted, strokeWidth: 1, strokeDash: [3, 3] },
      encoding: { ...at(), order: { field: "order", type: "quantitative" } },
    },
  ];
}

function at() {
  return { x: { field: "usd", type: "quantitative" as const }, y: { field: "ms", type: "quantitative" as const } };
}

function spreadLayers(context: Context, point: Placed): Layer[] {
  const style = context.styles[point.index]!;
  const values = cloud(point.strategy, context.result).map((one) => ({ usd: one.usd, ms: one.ms * context.factor }));
  const usd = point.strategy.total.cost[context.result.billing].usdPer1kServed;
  const ms = point.strategy.total.e2eMs.p95;
  const layers: Layer[] = [];
  if (values.length > 1) {
    layers.push({
      name: layerName(point.index, "replications"),
      data: { values },
      mark: { type: "point", filled: true, color: style.colour, shape: style.shape, size: 22, opacity: 0.3 },
      encoding: at(),
    });
  }
  const bar = (part: string, values: object, encoding: object): Layer => ({
    name: layerName(point.index, part),
    data: { values: [values] },
    mark: { type: "rule", color: style.colour, strokeWidth: 1.5, clip: true },
    encoding: { ...at(), ...encoding },
  });
  if (usd.low !== null && usd.high !== null) {
    layers.push(bar("usd", { usd: usd.low, high: usd.high, ms: point.ms * context.factor }, { x2: { field: "high" } }));
  }
  if (ms.low !== null && ms.high !== null) {
    const low = Math.max(context.y.domain[0], ms.low * context.factor);
    layers.push(bar("ms", { usd: point.usd, ms: low, high: ms.high * context.factor }, { y2: { field: "high" } }));
  }
  return layers;
}

function meanLayer(context: Context, point: Placed): Layer {
  const style = context.styles[point.index]!;
  return {
    name: layerName(point.index, "mean"),
    data: { values: [{ usd: point.usd, ms: point.ms * context.factor }] },
    mark: {
      type: "point",
      filled: true,
      color: style.colour,
      shape: style.shape,
      size: 110,
      opacity: 1,
      stroke: context.theme.ground,
      strokeWidth: 1,
    },
    encoding: at(),
  };
}

function labelLayers(context: Context, points: readonly Placed[]): Layer[] {
  const texts = points.map(
    (point) => `${shortName(point.strategy.name)}${point.strategy.status === "unstable" ? " (unstable)" : ""}`,
  );
  const places = placeLabels(
    points.map((point, at) => ({
      x: context.x.px(point.usd, WIDTH),
      y: HEIGHT - context.y.px(point.ms * context.factor, HEIGHT),
      text: texts[at]!,
    })),
    { width: WIDTH, height: HEIGHT },
  );
  return points.map((point, at): Layer => {
    const style = context.styles[point.index]!;
    const place = places[at]!;
    return {
      name: layerName(point.index, "label"),
      data: { values: [{}] },
      mark: {
        type: "text",
        text: texts[at]!,
        align: place.align,
        baseline: "middle",
        color: style.role === "other" ? context.theme.muted : style.colour,
        fontWeight: style.role === "other" ? "normal" : "bold",
      },
      encoding: { x: { value: place.x }, y: { value: place.y } },
    };
  });
}

function table(result: RunResult): Table {
  const points = placed(result);
  const unit = latencyUnit(points.map((point) => point.ms));
  const line = new Set(unbeaten(points).map((point) => point.index));
  return {
    id: "frontier",
    caption: `Cost and p95 E2E latency, billing rule ${result.billing}`,
    columns: [
      leftColumn("Strategy", "strategy"),
      rightColumn("USD per 1k served", "usd_per_1k_served"),
      rightColumn(`p95 E2E (${unit.symbol})`, "e2e_p95_ms"),
      leftColumn("Not beaten on both, by means", "unbeaten"),
    ],
    rows: points.map(({ strategy, index }) => ({
      strategyIndex: index,
      cells: [
        textCell(strategy.name),
        estimateCell(
          strategy.total.cost[result.billing].usdPer1kServed,
          USD,
          changeOf(comparisonOf(result, strategy.name, "usdPer1kServed")),
        ),
        estimateCell(strategy.total.e2eMs.p95, unit, changeOf(comparisonOf(result, strategy.name, "e2eMsP95"))),
        textCell(strategy.status === "unstable" ? "unstable" : line.has(index) ? "yes" : "no"),
      ],
    })),
  };
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
