/** The page of a comparison of runs. */
import type { ComparisonResult, RunPairing } from "../../simulator/compare/result.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { plural } from "../base/text.ts";
import { figureHtml, foldedTable, item, type Markup, markup, tableHtml } from "../html/elements.ts";
import { filters, pageHtml } from "../html/page.ts";
import { COMPARISON_CHARTS } from "./charts.ts";
import { comparisonTable, differencesTable, letterOf, sameText } from "./tables.ts";

/**
 * One HTML file that loads nothing: what differs, the changes, and the same charts of all runs side by side.
 *
 * @param results the runs' results, in the comparison's order
 */
export async function renderComparisonHtml(result: ComparisonResult, results: readonly RunResult[]): Promise<string> {
  const names = result.runs.map(({ label }) => label).join(" vs ");
  const figures: Markup[] = [];
  if (result.rows.length > 0) {
    for (const chart of COMPARISON_CHARTS) figures.push(await figureHtml(chart, { comparison: result, results }));
  }
  return `${pageHtml({
    title: `${names}: Meridian comparison`,
    heading: names,
    description: "A comparison of runs: the first one is the baseline.",
    strategies: [],
    main: markup`<p class="verdict">${result.verdict}</p>
${gatesSection(result)}
${runsSection(result)}
${filters([])}
${result.pairings.map((pairing) => pairingSection(result, pairing))}
${figures}
${result.unmatched.length === 0 ? "" : markup`<section id="unmatched"><h2>Not in all runs</h2><ul>${result.unmatched.map((text) => markup`<li>${text}</li>`)}</ul></section>`}`,
    footer:
      "Changes are of means over replications, with 95 % intervals; better and worse are said where Holm's correction over all differences of the page leaves them below 5 %. ~ means that no difference is shown, not that there is none.",
  })}\n`;
}

function gatesSection({ gates }: ComparisonResult): Markup | "" {
  if (gates.length === 0) return "";
  return markup`<section id="gates"><h2>Gates</h2><ul class="assertions">${gates.map(
    ({ text, passed, found }) =>
      markup`<li class="${passed ? "better" : "worse"}"><strong>${passed ? "passed" : "FAILED"}</strong> <code>${text}</code> found ${found}</li>`,
  )}</ul></section>`;
}

function runsSection(result: ComparisonResult): Markup {
  return markup`<dl class="conditions">${result.runs.map((run) =>
    item(
      letterOf(result, run.label),
      `${run.label}: ${run.kind}, ${run.scenario}, seed ${run.seed}, ${plural(run.replications, "replication", "replications")}, Meridian ${run.meridian}`,
    ),
  )}</dl>`;
}

function pairingSection(result: ComparisonResult, pairing: RunPairing): Markup {
  const letter = letterOf(result, pairing.label);
  const table = comparisonTable(result, pairing);
  const differs = differencesTable(result, pairing);
  return markup`<section id="against-${letter.toLowerCase()}"><h2>${letter} against A</h2>
${pairing.refusals.map((text) => markup`<p class="alarm"><strong>${result.forced ? "Forced" : "Refused"}</strong>: ${text}</p>`)}
<p class="subtitle">${pairing.method}: ${pairing.reason}. ${sameText(result, pairing.label)}</p>
${pairing.differences.length === 0 ? markup`<p>The runs differ in nothing.</p>` : pairing.differences.length > 8 ? foldedTable(differs.caption, differs) : tableHtml(differs)}
${table.rows.length === 0 ? "" : tableHtml(table)}</section>`;
}
