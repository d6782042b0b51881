import type { RunResult } from "../simulator/experiment/result.ts";
import { CHARTS } from "./charts/index.ts";
import { figureHtml } from "./html/figure.ts";
import { type Markup, markup } from "./html/markup.ts";
import { filters, pageHtml } from "./html/page.ts";
import {
  assertionsSection,
  conditionsSection,
  notesSection,
  provenanceSection,
  verdictSection,
} from "./html/sections.ts";
import { tableHtml } from "./html/table-html.ts";
import { classTable, regionTable } from "./tables/group-tables.ts";
import { hasQuotas, quotaTable, quotaWords } from "./tables/quota-table.ts";
import { boundClasses, residencyCountTable, residencyRuleTable, residencyWords } from "./tables/residency-tables.ts";
import { savingTable, strategyTable } from "./tables/strategy-table.ts";
import type { Table } from "./tables/table.ts";

/**
 * The report: one HTML file that loads nothing. It works by double click, with scripts off, in print and in both
 * colour schemes; a content security policy allows its own style and script and nothing else. Same result, same bytes.
 *
 * @throws INTERNAL when a chart does not compile clean
 */
export async function renderHtml(result: RunResult): Promise<string> {
  const figures: Markup[] = [];
  for (const chart of CHARTS) figures.push(await figureHtml(chart, result));
  return `${page(result, figures)}\n`;
}

function page(result: RunResult, figures: readonly Markup[]): Markup {
  const names = result.strategies.map((one) => one.name);
  return pageHtml({
    title: `${result.scenario.name}: Meridian report`,
    heading: result.scenario.name,
    description: result.scenario.description,
    strategies: names,
    main: markup`${verdictSection(result)}
${conditionsSection(result)}
${filters(names)}
<section id="strategies">${tableHtml(strategyTable(result))}</section>
${figures}
<section id="groups"><h2>By billing rule, class and region</h2>
${folded("Savings under each billing rule", savingTable(result))}
${folded("By class of traffic", classTable(result))}
${folded("By region", regionTable(result))}</section>
${quotasSection(result)}
${residencySection(result)}
${assertionsSection(result)}
${notesSection(result)}
${provenanceSection(result)}`,
    footer:
      "Latency is measured from the intended arrival to the last byte (E2E) or the first token (TTFT), over all attempts and waits, for requests that were served. ~ means that no difference is shown, not that there is none.",
  });
}

function quotasSection(result: RunResult): Markup | "" {
  if (!hasQuotas(result)) return "";
  return markup`<section id="quotas"><h2>Quotas: what refused, when, how close</h2><p>${quotaWords(result)}</p>
${folded("Every quota under every strategy", quotaTable(result))}</section>`;
}

function residencySection(result: RunResult): Markup | "" {
  if (boundClasses(result).length === 0) return "";
  return markup`<section id="residency"><h2>Residency</h2><p>${residencyWords(result)}</p>
${tableHtml(residencyRuleTable(result))}
${folded("By strategy and class", residencyCountTable(result))}</section>`;
}

function folded(summary: string, table: Table): Markup {
  return markup`<details><summary>${summary}</summary>${tableHtml(table)}</details>`;
}
