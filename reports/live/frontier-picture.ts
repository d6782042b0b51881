/** Cost against p95 latency while sliders move: the report's frontier, with the way from where each strategy was. */
import type { RunResult } from "../../simulator/experiment/result.ts";
import { type HeadlineRun, headlineRun, quantileExists } from "../base/latency-view.ts";
import { latencyUnit } from "../base/text.ts";
import { type ChartTheme, strategyStyles } from "../base/theme.ts";
import { type KnownScale, linear, scaleText, valueScale } from "../charts/parts/frame.ts";
import { type Placed, placed, unbeaten } from "../charts/parts/frontier-layers.ts";
import { placeLabels, shortName } from "../charts/parts/labels.ts";
import { line, type Mark, type Point, path, picture, symbol, text, ticks } from "./drawing.ts";

const SIZE = { width: 620, height: 360 };
const PLOT = { left: 62, top: 28, width: 540, height: 284 };

/**
 * The picture as SVG. A faint mark is where a strategy stood before the change; a hollow one fails more requests than
 * the baseline, or so many that its p95 is that of survivors, or is unstable.
 *
 * @param before the same scenario before the change, null for none
 */
export function frontierPicture(result: RunResult, before: RunResult | null, theme: ChartTheme): string {
  const run = headlineRun(result);
  const points = placed(run.result);
  const earlier = before === null || before === result ? [] : placed(headlineRun(before).result);
  if (points.length === 0) {
    const words = "No request was served, so there is neither a cost per request nor a latency.";
    return picture(words, { ...SIZE, height: 40 }, [text({ x: 10, y: 20 }, words, { colour: theme.muted })]);
  }
  const all = [...points, ...earlier];
  const unit = latencyUnit(points.map(({ ms }) => ms));
  const x = calm(all.map(({ usd }) => usd));
  const y = calm(all.map(({ ms }) => ms * unit.factor));
  const at = ({ usd, ms }: Pick<Placed, "usd" | "ms">): Point => ({
    x: PLOT.left + x.px(usd, PLOT.width),
    y: PLOT.top + PLOT.height - y.px(ms * unit.factor, PLOT.height),
  });
  const styles = strategyStyles(result, theme);
  const was = (name: string) => earlier.find(({ strategy }) => strategy.name === name);
  const moved = points.flatMap((point): Mark[] => {
    const from = was(point.strategy.name);
    const style = styles[point.index]!;
    if (from === undefined) return [];
    return [
      line(at(from), at(point), { colour: style.colour, opacity: 0.55 }),
      symbol(at(from), style, { size: 4, hollow: true, opacity: 0.55, ground: theme.background }),
    ];
  });
  const marks = points.map((point) => {
    const isWhole = quantileExists(point.strategy.total, "p95");
    const hollow = point.failsMore || point.strategy.status === "unstable" || !isWhole;
    return symbol(at(point), styles[point.index]!, { size: 6, hollow, ground: theme.background });
  });
  return picture(altText(run, points), SIZE, [
    ...axes(run, { x, y }, unit.symbol, theme),
    ...steps(points, at, theme),
    ...moved,
    ...marks,
    ...names(points, at, theme),
  ]);
}

/** Differences of a few per thousand are not to look like a cliff: an axis spans a tenth of its values at least. */
const SPAN_MIN = 0.1;

function calm(values: readonly number[]): KnownScale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const lack = (high * SPAN_MIN - (high - low)) / 2;
  return lack > 0 ? linear(low - lack, high + lack) : valueScale(values, false);
}

function altText({ className }: HeadlineRun, points: readonly Placed[]): string {
  const of = className === null ? "" : ` of ${className}`;
  const each = points.map(
    ({ strategy, usd, ms }) => `${strategy.name} ${usd.toPrecision(4)} USD, ${(ms / 1_000).toPrecision(3)} s`,
  );
  return `USD per 1,000 served requests against p95 latency${of}: ${each.join("; ")}`;
}

/** The line of those that no other beats on both. */
function steps(points: readonly Placed[], at: (point: Placed) => Point, theme: ChartTheme): Mark[] {
  const best = unbeaten(points).map(at);
  const [first, last] = [best[0], best.at(-1)];
  if (first === undefined || last === undefined) return [];
  const corners = best.flatMap((point, i) => (i === 0 ? [point] : [{ x: point.x, y: best[i - 1]!.y }, point]));
  const whole = [{ x: first.x, y: PLOT.top }, ...corners, { x: PLOT.left + PLOT.width, y: last.y }];
  return [path(whole, theme.muted, [3, 3])];
}

function names(points: readonly Placed[], at: (point: Placed) => Point, theme: ChartTheme): Mark[] {
  const spots = points.map((point) => {
    const { x, y } = at(point);
    return { x: x - PLOT.left, y: y - PLOT.top, text: shortName(point.strategy.name, 26) };
  });
  return placeLabels(spots, PLOT).map((label, i) => {
    const anchor = { left: "start", right: "end", center: "middle" }[label.align];
    return text({ x: label.x + PLOT.left, y: label.y + PLOT.top }, spots[i]!.text, { colour: theme.text, anchor });
  });
}

function axes(
  { className }: HeadlineRun,
  { x, y }: { readonly x: KnownScale; readonly y: KnownScale },
  unit: string,
  theme: ChartTheme,
): Mark[] {
  const bottom = PLOT.top + PLOT.height;
  const muted = { colour: theme.muted };
  const of = className === null ? "" : ` of ${className}`;
  return [
    ...ticks(y).flatMap((tick) => {
      const at = bottom - y.px(tick, PLOT.height);
      const end = PLOT.left + PLOT.width;
      return [
        line({ x: PLOT.left, y: at }, { x: end, y: at }, { colour: theme.grid }),
        text({ x: PLOT.left - 6, y: at }, String(tick), { colour: theme.text, anchor: "end" }),
      ];
    }),
    ...ticks(x).flatMap((tick) => {
      const at = PLOT.left + x.px(tick, PLOT.width);
      return [
        line({ x: at, y: bottom }, { x: at, y: bottom + 4 }, muted),
        text({ x: at, y: bottom + 14 }, String(tick), { colour: theme.text, anchor: "middle" }),
      ];
    }),
    line({ x: PLOT.left, y: bottom }, { x: PLOT.left + PLOT.width, y: bottom }, muted),
    text({ x: PLOT.left + PLOT.width / 2, y: bottom + 34 }, `USD per 1,000 served requests${scaleText(x)}`, {
      ...muted,
      anchor: "middle",
    }),
    text({ x: 4, y: 8 }, `p95 E2E${of} (${unit}${scaleText(y)})`, muted),
  ];
}
