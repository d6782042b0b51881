/** Chart: cost against p95 latency, with an arrow for each strategy from the baseline run to the other. */
import type { TopLevelSpec } from "vega-lite";
import type { ComparisonResult } from "../../simulator/compare/result.ts";
import type { RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { latencyUnit, plural } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import { frame, scaleSpec, valueScale } from "../charts/parts/frame.ts";
import { type Box, type PointLabel, placeLabels, shortName } from "../charts/parts/labels.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { letterOf } from "./tables.ts";

/** A comparison with the runs that it is of, in its order. */
export interface ComparedRuns {
  readonly comparison: ComparisonResult;
  readonly results: readonly RunResult[];
}

/** With its axis below the width from which pictures scroll. */
const WIDTH = 560;

/** Cost against p95 latency, with an arrow for each strategy from the baseline run to the other. */
export const frontierArrows: Chart<ComparedRuns> = {
  id: "frontier-arrows",
  question: "Where did each strategy move in cost and latency?",
  absence: (runs) => (arrows(runs).length === 0 ? "No strategy of two runs has both a cost and a latency." : undefined),
  heading: (runs) => ({
    title: `${plural(arrows(runs).length, "strategy", "strategies")} from A to the tip of the arrow`,
    subtitle:
      "Mean p95 E2E latency of served requests against USD per 1,000 served. Lower left is better; whether a move is more than chance is in the table above.",
  }),
  spec: (runs, theme) => arrowSpec(runs, theme),
  table: (runs) => arrowTable(runs),
};

interface Arrow {
  readonly strategy: string;
  readonly letter: string;
  readonly usdA: number;
  readonly usdB: number;
  readonly msA: number;
  readonly msB: number;
}

function arrows({ comparison, results }: ComparedRuns): readonly Arrow[] {
  const place = (result: RunResult, strategy: StrategyResult | undefined) =>
    [
      strategy?.total.cost[result.billing].usdPer1kServed.value ?? null,
      strategy?.total.e2eMs.p95.value ?? null,
    ] as const;
  const [first, ...others] = results as readonly [RunResult, ...RunResult[]];
  return others.flatMap((result, i) => {
    const letter = letterOf(comparison, comparison.runs[i + 1]!.label);
    return first.strategies.flatMap((one): readonly Arrow[] => {
      const [usdA, msA] = place(first, one);
      const [usdB, msB] = place(
        result,
        result.strategies.find(({ name }) => name === one.name),
      );
      return usdA === null || msA === null || usdB === null || msB === null
        ? []
        : [{ strategy: one.name, letter, usdA, usdB, msA, msB }];
    });
  });
}

const ARROWS_HEIGHT = 320;

function arrowSpec(runs: ComparedRuns, theme: ChartTheme): TopLevelSpec {
  const all = arrows(runs);
  const unit = latencyUnit(all.flatMap(({ msA, msB }) => [msA, msB]));
  const colours = [...theme.hues.slice(0, 4), theme.other];
  const names = [...new Set(all.map(({ strategy }) => strategy))];
  const across = valueScale(
    all.flatMap(({ usdA, usdB }) => [usdA, usdB]),
    false,
  );
  const up = valueScale(
    all.flatMap(({ msA, msB }) => [msA * unit.factor, msB * unit.factor]),
    false,
  );
  const spotOf = (usd: number, ms: number) => ({
    x: across.px(usd, WIDTH),
    y: ARROWS_HEIGHT - up.px(ms * unit.factor, ARROWS_HEIGHT),
  });
  const tips = all.map(({ strategy, letter, usdB, msB }) => ({
    ...spotOf(usdB, msB),
    text: `${letter} ${shortName(strategy)}`,
  }));
  const tails = all.map(({ usdA, msA }) => spotOf(usdA, msA));
  const obstacles = tips.map(({ x, y }, i) => boxOf({ x, y }, tails[i]!));
  const places = placeLabels(tips, { width: WIDTH, height: ARROWS_HEIGHT, obstacles });
  const x = { type: "quantitative", scale: scaleSpec(across), axis: { title: "USD per 1,000 served", tickCount: 6 } };
  const y = { type: "quantitative", scale: scaleSpec(up), axis: { title: `p95 E2E latency (${unit.symbol})` } };
  const layers = all.flatMap((arrow, i) => {
    const colour = colours[Math.min(names.indexOf(arrow.strategy), 4)]!;
    const [from, to] = [arrow.msA * unit.factor, arrow.msB * unit.factor];
    const data = { values: [{ usdA: arrow.usdA, usdB: arrow.usdB, from, to }] };
    const [tip, tail, place] = [tips[i]!, tails[i]!, places[i]!];
    // Clockwise from upwards, as Vega turns a triangle.
    const angle = (Math.atan2(tip.x - tail.x, tail.y - tip.y) * 180) / Math.PI;
    const { leader } = place;
    return [
      {
        data,
        mark: { type: "rule", color: colour, strokeWidth: 2 },
        encoding: {
          x: { ...x, field: "usdA" },
          x2: { field: "usdB" },
          y: { ...y, field: "from" },
          y2: { field: "to" },
        },
      },
      {
        data,
        mark: { type: "point", color: colour, size: 45, fill: theme.background, opacity: 1 },
        encoding: { x: { ...x, field: "usdA" }, y: { ...y, field: "from" } },
      },
      {
        data,
        mark: { type: "point", color: colour, size: 90, filled: true, opacity: 1, shape: "triangle-up", angle },
        encoding: { x: { ...x, field: "usdB" }, y: { ...y, field: "to" } },
      },
      ...(leader === undefined ? [] : [leaderLayer(leader, colour)]),
      {
        data: { values: [{}] },
        mark: { type: "text", color: theme.text, align: place.align, baseline: "middle", fontSize: 12, text: tip.text },
        encoding: { x: { value: place.x }, y: { value: place.y } },
      },
    ];
  });
  return {
    ...frame(frontierArrows, frontierArrows.heading(runs), theme),
    width: WIDTH,
    height: ARROWS_HEIGHT,
    layer: layers,
  } as unknown as TopLevelSpec;
}

function boxOf(
  one: { readonly x: number; readonly y: number },
  other: { readonly x: number; readonly y: number },
): Box {
  return {
    left: Math.min(one.x, other.x) - 1,
    right: Math.max(one.x, other.x) + 1,
    top: Math.min(one.y, other.y) - 1,
    bottom: Math.max(one.y, other.y) + 1,
  };
}

/** A thin line from a tip to its name, where there was no room beside it. */
function leaderLayer({ from, to }: NonNullable<PointLabel["leader"]>, color: string) {
  return {
    data: { values: [{}] },
    mark: { type: "rule", color, strokeWidth: 0.75 },
    encoding: { x: { value: from.x }, y: { value: from.y }, x2: { value: to.x }, y2: { value: to.y } },
  };
}

function arrowTable(runs: ComparedRuns): Table {
  return {
    id: "frontier-arrows",
    caption: "Means of both runs",
    columns: [
      leftColumn("Run", "run"),
      leftColumn("Strategy", "strategy"),
      rightColumn("USD per 1k, A", "usd_a"),
      rightColumn("USD per 1k", "usd_b"),
      rightColumn("p95 (ms), A", "e2e_p95_ms_a"),
      rightColumn("p95 (ms)", "e2e_p95_ms_b"),
    ],
    rows: arrows(runs).map(({ letter, strategy, usdA, usdB, msA, msB }) => ({
      cells: [
        textCell(letter),
        textCell(strategy),
        ...[usdA, usdB, msA, msB].map((value) => ({ text: value.toPrecision(4), value })),
      ],
    })),
  };
}
