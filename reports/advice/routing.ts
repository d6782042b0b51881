/** Geographic or global profile, how many regions, which classes to batch, and what a faster answer costs. */
import { type Advice, type RouteOutcome, rangeOr } from "../../simulator/advice/advice.ts";
import type { Outcome } from "../../simulator/advice/routes.ts";
import { formatMs, formatShare, PERCENT, plural, SHARE, USD } from "../base/text.ts";
import { markedSaving, OTHER_REQUESTS } from "../tables/other-requests.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { type AdviceQuestion, cellOf, p95Text, savingText, usd, usdMonth } from "./section.ts";

/** One row for each way to route. */
export function routeTable(id: string, caption: string, rows: readonly Outcome[], watched: string): Table {
  return {
    id,
    caption: `${caption} p95 of ${watched}; USD for 30.4 days like the run; saved: of what 1,000 served requests cost${rows.every(({ isLikeBaseline }) => isLikeBaseline) ? "" : `, ${OTHER_REQUESTS} where others fail than with the first`}.`,
    columns: [
      leftColumn("routing", "routing"),
      rightColumn("USD a month", "usd_per_month"),
      rightColumn("saved (%)", "saving_share"),
      rightColumn("p95 (s)", "p95_ms"),
      rightColumn("throttled (%)", "throttled_share"),
      rightColumn("failed (%)", "failed_share"),
    ],
    rows: rows.map((each) => ({
      cells: [
        textCell(each.strategy),
        cellOf(each.usdPerMonth, USD, 0),
        each.savingShare === null
          ? textCell("-")
          : markedSaving(cellOf(each.savingShare, PERCENT, 1), each.isLikeBaseline),
        cellOf(each.p95Ms, { symbol: "s", factor: 0.001 }, 2),
        cellOf(each.throttledShare, SHARE, 2),
        cellOf(each.failedShare, SHARE, 2),
      ],
    })),
  };
}

function leftText({ option: { left } }: RouteOutcome): string {
  const reasons = new Map<string, string[]>();
  for (const { name, reason } of left) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  return [...reasons].map(([reason, names]) => `not for ${names.join(", ")}: ${reason}`).join("; ");
}

/** Geographic or global. */
export const PROFILE: AdviceQuestion = {
  id: "profile",
  question: "Geographic or global profile?",
  answer: ({ routes, watchedClass }) => {
    const compared = routes.filter(({ option }) => option.regions === undefined && option.kind !== "batch");
    const sentences = compared
      .filter(({ option }) => option.kind !== "one region")
      .map((each) => {
        const { option, outcome } = each;
        const left = leftText(each);
        return `${capital(option.name)}: ${savingText(outcome)}, ${usdMonth(outcome.usdPerMonth)} a month, p95 of ${watchedClass} ${p95Text(outcome)}${left === "" ? "" : `; ${left}`}.`;
      });
    const best = cheapestServing(compared);
    return {
      answer: [
        compared.length < 2
          ? "This world offers no profile beside what is called now."
          : isServing(best)
            ? `${capital(best.option.name)} is the cheapest that serves, at ${usdMonth(best.outcome.usdPerMonth)} a month.`
            : `None of them serves alone: ${best.outcome.reason ?? best.outcome.level}. The cheapest is ${best.option.name}, at ${usdMonth(best.outcome.usdPerMonth)} a month of what it serves.`,
        ...sentences,
        "A profile does not choose by price: it is billed at the source region's rate and moves calls when that region is full. A global profile may run calls in any commercial region.",
      ],
      table: routeTable(
        "profiles",
        "Each class through its nearest region.",
        compared.map(({ outcome }) => outcome),
        watchedClass,
      ),
      commands: [],
      runs: ["routes"],
    };
  },
};

function cheapestServing(routes: readonly RouteOutcome[]): RouteOutcome {
  const fit = routes.filter(isServing);
  return (fit.length > 0 ? fit : routes).toSorted(
    (a, b) => (a.outcome.usdPerMonth.value ?? 0) - (b.outcome.usdPerMonth.value ?? 0),
  )[0]!;
}

function isServing({ outcome: { level } }: RouteOutcome): boolean {
  return level !== "fails requests" && level !== "unstable";
}

/** Fallbacks take only what is refused: what sharing the load gains, where a strategy is faster than that. */
export function sharedLoadText({ pool: { steps, worthIt }, frontier, watchedClass }: Advice): readonly string[] {
  const alone = steps.find(({ regions }) => regions === worthIt)?.outcome;
  const fastest = frontier[0]?.outcome;
  const [before, after] = [alone?.p95Ms.value ?? null, fastest?.p95Ms.value ?? null];
  if (alone === undefined || fastest === undefined || before === null || after === null) return [];
  if (after >= 0.99 * before) return [];
  return [
    `Sharing the load gains more than fallbacks do: with ${fastest.strategy} p95 of ${watchedClass} is ${p95Text(fastest)}, not ${p95Text(alone)}.`,
  ];
}

/** What more compute in a region would be worth: the bound's dual values, so an upper limit. */
export function capacityText({ capacity, strategy }: Advice): readonly string[] {
  if (capacity === null) return ["The run states no bound with capacity: what more of it would save is not known."];
  const worth = capacity.filter(({ usdPerMonthPerTenth }) => usdPerMonthPerTenth >= 0.005).slice(0, 3);
  if (worth.length === 0) {
    return [`A tenth more capacity of a region would save nothing under ${strategy}: with foresight none runs full.`];
  }
  const each = worth.map(({ id, usdPerMonthPerTenth }) => `${id} USD ${usd(usdPerMonthPerTenth)}`);
  return [`A tenth more capacity would save at most, a month under ${strategy}: ${each.join(", ")}.`];
}

/** How many regions. */
export const REGIONS: AdviceQuestion = {
  id: "regions",
  question: "How many regions are worth it?",
  answer: (advice) => {
    const { pool, watchedClass } = advice;
    const { steps, worthIt } = pool;
    const [first, last] = [steps[0], steps.at(-1)];
    if (first === undefined || last === undefined || steps.length < 2)
      return {
        answer: ["The classes have one region each to go to.", ...capacityText(advice)],
        table: undefined,
        commands: [],
        runs: ["as it is", "routes"],
      };
    const at = steps.find(({ regions }) => regions === worthIt)!.outcome;
    const gain =
      worthIt === first.regions
        ? `as a fallback a second one changes neither what is throttled (${formatShare(first.outcome.throttledShare)} of attempts) nor p95 by more than 1 %.`
        : `throttled attempts go from ${formatShare(first.outcome.throttledShare)} to ${formatShare(at.throttledShare)}, failed requests from ${formatShare(first.outcome.failedShare)} to ${formatShare(at.failedShare)}, p95 of ${watchedClass} from ${p95Text(first.outcome)} to ${p95Text(at)}; ${last.regions > worthIt ? "a further one brings no more." : "more were not tried."}`;
    return {
      answer: [
        `${capital(plural(worthIt, "region", "regions"))}: ${gain}`,
        "Regions are taken in the order of their distance to each class's callers, as fallbacks of one another: each brings its own quota. What a lost region would do is another question (faults in the scenario).",
        `In money: ${steps
          .slice(1)
          .map(({ regions, outcome }) => `${regions} regions ${savingText(outcome)}`)
          .join("; ")}.`,
        ...capacityText(advice),
        ...sharedLoadText(advice),
      ],
      table: routeTable(
        "regions",
        "The nearest regions of each class in order.",
        steps.map(({ outcome }) => outcome),
        watchedClass,
      ),
      commands: [],
      runs: ["as it is", "routes"],
    };
  },
};

/** What to defer. */
export const BATCH: AdviceQuestion = {
  id: "batch",
  question: "Which classes should go to batch?",
  answer: ({ deferrals, routes }) => {
    const offered = deferrals.filter(({ savingShare }) => (savingShare ?? 0) > 0);
    const now = offered.filter(({ deferrable }) => deferrable);
    const rest = offered.filter(({ deferrable }) => !deferrable);
    const saved = (each: (typeof deferrals)[number]) =>
      usdMonth(rangeOr(each.ranges?.savedUsd, (each.usdPerMonth ?? 0) * (each.savingShare ?? 0)));
    const ran = routes.find(({ option }) => option.kind === "batch");
    return {
      answer: [
        now.length === 0
          ? offered.length === 0
            ? "Batch is offered for none of the models here."
            : "None of the classes says that it may wait (deferrable: true)."
          : `Defer ${now.map((each) => `${each.className} (${saved(each)} a month less by list price)`).join(", ")}.`,
        ...(ran === undefined ? [] : [`Simulated: ${savingText(ran.outcome)} in all.`]),
        ...unlistedText(offered),
        ...(rest.length === 0
          ? []
          : [
              `If their callers could wait up to 24 h: ${rest.map((each) => `${each.className} would save ${saved(each)} a month`).join(", ")}.`,
            ]),
      ],
      table: {
        id: "batch",
        caption: "By list price, USD for 30.4 days like the run.",
        columns: [
          leftColumn("class", "class"),
          leftColumn("may wait", "deferrable"),
          rightColumn("USD a month", "usd_per_month"),
          rightColumn("batch saves (%)", "saving_share"),
          leftColumn("through", "target"),
        ],
        rows: deferrals.map((each) => ({
          cells: [
            textCell(each.className),
            textCell(each.deferrable ? "yes" : "no"),
            cellOf(rangeOr(each.ranges?.usdPerMonth, each.usdPerMonth), USD, decimalsOf(each.usdPerMonth)),
            each.savingShare === null
              ? { text: "not offered", value: null }
              : { text: (100 * each.savingShare).toFixed(0), value: each.savingShare },
            textCell(each.target ?? "-"),
          ],
        })),
      },
      commands: [],
      runs: ["routes"],
    };
  },
};

/** Classes whose models the price list does not sell as batch. */
function unlistedText(offered: Advice["deferrals"]): readonly string[] {
  const unlisted = offered.filter(({ isListed }) => !isListed).map(({ className }) => className);
  if (unlisted.length === 0) return [];
  return [
    `The price list has no batch price of the ${unlisted.length === 1 ? "model" : "models"} of ${unlisted.join(", ")}: the usual ratio stands in, and batch may not be sold for ${unlisted.length === 1 ? "it" : "them"}.`,
  ];
}

/** What the milliseconds cost. */
export const LATENCY_PRICE: AdviceQuestion = {
  id: "latency-price",
  question: "What does a faster answer cost?",
  answer: ({ frontier, watchedClass }: Advice) => {
    const steps = frontier.filter(({ savedUsd }) => savedUsd !== null);
    const [fastest] = frontier;
    if (fastest === undefined)
      return { answer: ["No strategy serves."], table: undefined, commands: [], runs: ["as it is"] };
    return {
      answer: [
        `${fastest.outcome.strategy} is the fastest that serves: p95 of ${watchedClass} ${p95Text(fastest.outcome)} at ${usdMonth(fastest.outcome.usdPerMonth)} a month.`,
        ...(steps.length === 0 ? ["None is cheaper than it: nothing to trade."] : []),
        ...steps.map(
          ({ outcome, savedUsd, savedRange, slowerMs }) =>
            `${outcome.strategy} (${outcome.run}) saves ${usdMonth(rangeOr(savedRange ?? undefined, savedUsd))} a month for ${formatMs(slowerMs)} of p95: USD ${usd((savedUsd! * 1000) / Math.max(1, slowerMs!))} for each second.`,
        ),
      ],
      table: {
        id: "frontier",
        caption: `What none is both cheaper and faster than. p95 of ${watchedClass}; each step against the one above.`,
        columns: [
          leftColumn("strategy", "strategy"),
          leftColumn("run", "run"),
          rightColumn("p95 (s)", "p95_ms"),
          rightColumn("USD a month", "usd_per_month"),
          rightColumn("saved USD", "saved_usd"),
          rightColumn("slower (ms)", "slower_ms"),
        ],
        rows: frontier.map(({ outcome, savedUsd, savedRange, slowerMs }) => ({
          cells: [
            textCell(outcome.strategy),
            textCell(outcome.run),
            cellOf(outcome.p95Ms, { symbol: "s", factor: 0.001 }, 2),
            cellOf(outcome.usdPerMonth, USD, 0),
            savedUsd === null
              ? textCell("-")
              : cellOf(rangeOr(savedRange ?? undefined, savedUsd), USD, decimalsOf(savedUsd)),
            slowerMs === null ? textCell("-") : { text: slowerMs.toFixed(0), value: slowerMs },
          ],
        })),
      },
      commands: [],
      runs: ["as it is", "routes"],
    };
  },
};

/** Cents of what is small. */
function decimalsOf(usdPerMonth: number | null): number {
  return Math.abs(usdPerMonth ?? 0) < 10 ? 2 : 0;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
