/** The page of a sweep: its answer, its pictures, and the table of its points. */
import { printable } from "../../simulator/base/errors.ts";
import { analyse, type SweepAnswer } from "../../simulator/sweep/analysis.ts";
import { distinct, type Factor } from "../../simulator/sweep/job.ts";
import { ALL, isLatency, SWEEP_METRICS, type SweepMetric } from "../../simulator/sweep/points.ts";
import { formatCount, formatLimitMs, plural } from "../base/text.ts";
import type { Chart } from "../charts/chart.ts";
import { figureHtml, foldedTable, item, type Markup, markup } from "../html/elements.ts";
import { filters, pageHtml } from "../html/page.ts";
import { estimateCell, leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { sobolChart, tornadoChart } from "./bar-charts.ts";
import { curveChart, strategiesOf } from "./curve-chart.ts";
import { mapChart, scatterCharts } from "./factor-charts.ts";
import { askedText, metricText, objectiveText, openSentences, type SweepReport, sweepVerdict } from "./words.ts";

/**
 * One HTML file that loads nothing. The same points and question give the same bytes.
 *
 * @throws CHART_WARNING (internal) when a chart does not compile without warnings
 */
export async function renderSweepHtml(report: SweepReport): Promise<string> {
  const { sweep } = report;
  const names = strategiesOf(report);
  const figures: Markup[] = [];
  for (const chart of chartsOf(report)) figures.push(await figureHtml(chart, report));
  return `${pageHtml({
    title: `${sweep.name}: Meridian sweep`,
    heading: sweep.name,
    description: "The same scenario at many points",
    strategies: names,
    main: markup`<p class="verdict">${sweepVerdict(report)}</p>
${openSentences(report).map((sentence) => markup`<p class="alarm">${sentence}</p>`)}
<dl class="conditions">${conditions(report)}</dl>
${filters(names)}
${figures}
<section id="points"><h2>Points</h2>${pointsMarkup(report)}</section>`,
    footer:
      "Latency is measured from the intended arrival to the last byte or the first token, over all attempts and waits. A percentile counts failed requests as never answered. All strategies of a point face the same requests, and all points draw them from the same seed.",
  })}\n`;
}

/** Metrics that are shown beside the one that is asked about. */
const BESIDE: readonly SweepMetric[] = ["failed", "throttled", "cost"];

/** Of a grid with further factors; the others are in the terminal's text and in points.csv. */
const MAPS_MAX = 12;

function chartsOf(report: SweepReport): readonly Chart<SweepReport>[] {
  const { sweep, rows, answers } = report;
  const [{ question, analysis }] = answers;
  if (rows.length === 0) return [];
  const scatters = scatterCharts(analysis.associations, question);
  if (analysis.maps.length > 0) {
    const maps = analysis.maps.slice(0, MAPS_MAX);
    return [...maps.map((map, i) => mapChart(i === 0 ? "break-even" : `break-even-${i}`, map)), ...scatters];
  }
  if (analysis.tornado.length > 0) return [tornadoChart];
  if (analysis.sensitivity.length > 0) return [sobolChart];
  if (analysis.curves.length === 0) return scatters;
  const beside = BESIDE.filter((metric) => metric !== question.metric).map((metric): SweepAnswer => {
    const other = { metric, group: question.group, objective: null, p95LimitMs: null };
    return { question: other, analysis: analyse(sweep, rows, other) };
  });
  const isSaid = ({ question: { metric }, analysis: { curves } }: SweepAnswer) =>
    metric === "cost" || curves.some(({ points }) => points.some(({ estimate }) => (estimate.value ?? 0) > 0));
  return [...answers, ...beside.filter(isSaid)].map((each, i) => curveChart(`curve-${i}`, each));
}

function conditions(report: SweepReport): Markup[] {
  const { sweep, done, rows, answers } = report;
  const all = distinct(sweep.jobs).length;
  const [{ question }] = answers;
  const replications = Math.max(0, ...rows.map(({ metrics }) => metrics.failed.n));
  const unstable = new Set(rows.filter(({ isUnstable }) => isUnstable).map(({ point }) => point)).size;
  return [
    item(
      "Asked",
      `${askedText(question)}${question.objective === null ? "" : `, objective ${objectiveText(question)}`}`,
    ),
    ...(question.p95LimitMs === null
      ? []
      : [item("Counts", `strategies with p95 latency within ${formatLimitMs(question.p95LimitMs)}`)]),
    item("Design", `${sweep.design}${sweep.adaptive === null ? "" : ", with points added where the answer lies"}`),
    ...sweep.factors.map((factor) => item("Factor", factorText(factor))),
    item(
      "Variants",
      `${plural(all, "variant", "variants")}${done < all ? `, ${all - done} without a result yet` : ""}`,
      done < all,
    ),
    item(
      "Replications",
      `${replications < 2 ? `${replications}: no intervals` : formatCount(replications)}`,
      replications < 2,
    ),
    ...(unstable === 0
      ? []
      : [
          item(
            "Unstable",
            `at ${plural(unstable, "point", "points")} the backlog of some strategy grows without bound`,
            true,
          ),
        ]),
    item("Baseline", sweep.baseline),
    item("Scenario", `${sweep.scenarioFile}, Meridian ${sweep.meridianVersion}`),
  ];
}

function factorText(factor: Factor): string {
  if (factor.kind === "list")
    return `${factor.path}: ${factor.values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(", ")}`;
  const { path, from, to, unit, scale } = factor;
  return `${path}: ${from}${unit} to ${to}${unit}${scale === "log" ? ", logarithmic" : ""}`;
}

/** Rows beyond these would make the page too heavy: they are in points.csv. */
const ROWS_MAX = 1_500;

function pointsMarkup(report: SweepReport): Markup {
  const table = pointsTable(report);
  if (table.rows.length <= ROWS_MAX) return foldedTable(plural(table.rows.length, "row", "rows"), table);
  return markup`<p>${plural(table.rows.length, "row", "rows")}: see points.csv beside this page.</p>`;
}

function pointsTable({ sweep, rows }: SweepReport): Table {
  const names = [...new Set(rows.map(({ strategy }) => strategy))];
  const metrics = SWEEP_METRICS.filter((metric) => rows.some((row) => row.metrics[metric].value !== null));
  return {
    id: "points",
    caption: "Every point, strategy and class, with 95 % intervals",
    columns: [
      rightColumn("Point", "point"),
      ...sweep.factors.map(({ path }) => rightColumn(printable(path), path)),
      leftColumn("Strategy", "strategy"),
      leftColumn("Class", "class"),
      ...metrics.map((metric) => rightColumn(`${metricText(metric).name} (${metricText(metric).unit.symbol})`, metric)),
    ],
    rows: rows.map((row) => ({
      strategyIndex: names.indexOf(row.strategy),
      cells: [
        { text: formatCount(row.point), value: row.point },
        ...row.values.map((value) => ({
          text: value === null ? "as it is" : String(value),
          value: String(value ?? ""),
        })),
        textCell(row.strategy),
        row.group === ALL ? { text: "all classes", value: ALL } : textCell(row.group),
        ...metrics.map((metric) =>
          row.isUnstable && isLatency(metric)
            ? { text: "unstable", value: null }
            : estimateCell(row.metrics[metric], metricText(metric).unit),
        ),
      ],
    })),
  };
}
