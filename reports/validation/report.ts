/** The three outputs of a validation: one HTML page, `summary.md` and the terminal. Pure functions of `validation.json`. */

import { printable } from "../../simulator/base/errors.ts";
import type { QuantityResult, StrategyValidation, ValidationResult } from "../../simulator/validate/result.ts";
import {
  intervalText,
  marginText,
  outcomeText,
  regretText,
  signedDifference,
  valueText,
} from "../../simulator/validate/text.ts";
import { openQuestions } from "../../simulator/validate/validate.ts";
import { formatCount, formatDuration, formatInstant } from "../base/text.ts";
import type { Chart } from "../charts/chart.ts";
import { figureHtml, foldedTable, item, type Markup, markup, notesSection, tableHtml } from "../html/elements.ts";
import { filters, pageHtml } from "../html/page.ts";
import { collapsedTable, escapeMarkdown, tableMarkdown } from "../text/markdown.ts";
import { paint, type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";
import { distributionsChart, quantilePairsChart } from "./distributions.ts";
import { residualsChart } from "./residuals.ts";
import { groupTable, harnessTable, harnessText, methodText, totalTable, windowText } from "./tables.ts";

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

/** `summary.md` of a validation: harness first, then each strategy's totals; groups collapsed. */
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

/** The harness's error, the verdict, and a table of what must be equivalent for each strategy. */
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
