/** Colours of page and charts in both themes, and the style of each strategy. */
import type { RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { failsMore } from "../../simulator/experiment/standing.ts";
import { latencyView } from "./latency-view.ts";

/**
 * Colours of charts and page. Okabe–Ito hues whose contrast with the background is at least 3:1: on white blue 5.2,
 * vermillion 3.9, green 3.4, purple 3.1; on #111418 sky blue 8.0, orange 8.2, green 5.4, purple 6.0.
 * Source: Okabe and Ito 2008, "Color Universal Design"; contrasts computed by WCAG 2.2.
 */
export interface ChartTheme {
  readonly name: "light" | "dark";
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  /** Hues of the highlighted strategies, in order. */
  readonly hues: readonly string[];
  readonly baseline: string;
  /** Strategies that are not highlighted. */
  readonly other: string;
  readonly alarm: string;
  /** Sequential ramp from "none" to "much"; the low end is close to the background. */
  readonly sequential: readonly string[];
  /** Diverging ramp: below, midpoint, above. */
  readonly diverging: readonly string[];
}

/** For a light background; its hues are those of Okabe and Ito, which colour-blind readers tell apart. */
export const LIGHT: ChartTheme = {
  name: "light",
  background: "#ffffff",
  text: "#1b1f24",
  muted: "#5b6470",
  grid: "#e3e6ea",
  hues: ["#0072B2", "#D55E00", "#009E73", "#CC79A7"],
  baseline: "#5b6470",
  other: "#9aa2ac",
  alarm: "#b3261e",
  sequential: ["#f4f7fa", "#b7d4e8", "#5fa2cc", "#0072B2", "#00304d"],
  diverging: ["#0b5c94", "#8fc1e0", "#f5f5f5", "#f2b27a", "#b34f00"],
};

/** For a dark background. */
export const DARK: ChartTheme = {
  name: "dark",
  background: "#111418",
  text: "#e6e8eb",
  muted: "#a4acb6",
  grid: "#2b323a",
  hues: ["#56B4E9", "#E69F00", "#009E73", "#CC79A7"],
  baseline: "#b6bec8",
  other: "#6d7681",
  alarm: "#ff8a80",
  sequential: ["#1a2027", "#1c4a6b", "#2f7fb3", "#56B4E9", "#d6eefb"],
  diverging: ["#56B4E9", "#2a5d7c", "#262b31", "#8a5a12", "#E69F00"],
};

export const THEMES: readonly ChartTheme[] = [LIGHT, DARK];

/** How one strategy is drawn: colour, and a second cue for readers who do not see colours. */
export interface StrategyStyle {
  readonly colour: string;
  /** Stroke dash in px: the second cue of a line. */
  readonly dash: readonly number[];
  /** Vega point shape: the second cue of a point. */
  readonly shape: string;
  readonly role: "baseline" | "highlight" | "other";
  readonly width: number;
}

const HIGHLIGHT_DASHES: readonly (readonly number[])[] = [[], [], [10, 3], [2, 2]];
const OTHER_DASHES: readonly (readonly number[])[] = [[], [6, 2], [2, 2], [8, 2, 2, 2]];
const HIGHLIGHT_SHAPES = ["circle", "square", "triangle-up", "diamond"];
const OTHER_SHAPES = ["triangle-down", "cross", "triangle-right", "triangle-left"];

/**
 * One style per strategy, in the order of `strategies`, the same on every chart of a report. The baseline is grey and
 * dashed. Up to four others have a hue; when there are more, the hues go to the one that the verdict recommends, then to
 * the others that it names, then to those that no other beats on both mean cost and mean p95 (of the class that the main
 * table is about), then to the rest in the scenario's order; strategies that are
 * unstable or fail more than the baseline come last. Hues are assigned in the scenario's order.
 *
 * @param result  the run, or what of it decides about hues
 * @param theme   light or dark
 * @returns       as many styles as strategies; widths and dashes in px
 */
export function strategyStyles(result: StyledResult, theme: ChartTheme): StrategyStyle[] {
  const names = result.strategies.map(({ name }) => name);
  return stylesOf({ names, baseline: result.baseline, highlighted: highlighted(result) }, theme);
}

/** The styles of strategies of which it is known which ones are highlighted, at most as many as there are hues. */
export function stylesOf(
  {
    names,
    baseline,
    highlighted: chosen,
  }: { readonly names: readonly string[]; readonly baseline: string; readonly highlighted: ReadonlySet<string> },
  theme: ChartTheme,
): StrategyStyle[] {
  let hue = 0;
  let other = 0;
  return names.map((name): StrategyStyle => {
    if (name === baseline) {
      return { colour: theme.baseline, dash: [5, 3], shape: "diamond", role: "baseline", width: 2.5 };
    }
    if (chosen.has(name)) {
      const at = hue++;
      return {
        colour: theme.hues[at]!,
        dash: HIGHLIGHT_DASHES[at]!,
        shape: HIGHLIGHT_SHAPES[at]!,
        role: "highlight",
        width: 2.25,
      };
    }
    const at = other++ % OTHER_DASHES.length;
    return { colour: theme.other, dash: OTHER_DASHES[at]!, shape: OTHER_SHAPES[at]!, role: "other", width: 1.25 };
  });
}

/** What the choice of hues depends on. */
export type StyledResult = Pick<
  RunResult,
  "strategies" | "baseline" | "billing" | "comparisons" | "verdictStrategies" | "recommended" | "classes"
>;

function highlighted(result: StyledResult): ReadonlySet<string> {
  const { strategies, baseline, verdictStrategies = [], recommended } = result;
  const others = strategies.filter((strategy) => strategy.name !== baseline);
  const isSound = (one: StrategyResult) => one.status === "ok" && !failsMore(result.comparisons, one.name);
  const sound = strategies.filter(isSound);
  const position = positionIn(result);
  const unbeaten = others.filter((one) => isSound(one) && sound.every((other) => !beats(position, other, one)));
  const ordered = [
    ...others.filter((one) => one.name === recommended),
    ...others.filter((one) => verdictStrategies.includes(one.name)),
    ...unbeaten,
    ...others.filter(isSound),
    ...others,
  ];
  return new Set([...new Set(ordered.map((strategy) => strategy.name))].slice(0, 4));
}

/** Whether `other` has less of cost or p95 and no more of either, by the means. */
function beats(position: Position, other: StrategyResult, one: StrategyResult): boolean {
  if (other === one) return false;
  const [otherUsd, otherMs] = position(other);
  const [usd, ms] = position(one);
  if (usd === null || ms === null) return true;
  if (otherUsd === null || otherMs === null) return false;
  return otherUsd <= usd && otherMs <= ms && (otherUsd < usd || otherMs < ms);
}

/** Mean cost, and p95 of the class that the main table is about. */
type Position = (strategy: StrategyResult) => readonly [number | null, number | null];

function positionIn(result: StyledResult): Position {
  const view = latencyView(result);
  return (strategy) => [strategy.total.cost[result.billing].usdPer1kServed.value, view.of(strategy).e2eMs.p95.value];
}
