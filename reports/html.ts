import { createHash } from "node:crypto";
import type { RunResult } from "../simulator/experiment/result.ts";
import { CHARTS } from "./charts/index.ts";
import { figureHtml } from "./html/figure.ts";
import { type Markup, markup, raw } from "./html/markup.ts";
import { SCRIPT } from "./html/script.ts";
import {
  assertionsSection,
  conditionsSection,
  notesSection,
  provenanceSection,
  verdictSection,
} from "./html/sections.ts";
import { STYLE } from "./html/style.ts";
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
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${result.scenario.name}: Meridian report</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header>
<h1>${result.scenario.name}</h1>
<p class="description">${result.scenario.description}</p>
<button type="button" id="theme" data-needs-script hidden>Light or dark</button>
</header>
<main>
${verdictSection(result)}
${conditionsSection(result)}
${filters(result)}
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
${provenanceSection(result)}
</main>
<footer>Latency is measured from the intended arrival to the last byte (E2E) or the first token (TTFT), over all attempts and waits, for requests that were served. ~ means that no difference is shown, not that there is none.</footer>
<script type="application/json" id="strategy-names">${raw(jsonForScript(result.strategies.map((one) => one.name)))}</script>
<script>${raw(SCRIPT)}</script>
</body>
</html>`;
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

function filters(result: RunResult): Markup | "" {
  if (result.strategies.length < 2) {
    return markup`<button type="button" id="all" hidden>All</button>`;
  }
  return markup`<form class="filters" data-needs-script hidden aria-label="Strategies to show"><strong>Show</strong>
${result.strategies.map(
  (one, index) =>
    markup`<label><input type="checkbox" data-filter="${index}" checked autocomplete="off"> ${one.name}</label>`,
)}
<button type="button" id="all">All</button></form>`;
}

function policy(): string {
  return [
    "default-src 'none'",
    `style-src '${digest(STYLE)}'`,
    `script-src '${digest(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** JSON that cannot end a script element or break a line of one. */
function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
