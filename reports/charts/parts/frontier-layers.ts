/** Layers of the frontier chart: means, intervals, replications, the line of unbeaten strategies, names. */
import type { ReplicationPoint, RunResult, StrategyResult } from "../../../simulator/experiment/result.ts";
import { failsMore } from "../../../simulator/experiment/standing.ts";
import { quantileExists } from "../../base/latency-view.ts";
import type { ChartTheme, StrategyStyle } from "../../base/theme.ts";
import { type KnownScale, type Layer, layerName } from "./frame.ts";
import { type Box, type PointLabel, placeLabels, shortName } from "./labels.ts";

/** Size of the plot in px: with its axis below the width from which pictures scroll, so that a narrow page shows all. */
export const WIDTH = 620;
export const HEIGHT = 400;

/** A strategy that has both a cost per request and a latency. */
export interface Placed {
  readonly index: number;
  readonly strategy: StrategyResult;
  readonly usd: number;
  readonly ms: number;
  /** Fails more than the baseline, so that it does not serve the same work. */
  readonly failsMore: boolean;
  /** Fails so many that no p95 of all requests exists: its latency is that of the survivors. */
  readonly isSurvivors: boolean;
}

/**
 * The strategies that can be placed: those with a cost and a latency.
 *
 * @param className the class whose latency is shown; null of all requests
 */
export function placed(result: RunResult, className: string | null = null): Placed[] {
  return result.strategies.flatMap((strategy, index) => {
    const usd = strategy.total.cost[result.billing].usdPer1kServed.value;
    const ms = strategy.total.e2eMs.p95.value;
    if (usd === null || ms === null) return [];
    const group = strategy.byClass.find(({ name }) => name === className) ?? strategy.total;
    const fails = failsMore(result.comparisons, strategy.name);
    return [{ index, strategy, usd, ms, failsMore: fails, isSurvivors: !quantileExists(group, "p95") }];
  });
}

/** Whether a strategy's point is no answer: it is drawn hollow and left out of the line. */
export function isHollow({ failsMore: fails, isSurvivors }: Placed): boolean {
  return fails || isSurvivors;
}

/**
 * Stable strategies that fail no more than the baseline and have a p95, in order of cost, each with a lower p95 than all
 * cheaper ones: by their means.
 */
export function unbeaten(points: readonly Placed[]): Placed[] {
  const ordered = points
    .filter((point) => point.strategy.status === "ok" && !isHollow(point))
    .toSorted((a, b) => a.usd - b.usd || a.ms - b.ms || a.index - b.index);
  let leastMs = Number.POSITIVE_INFINITY;
  return ordered.filter((point) => {
    if (point.ms >= leastMs) return false;
    leastMs = point.ms;
    return true;
  });
}

/** What all layers need: the run, its look, and both axes. */
export interface Context {
  readonly result: RunResult;
  readonly theme: ChartTheme;
  readonly styles: readonly StrategyStyle[];
  readonly x: KnownScale;
  readonly y: KnownScale;
  /** ms to the axis unit. */
  readonly factor: number;
}

/** The replications of a strategy as points, USD per 1,000 served and ms; without those that served nothing. */
export function replicationPoints(strategy: StrategyResult, result: RunResult): { usd: number; ms: number }[] {
  const at = (point: ReplicationPoint) => ({ usd: point.usdPer1kServed[result.billing], ms: point.e2eMsP95 });
  return strategy.replications
    .map(at)
    .filter((one): one is { usd: number; ms: number } => one.usd !== null && one.ms !== null);
}

/** The line through the unbeaten means, in steps from the top edge to the right edge. */
export function stepLine(context: Context, line: readonly Placed[]): Layer[] {
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

/** How sure a mean is: its replications as faint points, its 95 % intervals as bars. */
export function spreadLayers(context: Context, point: Placed): Layer[] {
  const style = context.styles[point.index]!;
  const values = replicationPoints(point.strategy, context.result).map((one) => ({
    usd: one.usd,
    ms: one.ms * context.factor,
  }));
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

/** The mean of a strategy; hollow where it fails more than the baseline. */
export function meanLayer(context: Context, point: Placed): Layer {
  const style = context.styles[point.index]!;
  return {
    name: layerName(point.index, "mean"),
    data: { values: [{ usd: point.usd, ms: point.ms * context.factor }] },
    mark: {
      type: "point",
      filled: true,
      color: isHollow(point) ? context.theme.background : style.colour,
      shape: style.shape,
      size: 110,
      opacity: 1,
      stroke: isHollow(point) ? style.colour : context.theme.background,
      strokeWidth: isHollow(point) ? 2 : 1,
    },
    encoding: at(),
  };
}

/** The names of strategies beside their means, clear of bars and lines where there is room. */
export function labelLayers(context: Context, points: readonly Placed[]): Layer[] {
  const texts = points.map((point) => `${shortName(point.strategy.name)}${flaw(point)}`);
  const places = placeLabels(
    points.map((point, at) => ({
      x: context.x.px(point.usd, WIDTH),
      y: HEIGHT - context.y.px(point.ms * context.factor, HEIGHT),
      text: texts[at]!,
    })),
    { width: WIDTH, height: HEIGHT, obstacles: obstacles(context, points) },
  );
  return points.flatMap((point, at): Layer[] => {
    const style = context.styles[point.index]!;
    const place = places[at]!;
    const color = style.role === "other" ? context.theme.muted : style.colour;
    const mark = {
      type: "text" as const,
      text: texts[at]!,
      align: place.align,
      baseline: "middle" as const,
      fontWeight: style.role === "other" ? ("normal" as const) : ("bold" as const),
    };
    const data = { values: [{}] };
    const encoding = { x: { value: place.x }, y: { value: place.y } };
    const { background } = context.theme;
    const halo = { stroke: background, strokeWidth: 4, strokeJoin: "round" as const, color: background };
    const layers: Layer[] = [
      // A halo in the background colour, so that the name stays readable across bars and lines.
      { name: layerName(point.index, "halo"), data, mark: { ...mark, ...halo }, encoding },
      { name: layerName(point.index, "label"), data, mark: { ...mark, color }, encoding },
    ];
    return place.leader === undefined ? layers : [leaderLayer(point, place.leader, color), ...layers];
  });
}

function flaw(point: Placed): string {
  if (point.strategy.status === "unstable") return " (unstable)";
  if (point.failsMore) return " (fails more)";
  return point.isSurvivors ? " (no p95)" : "";
}

/** A thin line from a point to its name, where there was no room beside it. */
function leaderLayer(point: Placed, { from, to }: NonNullable<PointLabel["leader"]>, color: string): Layer {
  return {
    name: layerName(point.index, "leader"),
    data: { values: [{}] },
    mark: { type: "rule", color, strokeWidth: 0.75 },
    encoding: { x: { value: from.x }, y: { value: from.y }, x2: { value: to.x }, y2: { value: to.y } },
  };
}

/** Interval bars and the step line, in px: labels keep off them where they can. */
function obstacles(context: Context, points: readonly Placed[]): Box[] {
  const px = (usd: number, ms: number) => ({
    x: context.x.px(usd, WIDTH),
    y: HEIGHT - context.y.px(ms * context.factor, HEIGHT),
  });
  const box = (one: { x: number; y: number }, other: { x: number; y: number }): Box => ({
    left: Math.min(one.x, other.x) - 1,
    right: Math.max(one.x, other.x) + 1,
    top: Math.min(one.y, other.y) - 1,
    bottom: Math.max(one.y, other.y) + 1,
  });
  const bars = points.flatMap((point) => {
    const usd = point.strategy.total.cost[context.result.billing].usdPer1kServed;
    const { low, high } = point.strategy.total.e2eMs.p95;
    return [
      ...(usd.low === null || usd.high === null ? [] : [box(px(usd.low, point.ms), px(usd.high, point.ms))]),
      ...(low === null || high === null ? [] : [box(px(point.usd, low), px(point.usd, high))]),
    ];
  });
  const line = unbeaten(points);
  const steps = line.flatMap((point, at) => {
    const next = line[at + 1];
    const from = px(point.usd, point.ms);
    const to = next === undefined ? { x: WIDTH, y: from.y } : px(next.usd, next.ms);
    return [box(from, { x: to.x, y: from.y }), box({ x: to.x, y: from.y }, to)];
  });
  const first = line[0];
  const start = first === undefined ? [] : [box(px(first.usd, first.ms), { x: px(first.usd, first.ms).x, y: 0 })];
  return [...bars, ...steps, ...start];
}
