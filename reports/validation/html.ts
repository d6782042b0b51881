import type { StrategyValidation, ValidationResult } from "../../simulator/validation/result.ts";
import { distributionsChart } from "../charts/validation/distributions.ts";
import { quantilePairsChart } from "../charts/validation/quantile-pairs.ts";
import { residualsChart } from "../charts/validation/residuals.ts";
import { formatCount, formatDuration, formatInstant } from "../format.ts";
import { figureHtml } from "../html/figure.ts";
import { type Markup, markup } from "../html/markup.ts";
import { filters, pageHtml } from "../html/page.ts";
import { tableHtml } from "../html/table-html.ts";
import { groupTable, harnessTable, totalTable } from "./tables.ts";
import { harnessWords, methodWords } from "./words.ts";

/**
 * The page of a validation: the harness's own error first, then per strategy what must be equivalent, both
 * distributions, their Q–Q plot and the residuals with the margins. It loads nothing. Same result, same bytes.
 *
 * @throws INTERNAL when a chart does not compile clean
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
<p class="subtitle">${methodWords(result)}</p>`;
}

function harnessSection(result: ValidationResult): Markup {
  const { harness } = result;
  return markup`<section id="harness"><h2>First the harness itself</h2><p>${harnessWords(result)}</p>
${harness === null ? "" : tableHtml(harnessTable(harness))}</section>`;
}

async function strategySection(result: ValidationResult, strategy: StrategyValidation, index: number) {
  const figures: Markup[] = [];
  for (const chart of [distributionsChart(index), quantilePairsChart(index), residualsChart(index)]) {
    figures.push(await figureHtml(chart, result));
  }
  const groups = groupTable(strategy, index);
  return markup`<div data-strategy="${index}"><section id="strategy-${index + 1}"><h2>${strategy.name}: ${strategy.outcome}</h2>
${tableHtml(totalTable(strategy, index))}
<details><summary>By class and region</summary>${tableHtml(groups)}</details></section>
${figures}</div>`;
}

function notesSection({ notes }: ValidationResult): Markup | "" {
  if (notes.length === 0) return "";
  return markup`<section id="notes"><h2>Notes</h2><ul>${notes.map((note) => markup`<li>${note}</li>`)}</ul></section>`;
}

function provenanceSection(result: ValidationResult): Markup {
  return markup`<section id="provenance"><h2>Provenance</h2><dl class="conditions wide">
${item("Scenario", `${result.scenario.name}, sha256 ${result.scenario.sha256}`)}
${item("Versions", `Meridian ${result.versions.meridian}, validation schema ${result.schemaVersion}`)}
${item("Made again", "meridian validate --from and this folder: every figure comes from the rows beside this page")}
</dl></section>`;
}

function item(name: string, value: string): Markup {
  return markup`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
