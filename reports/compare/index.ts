/**
 * Reports of a comparison of runs, pure functions of the comparison and the runs' results: a page, a terminal's lines,
 * Markdown for a pull request, CSV.
 */
import { printable } from "../../simulator/base/errors.ts";
import type { ComparedRow, ComparisonResult, RunPairing } from "../../simulator/compare/result.ts";
import { changeText, METRIC_NAMES } from "../../simulator/compare/verdict-text.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { plural } from "../base/text.ts";
import { figureHtml, foldedTable, item, type Markup, markup, tableHtml } from "../html/elements.ts";
import { filters, pageHtml } from "../html/page.ts";
import { toCsv } from "../tables/table.ts";
import { collapsedTable, escapeMarkdown, tableMarkdown } from "../text/markdown.ts";
import { paint, type TerminalOptions, type TerminalRow, terminalTable, wrap } from "../text/terminal.ts";
import { COMPARISON_CHARTS } from "./charts.ts";
import {
  comparisonCsv,
  comparisonTable,
  differencesTable,
  groupName,
  letterOf,
  listedRows,
  sameText,
  valueText,
  verdictWords,
} from "./tables.ts";

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

/** Differences of scenarios that are listed in a terminal; all are in the page and in the JSON document. */
const DIFFERENCES_MAX = 12;
const NAME_MAX = 30;

/**
 * What differs first, then the changes by metric, then the verdict and the gates.
 *
 * @returns lines of about 80 columns or more
 */
export function renderComparisonTerminal(result: ComparisonResult, options: TerminalOptions): string {
  const width = Math.max(80, options.width);
  const head = result.runs.map(
    ({ label, kind, scenario, seed, replications, meridian }) =>
      `${letterOf(result, label)}  ${printable(label)}: ${kind}, ${printable(scenario)}, seed ${seed}, ${plural(replications, "replication", "replications")}, Meridian ${printable(meridian)}`,
  );
  const lines = [
    ...wrap(printable(result.verdict), width),
    "",
    ...head,
    ...result.pairings.flatMap((pairing) => ["", ...pairingLines(result, pairing, { ...options, width })]),
    ...result.unmatched.flatMap((text) => wrap(printable(text), width)),
    ...(result.gates.length === 0 ? [] : [""]),
    ...result.gates.map(({ text, passed, found }) =>
      paint(
        passed ? "green" : "red",
        `${passed ? "passed" : "FAILED"}  ${printable(text)}: ${printable(found)}`,
        options.colour,
      ),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function pairingLines(result: ComparisonResult, pairing: RunPairing, options: TerminalOptions): readonly string[] {
  const letter = letterOf(result, pairing.label);
  const shown = pairing.differences.slice(0, DIFFERENCES_MAX);
  const more = pairing.differences.length - shown.length;
  const rows = listedRows(result, pairing.label);
  const refused = pairing.refusals.map((text) =>
    paint("red", `${result.forced ? "Forced" : "Refused"}: ${printable(text)}`, options.colour),
  );
  const same = sameText(result, pairing.label);
  return [
    ...(shown.length === 0 ? [`${letter} differs from A in nothing.`] : [`${letter} differs from A in:`]),
    ...shown.flatMap(({ what, a, b }) =>
      wrap(`  ${printable(what)}: ${printable(a)} -> ${printable(b)}`, options.width),
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...refused,
    ...(rows.length === 0
      ? []
      : [...wrap(`${pairing.method}: ${pairing.reason}`, options.width), "", ...tableLines(rows, letter, options)]),
    ...(same === "" ? [] : ["", same]),
    ...(rows.length === 0 ? [] : wrap(legendText(result), options.width)),
  ];
}

function legendText({ tests }: ComparisonResult): string {
  return `±: 95 % interval of the change; better and worse: shown after Holm's correction over ${plural(tests, "difference", "differences")}; ~: no difference shown.`;
}

function tableLines(rows: readonly ComparedRow[], letter: string, options: TerminalOptions): readonly string[] {
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  const table: TerminalRow[] = [];
  for (const metric of metrics) {
    if (table.length > 0) table.push(["", "", "", "", "", ""]);
    table.push([METRIC_NAMES[metric], "", "A", letter, `${letter} vs A`, ""]);
    for (const row of rows.filter((each) => each.metric === metric)) table.push(rowCells(row, options.colour));
  }
  return terminalTable(table, { aligns: ["left", "left", "right", "right", "right", "left"], gap: 2 });
}

function rowCells(row: ComparedRow, colour: boolean): TerminalRow {
  const isShown = row.verdict === "better" || row.verdict === "worse" || row.verdict === "differs";
  const change = isShown || row.verdict === "too few" ? changeText(row) : "~";
  const words = row.verdict === "not shown" ? openText(row) : `${verdictWords(row)}${isShown ? ` (n=${row.n})` : ""}`;
  const style = row.verdict === "better" ? "green" : row.verdict === "worse" ? "red" : undefined;
  return [
    `  ${cut(printable(row.strategy))}`,
    cut(printable(groupName(row))),
    valueText(row, "a"),
    valueText(row, "b"),
    row.verdict === "not comparable" ? "n/a" : change,
    style === undefined ? words : paint(style, words, colour),
  ];
}

function openText({ needs, n }: ComparedRow): string {
  return needs === null ? `(n=${n})` : `(n=${n}; needs n = ${needs.toLocaleString("en-US")})`;
}

function cut(text: string): string {
  return text.length > NAME_MAX ? `${text.slice(0, NAME_MAX - 1)}…` : text;
}

/** A pull request comment takes 65,536 characters; this leaves room for what a workflow adds around it. */
const SIZE_MAX_BYTES = 60_000;

/**
 * The comparison for a pull request: the first line is the verdict, changes that are shown are a table, the rest is
 * folded. Rows that do not fit are left out and counted.
 *
 * @returns GitHub-flavoured Markdown, 60,000 bytes at most
 */
export function renderComparisonMarkdown(result: ComparisonResult): string {
  const failed = result.gates.filter(({ passed }) => !passed);
  const head = [
    `**${failed.length > 0 ? `${plural(failed.length, "gate", "gates")} failed. ` : ""}${escapeMarkdown(result.verdict)}**`,
    ...(result.gates.length === 0
      ? []
      : [
          result.gates
            .map(
              (gate) =>
                `- ${gate.passed ? "passed" : "**FAILED**"} \`${code(gate.text)}\`: ${escapeMarkdown(gate.found)}`,
            )
            .join("\n"),
        ]),
    result.runs
      .map(({ label, kind, scenario, seed, replications }) =>
        escapeMarkdown(
          `${letterOf(result, label)} = ${label} (${kind}, ${scenario}, seed ${seed}, ${plural(replications, "replication", "replications")})`,
        ),
      )
      .join("; "),
  ];
  const parts = result.pairings.flatMap((pairing) => markdownParts(result, pairing));
  const kept = [...head];
  for (const part of parts) {
    if (bytesOf([...kept, part].join("\n\n")) > SIZE_MAX_BYTES) {
      kept.push("The rest does not fit here: see the comparison's page or JSON document.");
      break;
    }
    kept.push(part);
  }
  return `${clipped(kept.join("\n\n"))}\n`;
}

function markdownParts(result: ComparisonResult, pairing: RunPairing): readonly string[] {
  const table = comparisonTable(result, pairing);
  const rows = listedRows(result, pairing.label);
  const isShown = (_: unknown, i: number) => ["better", "worse", "differs"].includes(rows[i]!.verdict);
  const [shown, rest] = [table.rows.filter(isShown), table.rows.filter((row, i) => !isShown(row, i))];
  const same = sameText(result, pairing.label);
  return [
    ...pairing.refusals.map((text) => `> ${result.forced ? "Forced" : "Refused"}: ${escapeMarkdown(text)}`),
    ...(shown.length > 0 ? [`${escapeMarkdown(table.caption)}:`, tableMarkdown({ ...table, rows: shown })] : []),
    ...(rest.length > 0
      ? [
          collapsedTable({
            ...table,
            caption: `${plural(rest.length, "figure", "figures")} not shown to differ`,
            rows: rest,
          }),
        ]
      : []),
    ...(same === "" ? [] : [escapeMarkdown(same)]),
    ...(pairing.differences.length > 0 ? [collapsedTable(differencesTable(result, pairing))] : []),
  ];
}

function code(text: string): string {
  return printable(text).replaceAll("`", "'");
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Only reached where names alone are longer than a comment. */
function clipped(text: string): string {
  if (bytesOf(text) <= SIZE_MAX_BYTES) return text;
  let kept = text.slice(0, SIZE_MAX_BYTES / 4);
  kept = kept.slice(0, Math.max(kept.lastIndexOf("\n"), 0) || kept.length);
  return `${kept}\n\nCut here: see the comparison's page or JSON document.`;
}

/** All numbers of a comparison as CSV. */
export function renderComparisonCsv(result: ComparisonResult): string {
  return toCsv(comparisonCsv(result));
}
