/** The three outputs of a validation: one HTML page, `summary.md` and the terminal. Pure functions of `validation.json`. */
import { printable } from "../../simulator/base/errors.ts";
import { KEEPS_STATE } from "../../simulator/bench/checks.ts";
import {
  type GroupValidation,
  type HarnessError,
  intervalText,
  marginText,
  outcomeText,
  type QuantityResult,
  regretText,
  type StrategyValidation,
  signedDifference,
  type ValidationResult,
  valueText,
} from "../../simulator/validate/result.ts";
import { openQuestions } from "../../simulator/validate/validate.ts";
import { formatCount, formatDuration, formatInstant, formatList } from "../base/text.ts";
import type { Chart } from "../charts/chart.ts";
import { figureHtml, foldedTable, item, type Markup, markup, notesSection, tableHtml } from "../html/elements.ts";
import { filters, pageHtml } from "../html/page.ts";
import { type Cell, type Column, leftColumn, type Row, rightColumn, type Table, textCell } from "../tables/table.ts";
import { collapsedTable, escapeMarkdown, tableMarkdown } from "../text/markdown.ts";
import { paint, type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";
import { distributionsChart, quantilePairsChart } from "./distributions.ts";
import { residualsChart } from "./residuals.ts";

/** All charts of a validation, in the order of the page, each for the strategy with an index. A new one is a line here. */
export const VALIDATION_CHARTS: readonly ((index: number) => Chart<ValidationResult>)[] = [
  distributionsChart,
  quantilePairsChart,
  residualsChart,
];

/**
 * The page of a validation: the harness's own error first, then per strategy what must be equivalent, both
 * distributions, their Q–Q plot and the residuals with the margins. It loads nothing. Same result, same bytes.
 *
 * @param result  a validation, as in `validation.json`
 * @returns       a whole HTML page
 * @throws        CHART_WARNING (internal) when a chart does not compile without warnings
 */
export async function renderValidationHtml(result: ValidationResult): Promise<string> {
  const strategies: Markup[] = [];
  for (const [index, strategy] of result.strategies.entries()) {
    strategies.push(await strategySection(result, strategy, index));
  }
  return `${pageHtml({
    title: `${result.scenario.name}: Meridian validation`,
    heading: `${result.scenario.name}: validation`,
    description: result.scenario.description,
    strategies: result.strategies.map(({ name }) => name),
    main: markup`${verdictSection(result)}
${conditionsSection(result)}
${harnessSection(result)}
${filters(result.strategies.map(({ name }) => name))}
${strategies}
${notesSection(result)}
${provenanceSection(result)}`,
    footer:
      "Latency is measured from the intended arrival to the last byte (E2E) or the first token (TTFT), over all attempts and waits, for requests that were served. Undecided means that it was not shown, not that there is a difference.",
  })}\n`;
}

function verdictSection(result: ValidationResult): Markup {
  return markup`<p class="verdict">${result.verdict}</p>
${result.invalid.map((reason) => markup`<p class="alarm"><strong>Invalid</strong>: ${reason}.</p>`)}`;
}

function conditionsSection(result: ValidationResult): Markup {
  const { window, margins } = result;
  const percent = (share: number) => `${Number((100 * share).toPrecision(4))} %`;
  const points = (share: number) => `${Number((100 * share).toPrecision(4))} ${share === 0.01 ? "point" : "points"}`;
  return markup`<dl class="conditions">
${item("Window", `${formatDuration(window.lengthMs)} from ${formatInstant(window.startsAt)}`)}
${item("Requests", `${formatCount(result.requests)} per strategy, the same on both sides`)}
${item("Measured at", result.place)}
${item("Margins on latency", `p50 ${percent(margins.p50)}, p95 ${percent(margins.p95)}, p99 ${percent(margins.p99)}`)}
${item("Margins on shares", `429 ${points(margins.throttled)}, 503 ${points(margins.unavailable)}, failed ${points(margins.failed)}, split ${points(margins.split)}`)}
${item("Other margins", `cost ${percent(margins.cost)}, retries ${margins.retries} per request`)}
${item("Seed", String(result.seed))}
${item("Meridian", `${result.versions.meridian}, scenario ${result.scenario.sha256.slice(0, 12)}`)}
</dl>
<p class="subtitle">${methodText(result)}</p>`;
}

function harnessSection(result: ValidationResult): Markup {
  const { harness } = result;
  return markup`<section id="harness"><h2>First the harness itself</h2><p>${harnessText(result)}</p>
${harness === null ? "" : tableHtml(harnessTable(harness))}</section>`;
}

async function strategySection(result: ValidationResult, strategy: StrategyValidation, index: number) {
  const figures: Markup[] = [];
  for (const chart of VALIDATION_CHARTS) {
    figures.push(await figureHtml(chart(index), result));
  }
  return markup`<div data-strategy="${index}"><section id="strategy-${index + 1}"><h2>${strategy.name}: ${strategy.outcome}</h2>
${tableHtml(totalTable(strategy, index))}
<p>${regretText(strategy)}</p>
${foldedTable("By class and region", groupTable(strategy, index))}</section>
${figures}</div>`;
}

function provenanceSection(result: ValidationResult): Markup {
  return markup`<section id="provenance"><h2>Provenance</h2><dl class="conditions wide">
${item("Scenario", `${result.scenario.name}, sha256 ${result.scenario.sha256}`)}
${item("Versions", `Meridian ${result.versions.meridian}, validation schema ${result.schemaVersion}`)}
${item("Made again", "meridian validate --from and this folder: every figure comes from the rows beside this page")}
</dl></section>`;
}

/**
 * `summary.md` of a validation: harness first, then each strategy's totals; groups collapsed.
 *
 * @param result what validation.json holds
 * @returns Markdown
 */
export function renderValidationMarkdown(result: ValidationResult): string {
  const { harness } = result;
  return `${[
    `### ${escapeMarkdown(result.scenario.name)}: validation`,
    `**${escapeMarkdown(result.verdict)}**`,
    ...result.invalid.map((reason) => `**INVALID** ${escapeMarkdown(reason)}.`),
    escapeMarkdown(harnessText(result)),
    ...(harness === null ? [] : [collapsedTable(harnessTable(harness))]),
    ...result.strategies.flatMap((strategy, index) => [
      `#### ${escapeMarkdown(strategy.name)}: ${strategy.outcome}`,
      tableMarkdown(totalTable(strategy, index)),
      ...[regretText(strategy)].filter((text) => text !== "").map(escapeMarkdown),
      collapsedTable(groupTable(strategy, index)),
    ]),
    escapeMarkdown(windowText(result)),
    escapeMarkdown(methodText(result)),
    ...result.notes.map((note) => `- ${escapeMarkdown(note)}`),
  ].join("\n\n")}\n`;
}

/**
 * The harness's error, the verdict, and a table of what must be equivalent for each strategy.
 *
 * @param result  what validation.json holds
 * @param options colour, and width in columns (80 at least)
 * @returns text for a terminal
 */
export function renderValidationTerminal(result: ValidationResult, options: TerminalOptions): string {
  const width = Math.max(80, options.width);
  const lines = [
    ...wrap(printable(harnessText(result)), width),
    "",
    ...wrap(printable(result.verdict), width),
    ...result.invalid.flatMap((reason) => wrap(`INVALID: ${printable(reason)}`, width)),
    ...result.strategies.flatMap((strategy) => ["", ...strategyLines(strategy, options, width)]),
    "",
    ...wrap(printable(windowText(result)), width),
    ...wrap(methodText(result), width),
    ...result.notes.flatMap((note) => wrap(printable(note), width)),
  ];
  return `${lines.join("\n")}\n`;
}

function strategyLines(strategy: StrategyValidation, { colour }: TerminalOptions, width: number): readonly string[] {
  const table = terminalTable(
    [
      ["", "simulated", "measured", "difference", "90 % interval", "margin", ""],
      ...strategy.total.quantities.map((quantity) => terminalCells(quantity, colour)),
    ],
    { aligns: ["left", "right", "right", "right", "right", "right", "left"], gap: 2 },
  );
  const elsewhere = openQuestions(strategy).filter(({ group }) => group !== strategy.total);
  return [
    `${printable(strategy.name)}: ${strategy.outcome}`,
    ...table,
    ...wrap(printable(regretText(strategy)), width).filter((line) => line !== ""),
    ...elsewhere.flatMap(({ group, quantity }) => {
      const text = `${group.name}: ${quantity.name} ${signedDifference(quantity)} (${intervalText(quantity)})`;
      return wrap(`  ${printable(text)}, ${outcomeText(quantity)}`, width);
    }),
  ];
}

function terminalCells(quantity: QuantityResult, colour: boolean): string[] {
  const style = { equivalent: "green", different: "red", undecided: "yellow", "too few": "yellow" } as const;
  const text = outcomeText(quantity).replace(/: about (\d+) requests needed/, ", needs $1");
  return [
    printable(quantity.name),
    valueText(quantity.simulated, quantity.unit),
    valueText(quantity.measured, quantity.unit),
    signedDifference(quantity),
    intervalText(quantity),
    marginText(quantity),
    paint(style[quantity.outcome], text, colour),
  ];
}

/** A strategy's totals, which must be equivalent on both sides. */
export function totalTable(strategy: StrategyValidation, index: number): Table {
  const { blockRequests, quantities } = strategy.total;
  return {
    id: `totals-${index + 1}`,
    caption: `${strategy.name}: simulated against measured, with 90 % intervals from blocks of ${formatCount(blockRequests)} neighbouring requests`,
    columns: [leftColumn("Quantity", "quantity"), ...COLUMNS],
    rows: quantities.map((quantity) => ({ cells: [textCell(quantity.name), ...quantityCells(quantity)] })),
  };
}

/** The same quantities by class and by region; they fail only where a difference is certain. */
export function groupTable(strategy: StrategyValidation, index: number): Table {
  const rows = [...groupRows(strategy.byClass, "class"), ...groupRows(strategy.byRegion, "region")];
  return {
    id: `groups-${index + 1}`,
    caption: `${strategy.name}: by class and by region that ran the request (429 and 503: that was called)`,
    columns: [leftColumn("Group", "group"), leftColumn("Quantity", "quantity"), ...COLUMNS],
    rows,
  };
}

/** What the harness measured of endpoints whose latency is known exactly. */
export function harnessTable(harness: HarnessError): Table {
  return {
    id: "harness",
    caption: `The harness against a known answer: ${formatCount(harness.requests)} requests to ${harness.law}`,
    columns: [
      leftColumn("Latency", "latency"),
      rightColumn("Exact", "exact_ms"),
      rightColumn("Measured", "measured_ms"),
      rightColumn("The harness errs by", "error_ms"),
      rightColumn("of the exact value", "error_share"),
      rightColumn("of the smallest margin", "margin_share"),
    ],
    rows: harness.rows.map((row) => ({
      cells: [
        textCell(`${row.percentile} ${row.metric.toUpperCase()}`),
        { text: valueText(row.exactMs, "ms"), value: row.exactMs },
        { text: valueText(row.measuredMs, "ms"), value: row.measuredMs },
        { text: `${row.errorMs < 0 ? "−" : ""}${Math.abs(row.errorMs).toFixed(2)} ms`, value: row.errorMs },
        {
          text: `${row.errorShare < 0 ? "−" : ""}${Math.abs(100 * row.errorShare).toFixed(2)} %`,
          value: row.errorShare,
        },
        {
          text: row.shareOfMargin === null ? "n/a" : `${(100 * row.shareOfMargin).toFixed(0)} %`,
          value: row.shareOfMargin,
        },
      ],
    })),
  };
}

const COLUMNS: readonly Column[] = [
  rightColumn("Simulated", "simulated"),
  rightColumn("Measured", "measured"),
  rightColumn("Difference", "difference"),
  rightColumn("Margin", "margin"),
  leftColumn("Shown", "outcome"),
];

function groupRows(groups: readonly GroupValidation[], what: string): Row[] {
  return groups.flatMap(({ name, quantities }) =>
    quantities
      .filter(({ simulated, measured }) => simulated !== null || measured !== null)
      .map((quantity) => ({
        cells: [textCell(`${what} ${name}`), textCell(quantity.name), ...quantityCells(quantity)],
      })),
  );
}

function quantityCells(quantity: QuantityResult): Cell[] {
  const { simulated, measured, difference, margin, unit, outcome } = quantity;
  const interval = intervalText(quantity);
  const tone = { equivalent: "better", different: "worse", undecided: "warning", "too few": "neutral" } as const;
  return [
    { text: valueText(simulated, unit), value: simulated },
    { text: valueText(measured, unit), value: measured },
    { text: signedDifference(quantity), value: difference, ...(interval === "" ? {} : { detail: interval }) },
    { text: marginText(quantity), value: margin },
    { text: "", value: outcome, change: { text: outcomeText(quantity), tone: tone[outcome] } },
  ];
}

/** The measurement error of the harness itself, which is said before anything else. */
export function harnessText({ harness }: ValidationResult): string {
  if (harness === null) return "The harness itself was not measured.";
  const e2e = harness.rows.filter(({ metric }) => metric === "e2e");
  const errors = e2e.map(({ percentile, errorMs }) => `${errorMs.toFixed(1)} ms at ${percentile}`);
  const shares = harness.rows.flatMap(({ shareOfMargin }) => (shareOfMargin === null ? [] : [shareOfMargin]));
  const most = shares.length === 0 ? "" : `, ${(100 * Math.max(...shares)).toFixed(0)} % of a margin at most`;
  const late =
    harness.serverLateMsP99 === null ? "" : ` and the endpoint woke ${harness.serverLateMsP99.toFixed(1)} ms late`;
  return `The harness itself errs by ${formatList(errors)} (E2E against exact answers to ${formatCount(harness.requests)} of the same arrivals)${most}; requests left ${harness.lagMsP99.toFixed(1)} ms${late} at the 99th percentile.`;
}

/** Length and start of the window, requests, seed, place. */
export function windowText(result: ValidationResult): string {
  const { window, requests, place, seed, notes } = result;
  const start = notes.includes(KEEPS_STATE) ? "" : ", each strategy from an empty system";
  return `${formatCount(requests)} requests in ${formatDuration(window.lengthMs)} from ${formatInstant(window.startsAt)} of the scenario's clock, seed ${seed}, measured at ${place}${start}.`;
}

/** The statistical method: what is compared, and when two sides count as equivalent. */
export function methodText({ resamples }: ValidationResult): string {
  return `Differences are simulated against measured, of the same requests. Equivalent: the 90 % interval lies within the margin (two one-sided tests at 5 %), intervals from ${formatCount(resamples)} resamples of blocks of neighbouring pairs. All totals must be equivalent; classes and regions fail only where a difference is certain.`;
}
