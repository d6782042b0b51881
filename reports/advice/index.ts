/** A plan as page, Markdown and text: each question with its answer, figures and the run behind it. */
import type { Advice } from "../../simulator/advice/advice.ts";
import { printable } from "../../simulator/base/errors.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import { formatCount, formatDuration, formatShare, plural } from "../base/text.ts";
import { figureHtml, markup, tableHtml } from "../html/elements.ts";
import { pageHtml } from "../html/page.ts";
import type { Table } from "../tables/table.ts";
import { escapeMarkdown, tableMarkdown } from "../text/markdown.ts";
import { type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";
import { ADVICE_CHARTS } from "./charts.ts";
import { RESERVED, RESIDENCY } from "./commitments.ts";
import { decisionTable } from "./decision-table.ts";
import { MAX_TOKENS, QUOTA } from "./quotas.ts";
import { BATCH, LATENCY_PRICE, PROFILE, REGIONS } from "./routing.ts";
import type { AdviceQuestion, AdviceSection } from "./section.ts";

/** The questions, in the order in which they are answered. */
export const ADVICE_QUESTIONS: readonly AdviceQuestion[] = [
  QUOTA,
  MAX_TOKENS,
  REGIONS,
  PROFILE,
  BATCH,
  RESERVED,
  LATENCY_PRICE,
  RESIDENCY,
];

function sectionsOf(advice: Advice): readonly AdviceSection[] {
  return ADVICE_QUESTIONS.map(({ id, question, answer }) => ({ id, question, ...answer(advice) }));
}

/** What was simulated, so that no figure is taken for more than it is. */
function basis(advice: Advice): string {
  const { scenario, hours, ofHours, callsPerReplication, replications, strategy, isRecommended } = advice;
  const part =
    hours >= ofHours
      ? ""
      : ` of its ${formatCount(Math.round(ofHours))} h, the busiest; a month is 30.4 days like these`;
  const intervals = replications < 2 ? " One replication has no intervals: give it a larger --budget." : "";
  return `${scenario}: ${formatDuration(hours * HOUR_MS)}${part}, ${plural(replications, "replication", "replications")} of ${formatCount(callsPerReplication)} requests. Quotas are sized for ${strategy}${isRecommended ? ", which the run prefers" : ""}.${intervals}`;
}

/** Which figures are estimates, by which method, and which are exact. */
function certainty({ demandReplications, replications, precision }: Advice): readonly string[] {
  const ofRuns =
    precision === null
      ? plural(replications, "replication", "replications")
      : `as many replications as bring them within ${formatShare(precision)}`;
  return [
    `Figures of runs (cost, saving, p95, throttled) are estimates: means with 95 % intervals (Student t) over ${ofRuns}, savings paired.`,
    `Figures by list price (batch, tiers, reservations, units, residency) are exact arithmetic on the tokens of the traffic; ranges are 95 % intervals of the mean over ${plural(demandReplications, "replication", "replications")} of it. Where none stands, the traffic is a recording or the figure does not vary.`,
    "Prices of an hour or a token, break-even shares and what is asked for are no estimates: list prices, ratios of them, and a need with the headroom that you chose.",
  ];
}

function evidence(section: AdviceSection, advice: Advice): string {
  const found = advice.runs.filter(({ label }) => section.runs.includes(label));
  return found.length === 0 ? "" : `Runs: ${found.map(({ label, run }) => `${label} (${run})`).join(", ")}.`;
}

/** @returns lines of at most `options.width` characters where words allow */
export function renderAdviceText(advice: Advice, options: TerminalOptions): string {
  const width = Math.max(80, options.width);
  const lines = (text: string) => wrap(printable(text), width);
  return [
    ...lines(basis(advice)),
    ...sectionsOf(advice).flatMap((section) => [
      "",
      section.question,
      ...section.answer.flatMap((text) => wrap(`- ${printable(text)}`, width)),
      ...section.commands.map((command) => `  $ ${printable(command)}`),
      ...(evidence(section, advice) === "" ? [] : wrap(evidence(section, advice), width)),
    ]),
    "",
    "What to use when",
    ...tableText(decisionTable(advice), [22, 26, width - 50]),
    "",
    ...[...advice.notes, ...certainty(advice)].flatMap((note) => wrap(`- ${printable(note)}`, width)),
    ...advice.runs.map(({ label, folder, about }) => `${label}: ${folder} (${printable(about)})`),
  ].join("\n");
}

function tableText({ columns, rows }: Table, widths: readonly number[]): readonly string[] {
  const cells = rows.map((row) => row.cells.map(({ text }, i) => wrap(printable(text), widths[i]! - 1).join("\n")));
  return terminalTable([columns.map(({ label }) => label), ...cells], {
    aligns: columns.map(() => "left" as const),
    gap: 1,
    widths: [...widths],
  });
}

export function renderAdviceMarkdown(advice: Advice): string {
  return [
    `## Plan: ${escapeMarkdown(advice.scenario)}`,
    escapeMarkdown(basis(advice)),
    ...sectionsOf(advice).flatMap((section) => [
      `### ${section.question}`,
      ...section.answer.map(escapeMarkdown),
      ...(section.commands.length === 0 ? [] : [`\`\`\`sh\n${section.commands.join("\n")}\n\`\`\``]),
      ...(section.table === undefined ? [] : [tableMarkdown(section.table)]),
      escapeMarkdown(evidence(section, advice)),
    ]),
    "### What to use when",
    tableMarkdown(decisionTable(advice)),
    ...[...advice.notes, ...certainty(advice)].map((note) => `- ${escapeMarkdown(note)}`),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

/** One page that loads nothing and prints. */
export async function renderAdviceHtml(advice: Advice): Promise<string> {
  const sections = await Promise.all(
    sectionsOf(advice).map(async (section) => {
      const chart = ADVICE_CHARTS[section.id];
      const drawn = chart === undefined || chart.absence(advice) !== undefined ? "" : await figureHtml(chart, advice);
      return markup`<section id="${section.id}"><h2>${section.question}</h2>
${section.answer.map((text) => markup`<p>${text}</p>`)}
${section.commands.length === 0 ? "" : markup`<div class="scroll" role="region" tabindex="0" aria-label="Lines to run"><pre><code>${section.commands.join("\n")}</code></pre></div>`}
${section.table === undefined ? "" : tableHtml(section.table)}
${drawn}
<p class="subtitle">${evidence(section, advice)}</p></section>`;
    }),
  );
  const page = pageHtml({
    title: `Plan of ${advice.scenario}`,
    heading: `What to do about ${advice.scenario}`,
    description: basis(advice),
    strategies: [],
    main: markup`${sections}
<section id="decisions"><h2>What to use when</h2>${tableHtml(decisionTable(advice))}</section>
<section id="basis"><h2>What this rests on</h2><ul>${[...advice.notes, ...certainty(advice)].map((note) => markup`<li>${note}</li>`)}</ul>
<ul>${advice.runs.map(({ label, run, about }) => markup`<li>${label}: run ${run}, ${about}</li>`)}</ul></section>`,
    footer: "Made by meridian plan.",
  });
  return String(page);
}
