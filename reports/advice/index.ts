/**
 * A plan as page, Markdown and text: each question with its answer, figures and the run behind it; and the table of which way
 * to buy and to route when, with what it means for this scenario.
 */
import { type Advice, type RouteOutcome, rangeOr } from "../../simulator/advice/advice.ts";
import { printable } from "../../simulator/base/errors.ts";
import type { Estimate } from "../../simulator/base/statistics.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import { formatCount, formatDuration, formatShare, plural } from "../base/text.ts";
import { figureHtml, markup, tableHtml } from "../html/elements.ts";
import { pageHtml } from "../html/page.ts";
import { leftColumn, type Table, textCell } from "../tables/table.ts";
import { escapeMarkdown, tableMarkdown } from "../text/markdown.ts";
import { type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";
import { ADVICE_CHARTS } from "./charts.ts";
import { PROVISIONED_TERM_NAMES, RESERVED, RESIDENCY, reservedTrial } from "./commitments.ts";
import { MAX_TOKENS, QUOTA } from "./quotas.ts";
import { BATCH, LATENCY_PRICE, PROFILE, REGIONS, sharedLoadText } from "./routing.ts";
import {
  type AdviceQuestion,
  type AdviceSection,
  centsRange,
  p95Text,
  savingText,
  tokens,
  usdMonth,
} from "./section.ts";

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

interface Decision {
  readonly option: string;
  readonly when: string;
  readonly here: string;
}

/** The table, filled in. */
export function decisionTable(advice: Advice): Table {
  return {
    id: "decisions",
    caption: `Filled with the figures of ${advice.scenario}; USD a month, p95 of ${advice.watchedClass}.`,
    columns: [leftColumn("way", "way"), leftColumn("use it when", "when"), leftColumn("here", "here")],
    rows: decisions(advice).map(({ option, when, here }) => ({ cells: [option, when, here].map(textCell) })),
  };
}

function decisions(advice: Advice): readonly Decision[] {
  const of = (kind: RouteOutcome["option"]["kind"]) => advice.routes.find(({ option }) => option.kind === kind);
  return [
    {
      option: "on-demand, one region",
      when: "one region has quota enough, or data must stay in it",
      here: routeText(of("one region")),
    },
    {
      option: "geographic profile",
      when: "more quota and spare capacity are wanted inside one legal area, at the region's price",
      here: routeText(of("geographic profile")),
    },
    {
      option: "global profile",
      when: "data may go anywhere: the lowest list price of Claude 4.5 and later, and most spare capacity",
      here: routeText(of("global profile")),
    },
    {
      option: "several source regions",
      when: "one region's quota is too small and a raise takes too long: each region brings its own",
      here: poolText(advice),
    },
    {
      option: "application profile",
      when: "cost has to be told apart by team: a copy of a model or profile with tags, at its price and quota",
      here: "changes no figure here; one for each team that is billed together now",
    },
    {
      option: "reserved tokens a minute",
      when: "load stays above the reserved level nearly all day, or a hard promise is needed",
      here: reservedText(advice),
    },
    {
      option: "provisioned throughput",
      when: "a model is sold by the unit and one unit would be busy all day; custom models",
      here: provisionedText(advice),
    },
    {
      option: "priority tier",
      when: "callers wait and queues are the problem, at any price",
      here: tierText(advice, "priority"),
    },
    { option: "flex tier", when: "callers can wait some minutes and retry", here: tierText(advice, "flex") },
    { option: "batch", when: "answers may take up to 24 h", here: batchText(advice) },
  ];
}

function routeText(route: RouteOutcome | undefined): string {
  if (route === undefined) return "not offered in this world";
  const { option, outcome } = route;
  const classes = option.left.length === 0 ? "" : ` (${option.classes.join(", ")} only)`;
  const saving = outcome.savingShare === null ? "" : `, ${savingText(outcome)}`;
  const isFailing = (outcome.failedShare.value ?? 0) >= 0.001;
  const failed = isFailing ? `, ${formatShare(outcome.failedShare)} of the requests failed` : "";
  return `${usdMonth(outcome.usdPerMonth)}${saving}; p95 ${p95Text(outcome)}, throttled ${formatShare(outcome.throttledShare)}${failed}${classes}`;
}

function poolText(advice: Advice): string {
  const { steps, worthIt } = advice.pool;
  if (steps.length < 2) return "each class has one region to go to";
  const [one, best] = [steps[0]!.outcome, steps.find(({ regions }) => regions === worthIt)!.outcome];
  const [shared] = sharedLoadText(advice);
  return worthIt === 1
    ? (shared ?? `no gain: one region throttles ${formatShare(one.throttledShare)}`)
    : `${worthIt} regions: throttled ${formatShare(one.throttledShare)} to ${formatShare(best.throttledShare)}`;
}

function reservedText(advice: Advice): string {
  const { reservations } = advice;
  if (reservations.length === 0) return "no price known for these models";
  const pays = reservations.filter(({ bestUsd, onDemandUsd }) => bestUsd !== undefined && bestUsd < onDemandUsd);
  const [best] = pays.toSorted((a, b) => Number(a.bestUsd! - a.onDemandUsd - (b.bestUsd! - b.onDemandUsd)));
  if (best !== undefined && reservedTrial(advice) === "costs more") return "does not pay: simulated it costs more";
  if (best !== undefined) {
    const units = best.kinds.map(({ kind, bestTpm }) => `${tokens(bestTpm)} ${kind}`).join(", ");
    return `${units} for ${plural(best.termMonths, "month", "months")}: USD ${centsRange(best.onDemandUsd - best.bestUsd!, best.ranges?.lessUsd)} a month less at best`;
  }
  const least = reservations.toSorted((a, b) =>
    Number(a.minimumUsd - a.onDemandUsd - (b.minimumUsd - b.onDemandUsd)),
  )[0]!;
  return `does not pay: the smallest costs USD ${centsRange(least.minimumUsd - least.onDemandUsd, least.ranges?.moreUsd)} a month more`;
}

function provisionedText({ provisioned }: Advice): string {
  const [best] = provisioned.toSorted((a, b) => b.meanTpm / b.breakEvenTpm - a.meanTpm / a.breakEvenTpm);
  if (best === undefined) return "no price of a model unit known for these models";
  const known = provisioned.filter((each) => each.best !== undefined);
  const [cheapest] = known.toSorted((a, b) => a.best!.usd - a.onDemandUsd - (b.best!.usd - b.onDemandUsd));
  if (cheapest !== undefined)
    return cheapest.best!.units === 0
      ? "no unit pays at any term"
      : `${plural(cheapest.best!.units, "unit", "units")} ${PROVISIONED_TERM_NAMES[cheapest.term]}: ${usdMonth(rangeOr(cheapest.ranges?.lessUsd, cheapest.onDemandUsd - cheapest.best!.usd))} a month less than on demand`;
  const verdict = best.meanTpm >= best.breakEvenTpm ? "may pay" : "does not pay";
  return `${verdict}: a unit costs as much as ${tokens(best.breakEvenTpm)} tokens a minute on demand, ${tokens(best.meanTpm)} are used on average; what a unit serves is not published (--unit-tpm)`;
}

function tierText({ tiers, routes }: Advice, tier: "priority" | "flex"): string {
  const found = tiers.find((each) => each.tier === tier);
  const base = routes.find(({ option }) => option.kind === "one region")?.outcome.usdPerMonth;
  const factor = found?.factor ?? null;
  if (factor === null || found === undefined || base === undefined || base.value === null)
    return "no list price for these models";
  const left = found.left.length === 0 ? "" : ` (not for ${found.left.join(", ")})`;
  return `${usdMonth(times(base, factor))} by list price, ${factor.toFixed(2)} x standard${left}`;
}

function times({ value, low, high, n }: Estimate, factor: number): Estimate {
  const of = (each: number | null) => (each === null ? null : each * factor);
  return { value: of(value), low: of(low), high: of(high), n };
}

function batchText({ deferrals }: Advice): string {
  const offered = deferrals.filter(({ savingShare }) => (savingShare ?? 0) > 0);
  if (offered.length === 0) return "not offered for these models";
  const now = offered.filter(({ deferrable }) => deferrable);
  if (now.length === 0) return "no class says that it may wait";
  return now
    .map((each) => {
      const saved = rangeOr(each.ranges?.savedUsd, (each.usdPerMonth ?? 0) * each.savingShare!);
      return `${each.className}: ${usdMonth(saved)} a month less`;
    })
    .join("; ");
}
