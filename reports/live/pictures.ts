/**
 * The pictures that are drawn while sliders move: p95 of each class under each strategy against its objective, and cost against
 * p95 latency with the way from where each strategy was.
 */
import type { NamedGroup, RunResult } from "../../simulator/experiment/result.ts";
import { type HeadlineRun, headlineRun, quantileExists, targetIn } from "../base/latency-view.ts";
import { formatLimitMs, formatMs, formatShare, latencyUnit, type Unit } from "../base/text.ts";
import { type ChartTheme, type StrategyStyle, strategyStyles } from "../base/theme.ts";
import { type KnownScale, linear, logarithmic, scaleText, valueScale } from "../charts/parts/frame.ts";
import { isHollow, type Placed, placed, unbeaten } from "../charts/parts/frontier-layers.ts";
import { placeLabels, shortName } from "../charts/parts/labels.ts";
import { line, type Mark, type Point, path, picture, symbol, text, ticks } from "./drawing.ts";

const WIDTH = 620;
const CLASS_PLOT = { left: 190, width: 270 };
const ROW = 20;
const HEAD = 26;
const FOOT = 34;
/** Above this ratio of largest to smallest, small values cannot be told apart on a linear axis. */
const LOG_RATIO = 12;

type ClassOf = RunResult["classes"][number];

interface Row {
  readonly name: string;
  readonly style: StrategyStyle;
  readonly group: NamedGroup;
  readonly earlier: NamedGroup | undefined;
}

/**
 * The picture as SVG: a panel for each class, a row for each strategy, each class on an axis of its own.
 *
 * @param before the same scenario before the change, null for none: its marks are faint
 */
export function classPicture(result: RunResult, before: RunResult | null, theme: ChartTheme): string {
  const styles = strategyStyles(result, theme);
  let top = 0;
  const marks = result.classes.flatMap((one) => {
    const rows = rowsOf(result, before === result ? null : before, one, styles);
    const drawn = panel(one, rows, { top, theme });
    top += HEAD + rows.length * ROW + FOOT;
    return drawn;
  });
  return picture(classAltText(result), { width: WIDTH, height: Math.max(top, 20) }, marks);
}

function rowsOf(result: RunResult, before: RunResult | null, one: ClassOf, styles: readonly StrategyStyle[]): Row[] {
  const groupOf = (groups: readonly NamedGroup[] | undefined) => groups?.find(({ name }) => name === one.name);
  return result.strategies.flatMap((strategy, index) => {
    const group = groupOf(strategy.byClass);
    const earlier = groupOf(before?.strategies.find(({ name }) => name === strategy.name)?.byClass);
    return group === undefined ? [] : [{ name: strategy.name, style: styles[index]!, group, earlier }];
  });
}

/** p95 over all requests, failed ones as never answered; null where it lies among those. */
function p95Of(group: NamedGroup | undefined): number | null {
  return group === undefined || !quantileExists(group, "p95") ? null : group.e2eMs.p95.value;
}

function panel(
  one: ClassOf,
  rows: readonly Row[],
  { top, theme }: { readonly top: number; readonly theme: ChartTheme },
): Mark[] {
  const known = rows.flatMap(({ group, earlier }) => [p95Of(group), p95Of(earlier)]).filter((ms) => ms !== null);
  const unit = latencyUnit(known);
  const limit = one.sloE2eMs;
  const largest = Math.max(0, ...known);
  const near = limit !== null && limit < largest * 3 ? [limit] : [];
  const scale = scaleOf([...known, ...near].map((ms) => ms * unit.factor));
  const bottom = top + HEAD + rows.length * ROW;
  const asked = [
    limit === null ? "no objective for its length" : `objective ${formatLimitMs(limit)}`,
    ...(one.deferrable === true ? ["may wait"] : []),
  ];
  const at = (ms: number) => CLASS_PLOT.left + scale.px(ms * unit.factor, CLASS_PLOT.width);
  return [
    text({ x: 4, y: top + 12 }, one.name, { colour: theme.text, weight: 600 }),
    text({ x: CLASS_PLOT.left, y: top + 12 }, asked.join(", "), { colour: theme.muted }),
    text({ x: WIDTH - 4, y: top + 12 }, "p95 · within objective", { colour: theme.muted, anchor: "end" }),
    ...axis(scale, unit, { bottom, top: top + HEAD, theme }),
    ...near.map((ms) =>
      line({ x: at(ms), y: top + HEAD - 4 }, { x: at(ms), y: bottom }, { colour: theme.alarm, dash: [6, 3] }),
    ),
    ...rows.flatMap((row, i) =>
      rowMarks(row, { y: top + HEAD + i * ROW + ROW / 2, at, target: targetIn([one], one.name), theme }),
    ),
  ];
}

function scaleOf(values: readonly number[]): KnownScale {
  const positive = values.filter((value) => value > 0);
  const [low, high] = [Math.min(...positive), Math.max(...positive)];
  if (positive.length === 0) return linear(0, 1);
  return high / low > LOG_RATIO ? logarithmic(low * 0.8, high * 1.2) : linear(0, high * 1.06);
}

function axis(
  scale: KnownScale,
  unit: Unit,
  { bottom, top, theme }: { readonly bottom: number; readonly top: number; readonly theme: ChartTheme },
): Mark[] {
  const shown = ticks(scale);
  return [
    ...shown.flatMap((tick) => {
      const x = CLASS_PLOT.left + scale.px(tick, CLASS_PLOT.width);
      return [
        line({ x, y: top }, { x, y: bottom }, { colour: theme.grid }),
        text({ x, y: bottom + 12 }, `${tick}`, { colour: theme.text, anchor: "middle" }),
      ];
    }),
    text({ x: CLASS_PLOT.left - 10, y: bottom + 12 }, `${unit.symbol}${scaleText(scale)}`, {
      colour: theme.muted,
      anchor: "end",
    }),
  ];
}

function rowMarks(
  { name, style, group, earlier }: Row,
  {
    y,
    at,
    target,
    theme,
  }: {
    readonly y: number;
    readonly at: (ms: number) => number;
    readonly target: number | null;
    readonly theme: ChartTheme;
  },
): Mark[] {
  const [now, was] = [p95Of(group), p95Of(earlier)];
  const none = group.counts.sent === 0 ? "no request yet" : "none: too many fail";
  const words = now === null ? none : formatMs(now);
  const share = group.goodputShare.value === null ? "" : ` · ${formatShare(group.goodputShare, target)}`;
  const ground = theme.background;
  return [
    text({ x: 4, y }, shortName(name, 28), { colour: theme.text }),
    ...(was === null || now === null
      ? []
      : [line({ x: at(was), y }, { x: at(now), y }, { colour: style.colour, width: 2, opacity: 0.55 })]),
    ...(was === null ? [] : [symbol({ x: at(was), y }, style, { size: 4, hollow: true, opacity: 0.55, ground })]),
    ...(now === null ? [] : [symbol({ x: at(now), y }, style, { size: 5.5, ground })]),
    text({ x: WIDTH - 4, y }, `${words}${share}`, { colour: now === null ? theme.alarm : theme.text, anchor: "end" }),
  ];
}

function classAltText({ classes, strategies }: RunResult): string {
  const each = classes.map(({ name }) => {
    const values = strategies.map((strategy) => {
      const ms = p95Of(strategy.byClass.find((group) => group.name === name));
      return `${strategy.name} ${ms === null ? "none" : formatMs(ms)}`;
    });
    return `${name}: ${values.join(", ")}`;
  });
  return `p95 E2E latency by class. ${each.join("; ")}`;
}

const FRONTIER_SIZE = { width: 620, height: 360 };
const FRONTIER_PLOT = { left: 62, top: 28, width: 540, height: 284 };

/**
 * The picture as SVG. A faint mark is where a strategy stood before the change; a hollow one fails more requests than
 * the baseline, or so many that its p95 is that of survivors, or is unstable.
 *
 * @param before the same scenario before the change, null for none
 */
export function frontierPicture(result: RunResult, before: RunResult | null, theme: ChartTheme): string {
  const run = headlineRun(result);
  const points = placed(run.result, run.className);
  const earlier = before === null || before === result ? [] : placed(headlineRun(before).result);
  if (points.length === 0) {
    const words = "No request was served, so there is neither a cost per request nor a latency.";
    return picture(words, { ...FRONTIER_SIZE, height: 40 }, [text({ x: 10, y: 20 }, words, { colour: theme.muted })]);
  }
  const all = [...points, ...earlier];
  const unit = latencyUnit(points.map(({ ms }) => ms));
  const x = calm(all.map(({ usd }) => usd));
  const y = calm(all.map(({ ms }) => ms * unit.factor));
  const at = ({ usd, ms }: Pick<Placed, "usd" | "ms">): Point => ({
    x: FRONTIER_PLOT.left + x.px(usd, FRONTIER_PLOT.width),
    y: FRONTIER_PLOT.top + FRONTIER_PLOT.height - y.px(ms * unit.factor, FRONTIER_PLOT.height),
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
    const hollow = isHollow(point) || point.strategy.status === "unstable";
    return symbol(at(point), styles[point.index]!, { size: 6, hollow, ground: theme.background });
  });
  return picture(frontierAltText(run, points), FRONTIER_SIZE, [
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

function frontierAltText({ className }: HeadlineRun, points: readonly Placed[]): string {
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
  const whole = [
    { x: first.x, y: FRONTIER_PLOT.top },
    ...corners,
    { x: FRONTIER_PLOT.left + FRONTIER_PLOT.width, y: last.y },
  ];
  return [path(whole, theme.muted, [3, 3])];
}

function names(points: readonly Placed[], at: (point: Placed) => Point, theme: ChartTheme): Mark[] {
  const spots = points.map((point) => {
    const { x, y } = at(point);
    return { x: x - FRONTIER_PLOT.left, y: y - FRONTIER_PLOT.top, text: shortName(point.strategy.name, 26) };
  });
  return placeLabels(spots, FRONTIER_PLOT).map((label, i) => {
    const anchor = { left: "start", right: "end", center: "middle" }[label.align];
    return text({ x: label.x + FRONTIER_PLOT.left, y: label.y + FRONTIER_PLOT.top }, spots[i]!.text, {
      colour: theme.text,
      anchor,
    });
  });
}

function axes(
  { className }: HeadlineRun,
  { x, y }: { readonly x: KnownScale; readonly y: KnownScale },
  unit: string,
  theme: ChartTheme,
): Mark[] {
  const bottom = FRONTIER_PLOT.top + FRONTIER_PLOT.height;
  const muted = { colour: theme.muted };
  const of = className === null ? "" : ` of ${className}`;
  return [
    ...ticks(y).flatMap((tick) => {
      const at = bottom - y.px(tick, FRONTIER_PLOT.height);
      const end = FRONTIER_PLOT.left + FRONTIER_PLOT.width;
      return [
        line({ x: FRONTIER_PLOT.left, y: at }, { x: end, y: at }, { colour: theme.grid }),
        text({ x: FRONTIER_PLOT.left - 6, y: at }, String(tick), { colour: theme.text, anchor: "end" }),
      ];
    }),
    ...ticks(x).flatMap((tick) => {
      const at = FRONTIER_PLOT.left + x.px(tick, FRONTIER_PLOT.width);
      return [
        line({ x: at, y: bottom }, { x: at, y: bottom + 4 }, muted),
        text({ x: at, y: bottom + 14 }, String(tick), { colour: theme.text, anchor: "middle" }),
      ];
    }),
    line({ x: FRONTIER_PLOT.left, y: bottom }, { x: FRONTIER_PLOT.left + FRONTIER_PLOT.width, y: bottom }, muted),
    text(
      { x: FRONTIER_PLOT.left + FRONTIER_PLOT.width / 2, y: bottom + 34 },
      `USD per 1,000 served requests${scaleText(x)}`,
      {
        ...muted,
        anchor: "middle",
      },
    ),
    text({ x: 4, y: 8 }, `p95 E2E${of} (${unit}${scaleText(y)})`, muted),
  ];
}
