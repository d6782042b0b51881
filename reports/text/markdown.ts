/** The Markdown output: `summary.md` of a run, and the writer of Markdown tables. */

import { markdownTable } from "markdown-table";
import { printable } from "../../simulator/base/errors.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { formatInstant, formatLength, plural } from "../base/text.ts";
import { boundTable, boundText, hasBound, regretTable } from "../tables/bound.ts";
import { decisionTable, explainedText, hasExplained } from "../tables/explained.ts";
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
import { hasTokens, readingTable, tokenTable } from "../tables/money.ts";
import { hasQuotaNeeds, preferredStrategy, quotaNeedTable, quotaNeedText } from "../tables/quota-needs.ts";
import { classTable, regionTable, savingTable, strategyTable } from "../tables/strategies.ts";
import type { Cell, Table } from "../tables/table.ts";
import { hasTags, tagTable } from "../tables/tags.ts";

/** A GitHub comment takes 65,536 characters; this leaves room for what a workflow adds around it. */
const SIZE_MAX_BYTES = 60_000;

/**
 * `summary.md`: verdict first, the strategy table, then details collapsed; made for a job summary or a pull request
 * comment. When it would be too long for one, the last details are left out and the text says so.
 *
 * @param result  a run, as in `result.json`
 * @returns       GitHub-flavoured Markdown, 60,000 bytes at most
 */
export function renderMarkdown(result: RunResult): string {
  const bound = boundClasses(result).length > 0;
  const quotas = hasQuotas(result);
  const head = [
    `### ${escapeMarkdown(result.scenario.name)}`,
    ...verdictLines(result),
    ...assertionLines(result),
    tableMarkdown(strategyTable(result)),
    conditions(result),
    ...(bound ? [escapeMarkdown(`Residency: ${residencyText(result)}`)] : []),
    ...(quotas ? [escapeMarkdown(`Quotas: ${quotaText(result)}`)] : []),
    ...(hasQuotaNeeds(result) ? [escapeMarkdown(quotaNeedText(preferredStrategy(result)))] : []),
    ...(result.bound === undefined ? [] : [escapeMarkdown(`Least possible cost: ${boundText(result)}`)]),
    ...learnersText(result).slice(0, 1).map(escapeMarkdown),
    ...(hasExplained(result) ? [escapeMarkdown(`Decisions explained: ${explainedText(result)}`)] : []),
    ...noteLines(result),
  ];
  const details = [
    savingTable(result),
    ...(bound ? [residencyRuleTable(result), residencyCountTable(result)] : []),
    classTable(result),
    ...(hasTags(result) ? [tagTable(result)] : []),
    regionTable(result),
    ...(hasTokens(result) ? [tokenTable(result)] : []),
    ...((result.priceReadings ?? []).length > 0 ? [readingTable(result)] : []),
    ...(quotas ? [quotaTable(result)] : []),
    ...(hasQuotaNeeds(result) ? [quotaNeedTable(result)] : []),
    ...(hasBound(result) ? [boundTable(result), regretTable(result)] : []),
    ...(hasExplained(result) ? [decisionTable(result)] : []),
  ].map(collapsedTable);
  const kept = [...head];
  for (const [index, detail] of [...details, provenance(result)].entries()) {
    if (byteLength([...kept, detail].join("\n\n")) > SIZE_MAX_BYTES) {
      kept.push(`${details.length + 1 - index} further sections are in report.html: they would not fit here.`);
      break;
    }
    kept.push(detail);
  }
  return `${truncate(kept.join("\n\n"))}\n`;
}

/** The headline in bold, the sentences behind it. */
function verdictLines({ verdict, verdictSentences }: RunResult): string[] {
  const [headline = verdict, ...rest] = verdictSentences ?? [verdict];
  return [`**${escapeMarkdown(headline)}**`, ...(rest.length === 0 ? [] : [escapeMarkdown(rest.join(" "))])];
}

function assertionLines(result: RunResult): string[] {
  if (result.assertions.length === 0) return [];
  const rows = result.assertions.map((one) => [
    one.passed ? "passed" : "**FAILED**",
    escapeMarkdown(one.text),
    escapeMarkdown(one.found),
  ]);
  return [markdownTable([["Assertion", "Text", "Found"], ...rows])];
}

function noteLines(result: RunResult): string[] {
  if (result.notes.length === 0) return [];
  return [["### Notes", "", ...result.notes.map((note) => `- ${escapeMarkdown(note)}`)].join("\n")];
}

function conditions(result: RunResult): string {
  const { asked, done } = result.replications;
  const replications =
    done === asked ? plural(done, "replication", "replications") : `${done} of ${asked} replications`;
  const tilde = result.strategies.length > 1 ? "; ~ means that no difference is shown" : "";
  return escapeMarkdown(
    `${result.kind === "simulated" ? "Simulated" : "Measured"} ${formatLength(result.durationMs)} from ${formatInstant(result.startsAt)}, seed ${result.seed}, ${replications}, warm-up removed: ${result.warmup.removed}, billing rule: ${result.billing}. Latency from the intended arrival to the last byte${tilde}.`,
  );
}

function provenance(result: RunResult): string {
  const rows = [
    ["Scenario", `sha256 ${result.scenario.sha256}`],
    ["Meridian", result.versions.meridian],
    ...result.traces.map((trace) => [`Trace ${trace.name}`, `sha256 ${trace.sha256}, ${trace.attribution}`]),
  ].map((row) => row.map(escapeMarkdown));
  return `<details><summary>Provenance</summary>\n\n${markdownTable([["What", "Value"], ...rows])}\n\n</details>`;
}

/** A table that GitHub shows behind its caption. */
export function collapsedTable(table: Table): string {
  return `<details><summary>${escapeMarkdown(table.caption)}</summary>\n\n${tableMarkdown(table)}\n\n</details>`;
}

/** A GitHub-flavoured Markdown table; the caption is left to the caller. */
export function tableMarkdown(table: Table): string {
  const align = table.columns.map((column) => (column.align === "right" ? "r" : "l"));
  const head = table.columns.map((column) => escapeMarkdown(column.label));
  return markdownTable([head, ...table.rows.map((row) => row.cells.map(cellMarkdown))], {
    align,
    alignDelimiters: false,
    padding: true,
  });
}

/** `text (detail), change`, without the parts that the cell does not have. */
function cellMarkdown({ text, detail, change }: Cell): string {
  const value = `${escapeMarkdown(text)}${detail === undefined ? "" : ` (${escapeMarkdown(detail)})`}`;
  return [value, change === undefined ? "" : escapeMarkdown(change.text)].filter((part) => part !== "").join(", ");
}

/** Text that shows as itself: no markup, no HTML, no mention, no line break. */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character] ?? character)
    .replace(/[\\`*_[\]|#~]/g, (character) => (character === "~" ? "&#126;" : `\\${character}`))
    .replace(/@/g, "&#64;");
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Cuts at the end of a line and says so; only needed with hundreds of strategies. */
function truncate(text: string): string {
  if (byteLength(text) <= SIZE_MAX_BYTES) return text;
  const lines: string[] = [];
  let bytes = 0;
  for (const line of text.split("\n")) {
    bytes += byteLength(line) + 1;
    if (bytes > SIZE_MAX_BYTES - 100) break;
    lines.push(line);
  }
  return `${lines.join("\n")}\n\nCut here: the rest is in report.html.`;
}
