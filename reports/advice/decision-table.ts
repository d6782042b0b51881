/** Which way to buy and to route when: the rule for each, and what it means for this scenario. */
import { type Advice, type RouteOutcome, rangeOr } from "../../simulator/advice/advice.ts";
import type { Estimate } from "../../simulator/base/statistics.ts";
import { formatShare, plural } from "../base/text.ts";
import { leftColumn, type Table, textCell } from "../tables/table.ts";
import { PROVISIONED_TERM_NAMES } from "./commitments.ts";
import { sharedLoadText } from "./routing.ts";
import { centsRange, p95Text, savingText, tokens, usdMonth } from "./section.ts";

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
  return `${usdMonth(outcome.usdPerMonth)}${saving}; p95 ${p95Text(outcome)}, throttled ${formatShare(outcome.throttledShare.value)}${classes}`;
}

function poolText(advice: Advice): string {
  const { steps, worthIt } = advice.pool;
  if (steps.length < 2) return "each class has one region to go to";
  const [one, best] = [steps[0]!.outcome, steps.find(({ regions }) => regions === worthIt)!.outcome];
  const [shared] = sharedLoadText(advice);
  return worthIt === 1
    ? (shared ?? `no gain: one region throttles ${formatShare(one.throttledShare.value)}`)
    : `${worthIt} regions: throttled ${formatShare(one.throttledShare.value)} to ${formatShare(best.throttledShare.value)}`;
}

function reservedText({ reservations }: Advice): string {
  if (reservations.length === 0) return "no price known for these models";
  const pays = reservations.filter(({ bestUsd, onDemandUsd }) => bestUsd !== undefined && bestUsd < onDemandUsd);
  const [best] = pays.toSorted((a, b) => Number(a.bestUsd! - a.onDemandUsd - (b.bestUsd! - b.onDemandUsd)));
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
