/** A sweep in the terminal: the answer first, then its table. */
import { printable } from "../../simulator/base/errors.ts";
import type { Estimate } from "../../simulator/base/statistics.ts";
import {
  type BreakEvenMap,
  type Curve,
  isLargerBetter,
  type MapCell,
  type SweepAnswer,
} from "../../simulator/sweep/analysis.ts";
import type { SweepFile } from "../../simulator/sweep/job.ts";
import { formatNumber, formatPlain, NOT_AVAILABLE } from "../base/text.ts";
import { type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";
import {
  askedText,
  axisOf,
  axisText,
  curveSentence,
  MARKS,
  metricText,
  openSentences,
  othersText,
  pointText,
  type SweepReport,
  sweepHead,
  sweepVerdict,
} from "./words.ts";

/** @returns the whole answer as text */
export function renderSweepText(report: SweepReport, options: TerminalOptions): string {
  const { sweep, answers } = report;
  const [asked, ...others] = answers;
  const { analysis } = asked;
  return [
    ...wrap(sweepHead(report), options.width),
    "",
    ...wrap(sweepVerdict(report), options.width),
    "",
    ...(analysis.curves.length === 0 ? [] : curveLines(sweep, asked, options)),
    ...others
      .filter(({ question }) => question.objective !== null)
      .flatMap((other) => sentences(sweep, other, options)),
    ...openSentences(report).flatMap((sentence) => wrap(sentence, options.width)),
    ...analysis.maps.flatMap((map) => mapLines(sweep, asked, map)),
    ...(analysis.tornado.length === 0 ? [] : tornadoLines(asked)),
    ...(analysis.sensitivity.length === 0 ? [] : sensitivityLines(sweep, asked)),
    ...(analysis.associations.length === 0 ? [] : associationLines(asked, options)),
  ].join("\n");
}

/** What each strategy's curve says. */
function sentences(sweep: SweepFile, { question, analysis }: SweepAnswer, options: TerminalOptions): readonly string[] {
  const axis = axisOf(sweep);
  return analysis.curves.flatMap((curve) => wrap(curveSentence(curve, question, axis), options.width));
}

function curveLines(sweep: SweepFile, answer: SweepAnswer, options: TerminalOptions): readonly string[] {
  const { question, analysis } = answer;
  const { unit } = metricText(question.metric);
  const loads = [...new Set(analysis.curves.flatMap(({ points }) => points.map(({ load }) => load)))].sort(
    (a, b) => a - b,
  );
  const cell = (curve: Curve, load: number) => {
    const point = curve.points.find((each) => each.load === load);
    return point === undefined ? "" : pointText(point, unit);
  };
  const rows = loads.map((load) => [
    axisText(load, axisOf(sweep)),
    ...analysis.curves.map((curve) => cell(curve, load)),
  ]);
  const names = analysis.curves.map(({ strategy }) => printable(strategy));
  return [
    ...sentences(sweep, answer, options),
    "",
    ...terminalTable([[printable(sweep.factors[0]!.path), ...names], ...rows], {
      aligns: ["right", ...names.map(() => "right" as const)],
      gap: 2,
    }),
    ...wrap(`${askedText(question)} in ${unit.symbol}, ± half its 95 % interval. ${MARKS}`, options.width),
  ];
}

function mapLines(
  sweep: SweepFile,
  { question, analysis }: SweepAnswer,
  { others, cells }: BreakEvenMap,
): readonly string[] {
  const [rowPath, columnPath] = sweep.factors.map(({ path }) => printable(path));
  const rows = distinctTexts(cells.map(({ values }) => values[0]));
  const columns = distinctTexts(cells.map(({ values }) => values[1]));
  const strategies = distinctTexts(analysis.maps.flatMap((map) => map.cells.map(({ best }) => best ?? "none")));
  const letterOf = (best: string | null) => (best === null ? "-" : String.fromCharCode(65 + strategies.indexOf(best)));
  const cellAt = (row: string, column: string) =>
    cells.find(({ values }) => String(values[0]) === row && String(values[1]) === column);
  const cell = (found: MapCell | undefined) =>
    found === undefined ? "" : `${letterOf(found.best)}${found.isClear || found.best === null ? "" : "?"}`;
  const better = isLargerBetter(question.metric) ? "largest" : "least";
  return [
    `${better} ${askedText(question)}${othersText({ others, cells })}; rows ${rowPath}, columns ${columnPath}`,
    ...terminalTable(
      [["", ...columns], ...rows.map((row) => [row, ...columns.map((column) => cell(cellAt(row, column)))])],
      {
        aligns: ["right", ...columns.map(() => "right" as const)],
        gap: 2,
      },
    ),
    ...strategies.filter((name) => name !== "none").map((name) => `${letterOf(name)} = ${printable(name)}`),
    "? = its interval meets the second best's; - = no strategy is stable, has the metric and keeps its latency",
  ];
}

function distinctTexts(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.map(String))];
}

function associationLines({ question, analysis }: SweepAnswer, options: TerminalOptions): readonly string[] {
  const text = ({ value, low, high }: Estimate) =>
    value === null
      ? NOT_AVAILABLE
      : `${formatNumber(value, 2)} (${formatNumber(low!, 2)} to ${formatNumber(high!, 2)})`;
  const rows = analysis.associations.map(({ strategy, path, points, correlation }) => [
    printable(strategy),
    printable(path),
    text(correlation),
    String(points.length),
  ]);
  return [
    ...wrap(
      `Rank correlation of ${askedText(question)} with each factor: 1 where it always rises with it, \u22121 where it always falls (95 %)`,
      options.width,
    ),
    ...terminalTable([["strategy", "factor", "rank correlation", "points"], ...rows], {
      aligns: ["left", "left", "right", "right"],
      gap: 2,
    }),
  ];
}

function tornadoLines({ question, analysis }: SweepAnswer): readonly string[] {
  const { unit } = metricText(question.metric);
  return terminalTable(
    [
      ["strategy", "factor", `as it is, ${unit.symbol}`, "at its low end", "at its high end"],
      ...analysis.tornado.map(({ strategy, path, base, low, high }) => [
        printable(strategy),
        printable(path),
        ...[base, low, high].map((value) => formatPlain(value, unit)),
      ]),
    ],
    { aligns: ["left", "left", "right", "right", "right"], gap: 2 },
  );
}

function sensitivityLines(sweep: SweepFile, { question, analysis }: SweepAnswer): readonly string[] {
  const share = ({ value, low, high }: { value: number; low: number; high: number }) =>
    `${formatNumber(value, 2)} (${formatNumber(low, 2)} to ${formatNumber(high, 2)})`;
  const rows = analysis.sensitivity.flatMap(({ strategy, indices }) =>
    sweep.factors.map(({ path }, i) => {
      const index = indices?.[i];
      return [
        printable(strategy),
        printable(path),
        index === undefined ? NOT_AVAILABLE : share(index.first),
        index === undefined ? NOT_AVAILABLE : share(index.total),
      ];
    }),
  );
  return [
    `Share of the variance of ${askedText(question)} that a factor makes`,
    ...terminalTable([["strategy", "factor", "alone", "with others"], ...rows], {
      aligns: ["left", "left", "right", "right"],
      gap: 2,
    }),
  ];
}
