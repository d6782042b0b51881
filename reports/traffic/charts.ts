/** Pictures of recorded traffic: its course, its day and week, its lengths, and who sends it. */

import type { TopLevelSpec } from "vega-lite";
import { DAY_MS, HOUR_MS } from "../../simulator/base/time.ts";
import type { LengthSummary, TrafficDescription } from "../../simulator/traffic/describe.ts";
import { formatCount, formatDuration, formatShare } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart, ChartHeading } from "../charts/chart.ts";
import { frame } from "../charts/parts/frame.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";

type TrafficChart = Chart<TrafficDescription>;

/** All pictures of a description, in the order of the page. A new one is a line here. */
export const TRAFFIC_CHARTS: readonly TrafficChart[] = [
  courseChart(),
  cycleChart(
    "hour-of-day",
    "When in the day do requests come?",
    "hourOfDay",
    (i) => `${String(i).padStart(2, "0")}:00`,
  ),
  cycleChart("weekday", "On which days do requests come?", "weekday", (i) => DAYS[i]!),
  dispersionChart(),
  lengthChart(),
  tenantChart(),
];

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const WIDTH = 1000;

function courseChart(): TrafficChart {
  const rows = ({ course }: TrafficDescription) =>
    course.counts.map((count, i) => ({
      minutes: (i * course.windowMs) / 60_000,
      perS: (count / course.windowMs) * 1000,
    }));
  return simple({
    id: "course",
    question: "How does the rate go?",
    absence: () => undefined,
    heading: (traffic) => ({
      title: `${number(traffic.windows[0]!.perSMean)} requests a second on average, ${traffic.windows[0]!.requestsMax} in the busiest second`,
      subtitle: `Requests a second in steps of ${formatDuration(traffic.course.windowMs)}, over ${formatDuration(traffic.spanMs)}.`,
    }),
    rows,
    mark: (theme) => ({ type: "area", interpolate: "step-after", color: colourOf(theme), opacity: 0.7 }),
    encoding: {
      x: { field: "minutes", type: "quantitative", title: "Minutes after the first request" },
      y: { field: "perS", type: "quantitative", title: "Requests a second" },
    },
    columns: [
      ["Minute", "minutes"],
      ["Requests a second", "perS"],
    ],
  });
}

function cycleChart(
  id: string,
  question: string,
  key: "hourOfDay" | "weekday",
  name: (index: number) => string,
): TrafficChart {
  return simple({
    id,
    question,
    absence: (traffic) =>
      traffic[key] === null
        ? "The recording has no instants, only times from its start."
        : traffic.spanMs < (key === "weekday" ? DAY_MS : 2 * HOUR_MS)
          ? "The recording is too short to show it."
          : undefined,
    heading: (traffic) => {
      const counts = traffic[key]!;
      const most = counts.indexOf(Math.max(...counts));
      return {
        title: `Most requests come at ${name(most)}: ${formatShare(counts[most]! / traffic.rows)} of them`,
        subtitle: "Counts of the whole recording, UTC.",
      };
    },
    rows: (traffic) => traffic[key]!.map((count, i) => ({ when: name(i), count })),
    mark: (theme) => ({ type: "bar", color: colourOf(theme) }),
    encoding: {
      x: { field: "when", type: "ordinal", sort: null, title: null },
      y: { field: "count", type: "quantitative", title: "Requests" },
    },
    columns: [
      ["When", "when"],
      ["Requests", "count"],
    ],
  });
}

function dispersionChart(): TrafficChart {
  const rows = ({ windows }: TrafficDescription) =>
    windows
      .filter(({ dispersion }) => dispersion > 0)
      .map(({ windowS, dispersion }) => ({ window: formatDuration(windowS * 1000), dispersion, poisson: 1 }));
  return simple({
    id: "dispersion",
    question: "How bursty is it, and on which scale?",
    absence: (traffic) => (rows(traffic).length === 0 ? "The recording is too short." : undefined),
    heading: (traffic) => ({
      title: rows(traffic)
        .map(({ window, dispersion }) => `${number(dispersion)} in ${window}`)
        .join(", "),
      subtitle:
        "Index of dispersion: variance of the number of requests in a window over its mean. 1 is a Poisson process, more is bursty.",
    }),
    rows,
    mark: (theme) => ({ type: "bar", color: colourOf(theme) }),
    encoding: {
      x: { field: "window", type: "ordinal", sort: null, title: "Window" },
      y: { field: "dispersion", type: "quantitative", title: "Variance / mean" },
    },
    columns: [
      ["Window", "window"],
      ["Variance / mean", "dispersion"],
    ],
  });
}

function lengthChart(): TrafficChart {
  const rows = ({ input, output }: TrafficDescription) =>
    [
      ["input", input],
      ["output", output],
    ].flatMap(([kind, summary]) =>
      (summary as LengthSummary).curve.map((tokens, percent) => ({ kind, percent, tokens: Math.max(1, tokens) })),
    );
  return simple({
    id: "lengths",
    question: "How long are prompts and answers?",
    absence: (traffic) => (rows(traffic).length === 0 ? "The recording tells no token counts." : undefined),
    heading: ({ input, output, correlation }) => ({
      title: `Half of the prompts have up to ${tokens(input.p50)} tokens, half of the answers up to ${tokens(output.p50)}`,
      subtitle: `Share of requests with at most so many tokens. p95: ${tokens(input.p95)} in, ${tokens(output.p95)} out. Rank correlation of the two: ${number(correlation.rank)}.`,
    }),
    rows,
    mark: () => ({ type: "line", strokeWidth: 2 }),
    encoding: {
      x: { field: "tokens", type: "quantitative", scale: { type: "log" }, title: "Tokens" },
      y: { field: "percent", type: "quantitative", title: "Share of requests (%)" },
      color: { field: "kind", type: "nominal", title: null, scale: { range: ["#0072b2", "#d55e00"] } },
      order: { field: "percent", type: "quantitative" },
    },
    columns: [
      ["Of", "kind"],
      ["Percent", "percent"],
      ["Tokens", "tokens"],
    ],
  });
}

function tenantChart(): TrafficChart {
  const rows = ({ tenants }: TrafficDescription) => {
    let [seen, sent] = [0, 0];
    const points = tenants.map(({ share }) => {
      seen += 100 / tenants.length;
      sent += 100 * share;
      return { tenants: seen, requests: sent };
    });
    return [{ tenants: 0, requests: 0 }, ...points];
  };
  return simple({
    id: "tenants",
    question: "Who sends the requests?",
    absence: (traffic) => (traffic.tenants.length < 2 ? "The recording names no tenants, or one." : undefined),
    heading: ({ tenants, gini }) => ({
      title: `${tenants[0]!.name} sends ${formatShare(tenants[0]!.share)} of the requests, the first of ${tenants.length} tenants`,
      subtitle: `Share of requests that the largest tenants send (Lorenz curve, largest first). Gini coefficient ${number(gini!)}: 0 is all alike.`,
    }),
    rows,
    mark: (theme) => ({ type: "line", point: true, color: colourOf(theme) }),
    encoding: {
      x: { field: "tenants", type: "quantitative", title: "Largest tenants (%)" },
      y: { field: "requests", type: "quantitative", title: "Their requests (%)" },
    },
    columns: [
      ["Largest tenants (%)", "tenants"],
      ["Their requests (%)", "requests"],
    ],
  });
}

interface Simple {
  readonly id: string;
  readonly question: string;
  readonly absence: (traffic: TrafficDescription) => string | undefined;
  readonly heading: (traffic: TrafficDescription) => ChartHeading;
  readonly rows: (traffic: TrafficDescription) => readonly Readonly<Record<string, unknown>>[];
  readonly mark: (theme: ChartTheme) => object;
  readonly encoding: object;
  readonly columns: readonly (readonly [label: string, field: string])[];
}

/** A chart of one layer, with its rows as a table. */
function simple({ id, question, absence, heading, rows, mark, encoding, columns }: Simple): TrafficChart {
  const chart: TrafficChart = {
    id,
    question,
    absence,
    heading,
    spec: (traffic, theme) =>
      ({
        ...frame(chart, heading(traffic), theme),
        width: WIDTH,
        height: 260,
        data: { values: rows(traffic) },
        mark: mark(theme),
        encoding,
      }) as TopLevelSpec,
    table: (traffic): Table => ({
      id,
      caption: question,
      columns: columns.map(([label, field], i) => (i === 0 ? leftColumn(label, field) : rightColumn(label, field))),
      rows: rows(traffic).map((row) => ({
        cells: columns.map(([, field]) => {
          const value = row[field];
          return textCell(typeof value === "number" ? number(value) : String(value));
        }),
      })),
    }),
  };
  return chart;
}

function colourOf(theme: ChartTheme): string {
  return theme.name === "dark" ? "#56b4e9" : "#0072b2";
}

function tokens(count: number): string {
  return formatCount(Math.round(count));
}

function number(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(3)));
}
