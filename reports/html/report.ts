/** The HTML output: the page of a run, section by section. */
import type { RunResult } from "../../simulator/experiment/result.ts";
import { targetText } from "../../simulator/experiment/shares.ts";
import { formatInstant, formatLength, formatLimitMs, pairingText, plural } from "../base/text.ts";
import { CHARTS } from "../charts/index.ts";
import {
  type Explorable,
  explorableExtension,
  explorableLink,
  explorableSection,
  type NotExplorable,
} from "../live/panel.ts";
import {
  boundTable,
  boundText,
  foresightTable,
  hasBound,
  hasForesight,
  reachedTable,
  regretTable,
} from "../tables/bound.ts";
import { decisionTable, explainedText, hasExplained, sightTable } from "../tables/explained.ts";
import { learnersText } from "../tables/learners.ts";
import {
  boundClasses,
  hasQuotas,
  quotaTable,
  quotaText,
  residencyCountTable,
  residencyRuleTable,
  residencyText,
} from "../tables/limits.ts";
import { hasTokens, readingTable, tokenTable, wasteText } from "../tables/money.ts";
import { hasQuotaNeeds, preferredStrategy, quotaNeedTable, quotaNeedText } from "../tables/quota-needs.ts";
import { classTable, regionTable, savingTable, strategyTable } from "../tables/strategies.ts";
import { hasTags, tagTable } from "../tables/tags.ts";
import { figureHtml, foldedTable, item, type Markup, markup, notesSection, tableHtml } from "./elements.ts";
import { filters, pageHtml } from "./page.ts";

/**
 * The report: one HTML file that loads nothing. It works by double click, with scripts off, in print and in both
 * colour schemes; a content security policy allows its own style and script and nothing else. Same result, same bytes.
 *
 * @param result      a run, as in `result.json`
 * @param explorable  the simulator with the run's scenario, to try other numbers in the page; none unless given
 * @returns           a whole HTML page
 * @throws            CHART_WARNING (internal) when a chart does not compile without warnings
 */
export async function renderHtml(result: RunResult, explorable?: Explorable | NotExplorable): Promise<string> {
  const figures: Markup[] = [];
  for (const chart of CHARTS) figures.push(await figureHtml(chart, result));
  return `${page(result, figures, explorable)}\n`;
}

function page(
  result: RunResult,
  figures: readonly Markup[],
  explorable: Explorable | NotExplorable | undefined,
): Markup {
  const names = result.strategies.map((one) => one.name);
  return pageHtml({
    title: `${result.scenario.name}: Meridian report`,
    heading: result.scenario.name,
    description: result.scenario.description,
    strategies: names,
    extension: explorableExtension(explorable),
    main: markup`${verdictSection(result)}${explorableLink(explorable)}
${conditionsSection(result)}
${filters(names)}
<section id="strategies">${tableHtml(strategyTable(result))}</section>
${classSection(result)}
${figures}
${explorableSection(explorable)}
<section id="groups"><h2>By billing rule and region</h2>
${foldedTable("Savings under each billing rule", savingTable(result))}
${foldedTable("By region", regionTable(result))}</section>
${moneySection(result)}
${boundSection(result)}
${explainedSection(result)}
${quotasSection(result)}
${residencySection(result)}
${assertionsSection(result)}
${notesSection(result)}
${provenanceSection(result)}`,
    footer: `Latency is measured from the intended arrival to the last byte (E2E) or the first token (TTFT), over all attempts and waits, for requests that were served.${result.strategies.length > 1 ? " ~ means that no difference is shown, not that there is none." : ""}`,
  });
}

/** The verdict is per class, so several classes stand beside the main table and not behind a fold. */
function classSection(result: RunResult): Markup {
  const table = classTable(result);
  return markup`<section id="by-class"><h2>By class of traffic</h2>${result.classes.length > 1 ? tableHtml(table) : foldedTable("The only class", table)}
${hasTags(result) ? foldedTable("By tag: who sends, costs and saves what", tagTable(result)) : ""}</section>`;
}

function moneySection(result: RunResult): Markup | "" {
  const readings = (result.priceReadings ?? []).length > 0;
  if (!hasTokens(result) && !readings) return "";
  return markup`<section id="money"><h2>The bill: tokens, prices, and what a what-if changes</h2><p>${wasteText(result)}</p>
${hasTokens(result) ? foldedTable("Tokens by kind, and the bill they add up to", tokenTable(result)) : ""}
${readings ? foldedTable("Savings at list prices and in each reading of the swing", readingTable(result)) : ""}</section>`;
}

/** The least possible cost, and how far each strategy is from it. */
function boundSection(result: RunResult): Markup | "" {
  if (result.bound === undefined) return "";
  if (!hasBound(result))
    return markup`<section id="bound"><h2>The least possible cost</h2><p>${boundText(result)}</p></section>`;
  const learners = learnersText(result).join(" ");
  return markup`<section id="bound"><h2>The least possible cost</h2><p>${boundText(result)}</p>
${learners === "" ? "" : markup`<p>${learners}</p>`}
${tableHtml(boundTable(result))}
${hasForesight(result) ? tableHtml(reachedTable(result)) : ""}
${hasForesight(result) ? foldedTable("What plans that knew the traffic came to", foresightTable(result)) : ""}
${foldedTable("Regret by class and hour", regretTable(result))}</section>`;
}

/** Sampled decisions against hindsight. */
function explainedSection(result: RunResult): Markup | "" {
  if (!hasExplained(result)) return "";
  return markup`<section id="explained"><h2>Decisions explained</h2><p>${explainedText(result)}</p>
${tableHtml(decisionTable(result))}
${foldedTable("What was seen of every target", sightTable(result))}</section>`;
}

function quotasSection(result: RunResult): Markup | "" {
  const needs = hasQuotaNeeds(result);
  if (!hasQuotas(result) && !needs) return "";
  return markup`<section id="quotas"><h2>Quotas: how large they have to be, what refused, when, how close</h2>
<p>${quotaNeedText(preferredStrategy(result))} ${hasQuotas(result) ? quotaText(result) : ""}</p>
${needs ? foldedTable("How large each quota has to be", quotaNeedTable(result)) : ""}
${hasQuotas(result) ? foldedTable("Every quota under every strategy", quotaTable(result)) : ""}</section>`;
}

function residencySection(result: RunResult): Markup | "" {
  if (boundClasses(result).length === 0) return "";
  return markup`<section id="residency"><h2>Residency</h2><p>${residencyText(result)}</p>
${tableHtml(residencyRuleTable(result))}
${foldedTable("By strategy and class", residencyCountTable(result))}</section>`;
}

/** The first thing on the page: the verdict, with failed assertions and unstable strategies. */
export function verdictSection(result: RunResult): Markup {
  const failed = result.assertions.filter((one) => !one.passed).length;
  const unstable = result.strategies.filter((one) => one.status === "unstable");
  const [headline = result.verdict, ...rest] = result.verdictSentences ?? [result.verdict];
  return markup`<p class="verdict">${headline}</p>
${rest.length === 0 ? "" : markup`<p class="reasons">${rest.join(" ")}</p>`}
${failed > 0 ? markup`<p class="alarm"><strong>${plural(failed, "assertion", "assertions")} failed</strong>, see <a href="#assertions">assertions</a>.</p>` : ""}
${unstable.map(
  (one) =>
    markup`<p class="alarm"><strong>${one.name} is unstable</strong>: ${one.statusReason ?? "its backlog grew without bound"}. Its latencies say how long the run was, not how good it is.</p>`,
)}`;
}

/** The conditions of the run: traffic, replications, seed, baseline, billing rule, classes. */
export function conditionsSection(result: RunResult): Markup {
  const { asked, done } = result.replications;
  const requests = result.strategies[0]?.total.counts.sent ?? 0;
  return markup`<dl class="conditions">
${item("Run", `${result.kind}, ${formatLength(result.durationMs)} from ${formatInstant(result.startsAt)}`)}
${item("Requests", `${plural(requests, "request", "requests")} per strategy over all replications`)}
${item("Replications", done === asked ? `${done}${result.strategies.length > 1 ? `, ${pairingText(result)}` : ""}` : `${done} of ${asked} asked for`, done < asked || done < 2)}
${item("Warm-up removed", result.warmup.kind === "none" ? "nothing" : result.warmup.removed)}
${item("Seed", String(result.seed))}
${item("Baseline", result.baseline)}
${item("Billing rule", `${result.billing} (others beside it)`)}
${item("Traces", result.traces.length === 0 ? "synthetic traffic" : result.traces.map((trace) => `${trace.name} (${trace.sha256.slice(0, 12)})`).join(", "))}
${item("Classes", result.classes.map(classText).join("; "))}
${residencyItem(result)}
${item("Meridian", `${result.versions.meridian}, scenario ${result.scenario.sha256.slice(0, 12)}`)}
</dl>`;
}

/** Where a class has a residency rule: violations, and requests refused to avoid one. */
function residencyItem(result: RunResult): Markup | "" {
  if (result.classes.every((one) => one.residency === null)) return "";
  const sum = (of: "residencyViolations" | "residencyRefused") =>
    result.strategies.reduce((total, strategy) => total + strategy.total.counts[of], 0);
  const violations = sum("residencyViolations");
  const text = `${plural(violations, "violation", "violations")}, ${plural(sum("residencyRefused"), "request", "requests")} refused because no target was legal`;
  return item("Residency", text, violations > 0);
}

function classText(one: RunResult["classes"][number]): string {
  const parts = [
    one.model,
    ...(one.sloE2eMs === null ? [] : [`E2E within ${formatLimitMs(one.sloE2eMs)}`]),
    ...(one.sloTtftMs === null ? [] : [`TTFT within ${formatLimitMs(one.sloTtftMs)}`]),
    ...(one.sloShare === undefined ? [] : [`${targetText(one.sloShare)} of its requests`]),
    ...(one.residency === null ? [] : [`residency ${one.residency}`]),
  ];
  return `${one.name} (${parts.join(", ")})`;
}

/** Every assertion with what was found; nothing where none was made. */
export function assertionsSection(result: RunResult): Markup | "" {
  if (result.assertions.length === 0) return "";
  return markup`<section id="assertions"><h2>Assertions</h2><ul class="assertions">${result.assertions.map(
    (one) =>
      markup`<li class="${one.passed ? "better" : "worse"}"><strong>${one.passed ? "passed" : "FAILED"}</strong> <code>${one.text}</code> found ${one.found}</li>`,
  )}</ul></section>`;
}

/** What is needed to make this page again: hashes, versions, seed, options. */
function provenanceSection(result: RunResult): Markup {
  return markup`<section id="provenance"><h2>Provenance</h2><dl class="conditions wide">
${item("Scenario", `${result.scenario.name}, sha256 ${result.scenario.sha256}`)}
${item("Versions", `Meridian ${result.versions.meridian}, result schema ${result.schemaVersion}`)}
${item("Seed", String(result.seed))}
${result.traces.map((trace) => item(`Trace ${trace.name}`, `sha256 ${trace.sha256}; ${trace.attribution}`))}
${result.strategies.map((one) => item(`Strategy ${one.name}`, `${one.kind} ${JSON.stringify(one.options)}`))}
</dl></section>`;
}
