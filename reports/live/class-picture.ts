/** p95 of each class under each strategy while sliders move, against the class's objective. */
import type { NamedGroup, RunResult } from "../../simulator/experiment/result.ts";
import { quantileExists } from "../base/latency-view.ts";
import { formatLimitMs, formatMs, formatShare, latencyUnit, type Unit } from "../base/text.ts";
import { type ChartTheme, type StrategyStyle, strategyStyles } from "../base/theme.ts";
import { type KnownScale, linear, logarithmic, scaleText } from "../charts/parts/frame.ts";
import { shortName } from "../charts/parts/labels.ts";
import { line, type Mark, picture, symbol, text, ticks } from "./drawing.ts";

const WIDTH = 620;
const PLOT = { left: 190, width: 270 };
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
  return picture(altText(result), { width: WIDTH, height: Math.max(top, 20) }, marks);
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
  const at = (ms: number) => PLOT.left + scale.px(ms * unit.factor, PLOT.width);
  return [
    text({ x: 4, y: top + 12 }, one.name, { colour: theme.text, weight: 600 }),
    text({ x: PLOT.left, y: top + 12 }, asked.join(", "), { colour: theme.muted }),
    text({ x: WIDTH - 4, y: top + 12 }, "p95 · within objective", { colour: theme.muted, anchor: "end" }),
    ...axis(scale, unit, { bottom, top: top + HEAD, theme }),
    ...near.map((ms) =>
      line({ x: at(ms), y: top + HEAD - 4 }, { x: at(ms), y: bottom }, { colour: theme.alarm, dash: [6, 3] }),
    ),
    ...rows.flatMap((row, i) => rowMarks(row, { y: top + HEAD + i * ROW + ROW / 2, at, theme })),
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
      const x = PLOT.left + scale.px(tick, PLOT.width);
      return [
        line({ x, y: top }, { x, y: bottom }, { colour: theme.grid }),
        text({ x, y: bottom + 12 }, `${tick}`, { colour: theme.text, anchor: "middle" }),
      ];
    }),
    text({ x: PLOT.left - 10, y: bottom + 12 }, `${unit.symbol}${scaleText(scale)}`, {
      colour: theme.muted,
      anchor: "end",
    }),
  ];
}

function rowMarks(
  { name, style, group, earlier }: Row,
  { y, at, theme }: { readonly y: number; readonly at: (ms: number) => number; readonly theme: ChartTheme },
): Mark[] {
  const [now, was] = [p95Of(group), p95Of(earlier)];
  const within = group.goodputShare.value;
  const none = group.counts.sent === 0 ? "no request yet" : "none: too many fail";
  const words = now === null ? none : formatMs(now);
  const share = within === null ? "" : ` · ${formatShare(within)}`;
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

function altText({ classes, strategies }: RunResult): string {
  const each = classes.map(({ name }) => {
    const values = strategies.map((strategy) => {
      const ms = p95Of(strategy.byClass.find((group) => group.name === name));
      return `${strategy.name} ${ms === null ? "none" : formatMs(ms)}`;
    });
    return `${name}: ${values.join(", ")}`;
  });
  return `p95 E2E latency by class. ${each.join("; ")}`;
}
