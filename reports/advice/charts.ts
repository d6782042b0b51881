/** Pictures of a plan: quotas set, needed and asked for; what more regions bring; load against what is reserved. */
import type { TopLevelSpec } from "vega-lite";
import type { Advice } from "../../simulator/advice/advice.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import { RESERVED_MINIMUM_TPM } from "../../simulator/service/pricing/reserved.ts";
import { formatDuration, formatShare } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import { frame } from "../charts/parts/frame.ts";
import { leftColumn, rightColumn, textCell } from "../tables/table.ts";
import { tokens } from "./section.ts";

/** Of a plot: with its axis it fits a telephone, where it is half as large. */
const WIDTH = 420;
const MARKS = ["set", "needed", "asked for", "needed with max_tokens unset"] as const;

function colours(theme: ChartTheme): readonly string[] {
  return [theme.muted, ...theme.hues.slice(0, 3)];
}

function conditions({ hours, replications }: Advice): string {
  return `${formatDuration(hours * HOUR_MS)} simulated, ${replications} replication${replications === 1 ? "" : "s"}`;
}

/** Tokens a minute of each quota. */
export const quotaChart: Chart<Advice> = {
  id: "plan-quotas",
  question: "How far are quotas from what the busiest minute needs?",
  absence: ({ quotas }) => (quotas.length === 0 ? "No call draws on a quota." : undefined),
  heading: (advice) => {
    const short = advice.quotas.filter(({ binds }) => binds).length;
    return {
      title: `${short} of ${advice.quotas.length} quotas bind under ${advice.strategy}`,
      subtitle: `Tokens a minute by the strictest window law; at most 1 % of the calls throttled. ${conditions(advice)}.`,
    };
  },
  spec: (advice, theme) =>
    ({
      ...frame(quotaChart, quotaChart.heading(advice), theme),
      width: WIDTH,
      height: 34 * advice.quotas.length,
      data: { values: quotaValues(advice) },
      mark: { type: "point", filled: true, size: 110 },
      encoding: {
        y: { field: "quota", type: "nominal", sort: null, axis: { title: null, labelLimit: 260 } },
        x: {
          field: "tpm",
          type: "quantitative",
          scale: { type: "log", nice: true },
          axis: { title: "Tokens a minute, log scale", format: "~s", tickCount: 6 },
        },
        color: {
          field: "what",
          type: "nominal",
          scale: { domain: [...MARKS], range: [...colours(theme)] },
          legend: { title: null, orient: "bottom", columns: 2 },
        },
        shape: {
          field: "what",
          type: "nominal",
          scale: { domain: [...MARKS], range: ["square", "circle", "triangle-up", "cross"] },
          legend: { title: null, orient: "bottom", columns: 2 },
        },
      },
    }) as TopLevelSpec,
  table: (advice) => ({
    id: "plan-quotas",
    caption: "Tokens a minute.",
    columns: [leftColumn("quota", "quota"), leftColumn("what", "what"), rightColumn("tokens a minute", "tpm")],
    rows: quotaValues(advice).map(({ quota, what, tpm }) => ({
      cells: [textCell(quota), textCell(what), { text: tokens(tpm), value: tpm }],
    })),
  }),
};

function quotaValues({ quotas }: Advice) {
  return quotas.flatMap((each) => {
    const values = [each.limitNow, each.needTpm, each.askTpm, each.unsetTpm];
    return MARKS.flatMap((what, i) => {
      const tpm = values[i];
      return tpm === null || tpm === undefined || tpm <= 0 ? [] : [{ quota: each.id, what, tpm }];
    });
  });
}

/** What is throttled with one, two, three regions. */
export const poolChart: Chart<Advice> = {
  id: "plan-regions",
  question: "What does one more region bring?",
  absence: ({ pool }) => (pool.steps.length < 2 ? "The classes have one region each to go to." : undefined),
  heading: (advice) => ({
    title: `${advice.pool.worthIt} of ${advice.pool.steps.length} regions are worth it`,
    subtitle: `Attempts throttled, and requests that failed. ${conditions(advice)}.`,
  }),
  spec: (advice, theme) =>
    ({
      ...frame(poolChart, poolChart.heading(advice), theme),
      width: WIDTH,
      height: 220,
      data: { values: poolValues(advice) },
      mark: { type: "line", point: { size: 70 } },
      encoding: {
        x: { field: "regions", type: "ordinal", axis: { title: "Regions, the nearest first", labelAngle: 0 } },
        y: {
          field: "percent",
          type: "quantitative",
          // Nothing throttled lies at the bottom, not in the middle of an axis without a length.
          scale: { domainMin: 0, domainMax: Math.max(1, ...poolValues(advice).map(({ percent }) => percent)) },
          axis: { title: "%", tickCount: 5 },
        },
        color: {
          field: "what",
          type: "nominal",
          scale: { domain: ["throttled attempts", "failed requests"], range: [...theme.hues.slice(0, 2)] },
          legend: { title: null, orient: "bottom" },
        },
        strokeDash: {
          field: "what",
          type: "nominal",
          scale: { domain: ["throttled attempts", "failed requests"] },
          legend: { title: null, orient: "bottom" },
        },
      },
    }) as TopLevelSpec,
  table: (advice) => ({
    id: "plan-regions",
    caption: "Shares in %.",
    columns: [rightColumn("regions", "regions"), leftColumn("what", "what"), rightColumn("%", "percent")],
    rows: poolValues(advice).map(({ regions, what, percent }) => ({
      cells: [
        { text: String(regions), value: regions },
        textCell(what),
        { text: formatShare(percent / 100), value: percent },
      ],
    })),
  }),
};

function poolValues({ pool }: Advice) {
  return pool.steps.flatMap(({ regions, outcome }) => [
    { regions, what: "throttled attempts", percent: 100 * (outcome.throttledShare.value ?? 0) },
    { regions, what: "failed requests", percent: 100 * (outcome.failedShare.value ?? 0) },
  ]);
}

/** Load of the minutes in order, against the least that can be reserved. */
export const loadChart: Chart<Advice> = {
  id: "plan-load",
  question: "How steady is the load that a reservation would serve?",
  absence: ({ loadDurations }) =>
    loadDurations.length === 0 ? "No reserved price is known for what is called here." : undefined,
  heading: (advice) => {
    const shares = advice.reservations.flatMap(({ kinds }) => kinds.map(({ usedAtMinimum }) => usedAtMinimum));
    return {
      title: `Of the smallest reservation ${formatShare(Math.min(...shares))} to ${formatShare(Math.max(...shares))} would be used`,
      subtitle: `Tokens of each minute, the busiest first; dashed: the least that is sold. ${conditions(advice)}.`,
    };
  },
  spec: (advice, theme) => {
    const lines = loadValues(advice);
    const names = [...new Set(lines.map(({ line }) => line))];
    const range = names.map((_, i) => theme.hues[i % theme.hues.length]!);
    return {
      ...frame(loadChart, loadChart.heading(advice), theme),
      width: WIDTH,
      height: 240,
      layer: [
        {
          data: { values: lines },
          mark: { type: "line", interpolate: "step-after" },
          encoding: {
            color: {
              field: "line",
              type: "nominal",
              scale: { domain: names, range },
              legend: { title: null, orient: "bottom", columns: 2 },
            },
          },
        },
        {
          data: { values: (["input", "output"] as const).map((kind) => ({ tpm: RESERVED_MINIMUM_TPM[kind] })) },
          mark: { type: "rule", strokeDash: [5, 4], color: theme.muted },
          encoding: { x: { value: 0 }, x2: { value: WIDTH } },
        },
      ],
      encoding: {
        x: { field: "percent", type: "quantitative", axis: { title: "Share of the minutes (%)" } },
        y: {
          field: "tpm",
          type: "quantitative",
          scale: { type: "log" },
          axis: { title: "Tokens a minute, log scale", format: "~s", tickCount: 6 },
        },
      },
    } as TopLevelSpec;
  },
  table: (advice) => ({
    id: "plan-load",
    caption: "Tokens of the minutes that so many per cent of the minutes exceed.",
    columns: [leftColumn("of", "line"), rightColumn("% of minutes", "percent"), rightColumn("tokens a minute", "tpm")],
    rows: loadValues(advice)
      .filter(({ percent }) => percent % 10 === 0)
      .map(({ line, percent, tpm }) => ({
        cells: [textCell(line), { text: String(percent), value: percent }, { text: tokens(tpm), value: tpm }],
      })),
  }),
};

/** On a log axis a minute without calls has no place: it is drawn as one token. */
function loadValues({ loadDurations }: Advice) {
  return loadDurations.flatMap(({ target, kind, tokens: values }) =>
    values.map((tpm, percent) => ({ line: `${target}, ${kind}`, percent, tpm: Math.max(1, tpm) })),
  );
}

/** In the order of the page. */
export const ADVICE_CHARTS: Readonly<Record<string, Chart<Advice>>> = {
  quota: quotaChart,
  regions: poolChart,
  reserved: loadChart,
};
