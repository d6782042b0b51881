/** Reserved capacity and residency: what is paid for a promise. */
import { type Advice, rangeOr } from "../../simulator/advice/advice.ts";
import { FREE_USD, type ReservedKind } from "../../simulator/advice/commitments.ts";
import type { Estimate } from "../../simulator/base/statistics.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import { toNumber } from "../../simulator/bill/bill-line.ts";
import { FAILED_SHARE_MARGIN } from "../../simulator/experiment/standing.ts";
import { formatCount, formatDuration, formatNumber, formatShare, plural, USD } from "../base/text.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { type AdviceQuestion, amountCell, cellOf, centsRange, p95Text, tokens, usd, usdMonth } from "./section.ts";

/** How much to reserve. */
export const RESERVED: AdviceQuestion = {
  id: "reserved",
  question: "How much capacity should I reserve, and for how long?",
  answer: (advice) => {
    const { reservations } = advice;
    if (reservations.length === 0)
      return {
        answer: [
          "No price of reserved tokens a minute is known for the models that are called here.",
          ...units(advice),
        ],
        table: undefined,
        commands: [],
        runs: [],
      };
    const pays = reservations
      .filter(({ bestUsd, onDemandUsd }) => bestUsd !== undefined && bestUsd < onDemandUsd)
      .toSorted((a, b) => toNumber(b.onDemandUsd - b.bestUsd!) - toNumber(a.onDemandUsd - a.bestUsd!));
    return {
      answer: [
        ...(pays.length === 0 ? nonePays(reservations) : paying(pays[0]!, advice)),
        ...tried(advice),
        ...shortRunText(advice),
        ...PROMISE,
        ...units(advice),
      ],
      table: reservedTable(reservations),
      commands: [],
      runs: ["routes", "reserved"],
    };
  },
};

type Offer = Advice["reservations"][number];

function nonePays(all: readonly Offer[]): readonly string[] {
  const least = all.toSorted(
    (a, b) => toNumber(a.minimumUsd - a.onDemandUsd) - toNumber(b.minimumUsd - b.onDemandUsd),
  )[0]!;
  const [input, output] = least.kinds as [ReservedKind, ReservedKind];
  const more = least.minimumUsd - least.onDemandUsd;
  return [
    `None: nothing that is sold costs less than on-demand. The nearest is the smallest one of ${least.model} in ${least.region} for ${plural(least.termMonths, "month", "months")}, USD ${centsRange(more, least.ranges?.moreUsd)} a month more: a unit pays when it is in use for ${formatShare(input.breakEvenShare)} of the time (input; output ${formatShare(output.breakEvenShare)}), and the traffic would use ${formatShare(input.usedAtMinimum)} of its input and ${formatShare(output.usedAtMinimum)} of its output.`,
  ];
}

const PROMISE = ["Whatever it saves, it buys a promise: a target of 99.5 %, and tokens that no other call takes."];

/** What the simulated reservation says of its price: nothing where other requests fail with it than without. */
export function reservedTrial({ reservedCheck }: Advice): "pays" | "costs more" | "other requests" | "not tried" {
  if (reservedCheck === null) return "not tried";
  const { outcome, without } = reservedCheck;
  const [cost, before] = [outcome.usdPer1kServed.value, without.usdPer1kServed.value];
  if (cost === null || before === null) return "not tried";
  const apart = Math.abs((outcome.failedShare.value ?? 0) - (without.failedShare.value ?? 0));
  if (apart > FAILED_SHARE_MARGIN) return "other requests";
  return cost >= before ? "costs more" : "pays";
}

function paying(best: Offer, advice: Advice): readonly string[] {
  const units = best.kinds.map(({ kind, bestTpm }) => `${formatCount(bestTpm)} ${kind}`).join(" and ");
  const saved = best.onDemandUsd - best.bestUsd!;
  const trial = reservedTrial(advice);
  const term = plural(best.termMonths, "month", "months");
  if (trial === "costs more") {
    return [
      `None for its price: ${units} tokens a minute of ${best.model} in ${best.region} for ${term} would save USD ${centsRange(saved, best.ranges?.lessUsd)} a month if input and output were used as each minute allows, but a call needs both at once, and simulated it costs more.`,
    ];
  }
  const { outcome, without } = advice.reservedCheck ?? {};
  const unlike =
    trial === "other requests"
      ? ` Simulated, its price is not comparable: ${formatShare(outcome!.failedShare)} of the requests fail with it, ${formatShare(without!.failedShare)} without.`
      : "";
  return [
    `Reserve ${units} tokens a minute of ${best.model} in ${best.region} (${best.routing}) for ${term}: USD ${centsRange(best.bestUsd!, best.ranges?.bestUsd)} a month with what spills over, up to USD ${centsRange(saved, best.ranges?.lessUsd)} less than on demand.${unlike}`,
  ];
}

const DAY_HOURS = 24;

/** A run of some busy hours does not know the quiet ones, which a commitment is paid for, too. */
function shortRunText({ ofHours }: Advice): readonly string[] {
  if (ofHours >= DAY_HOURS) return [];
  return [
    `All of this is for hours like the ${formatDuration(ofHours * HOUR_MS)} of the scenario, day and night: a commitment is paid in quiet hours, too. Before you commit, plan with a day or a week of traffic.`,
  ];
}

export const PROVISIONED_TERM_NAMES = {
  noCommit: "without commitment",
  oneMonth: "for one month",
  sixMonth: "for six months",
} as const;

/** ` (1.2M–1.4M)`; nothing where there is no range. */
function tokensRange(range: Estimate | undefined): string {
  return range === undefined || range.low === null || range.high === null || range.low === range.high
    ? ""
    : ` (${tokens(range.low)}–${tokens(range.high)})`;
}

/** Model units of provisioned throughput: at each term, how many pay, or what a unit would have to serve. */
function units({ provisioned }: Advice): readonly string[] {
  return provisioned.map(({ model, region, term, usdPerHour, breakEvenTpm, meanTpm, onDemandUsd, best, ranges }) => {
    const name = `Provisioned throughput of ${model} in ${region} ${PROVISIONED_TERM_NAMES[term]} (USD ${formatNumber(usdPerHour, 2)} an hour and unit)`;
    if (best === undefined)
      return `${name}: a unit pays if it serves ${tokens(breakEvenTpm)} tokens a minute all the time; the traffic has ${tokens(meanTpm)}${tokensRange(ranges?.meanTpm)} on average. Say what a unit serves with --unit-tpm to learn how many pay.`;
    return best.units === 0
      ? `${name}: none pays.`
      : `${name}: ${plural(best.units, "unit", "units")}, ${usdMonth(rangeOr(ranges?.bestUsd, best.usd))} a month with what spills over to on-demand, ${usdMonth(rangeOr(ranges?.lessUsd, onDemandUsd - best.usd))} less than all on demand.`;
  });
}

function tried({ reservedCheck }: Advice): readonly string[] {
  if (reservedCheck === null)
    return ["Not simulated, since only a part of the run was: a reservation is paid day and night."];
  const { bought, without, outcome } = reservedCheck;
  return [
    `Simulated with ${bought}: ${usdMonth(outcome.usdPerMonth)} a month against ${usdMonth(without.usdPerMonth)} without (USD ${usd(outcome.usdPer1kServed.value ?? 0)} against ${usd(without.usdPer1kServed.value ?? 0)} for 1,000 served); p95 ${p95Text(outcome)} against ${p95Text(without)}, throttled ${formatShare(outcome.throttledShare)} against ${formatShare(without.throttledShare)}, failed ${formatShare(outcome.failedShare)} against ${formatShare(without.failedShare)}.`,
  ];
}

function reservedTable(reservations: readonly Offer[]): Table {
  return {
    id: "reserved",
    caption:
      "USD a month (730 h), exact from list prices and the tokens of each minute; what does not fit is paid on demand. Break-even: share of the time that a unit must be in use.",
    columns: [
      leftColumn("target", "target"),
      leftColumn("term", "term_months"),
      rightColumn("break-even in/out (%)", "break_even"),
      rightColumn("used of the least in/out (%)", "used_share"),
      rightColumn("pays, TPM in/out", "best_tpm"),
      rightColumn("on demand", "on_demand_usd"),
      rightColumn("least reserved", "minimum_usd"),
      rightColumn("best", "best_usd"),
    ],
    rows: reservations.map((each) => {
      const both = (of: (kind: ReservedKind) => string) => textCell(each.kinds.map(of).join(" / "));
      return {
        cells: [
          textCell(`${each.target} ${each.model}`),
          textCell(plural(each.termMonths, "month", "months")),
          both(({ breakEvenShare }) => (100 * breakEvenShare).toFixed(0)),
          both(({ usedAtMinimum }) => (100 * usedAtMinimum).toFixed(0)),
          both(({ bestTpm }) => tokens(bestTpm)),
          amountCell(each.onDemandUsd, each.ranges?.onDemandUsd),
          amountCell(each.minimumUsd, each.ranges?.minimumUsd),
          each.bestUsd === undefined
            ? { text: "below what is sold", value: null }
            : amountCell(each.bestUsd, each.ranges?.bestUsd),
        ],
      };
    }),
  };
}

/** What rules on data cost. */
export const RESIDENCY: AdviceQuestion = {
  id: "residency",
  question: "What does each residency rule cost?",
  answer: ({ residency, residencyCheck }) => ({
    answer:
      residency.length === 0
        ? ["No class has a residency rule."]
        : [
            ...residency.map(({ className, rule, withRuleUsd, withoutRuleUsd, forbidden, ranges }) => {
              if (withRuleUsd === null || withoutRuleUsd === null)
                return `${className} (${rule}): quotas leave no way to serve all of it, so that the rule has no price.`;
              const price = withRuleUsd - withoutRuleUsd;
              const share = withoutRuleUsd > 0 ? ` (${formatShare(price / withoutRuleUsd)})` : "";
              return price < FREE_USD
                ? `${className} (${rule}): nothing. What it forbids is no cheaper.`
                : `${className} (${rule}): ${usdMonth(rangeOr(ranges?.priceUsd, price))} a month${share}. Without it ${forbidden.slice(0, 3).join(", ")}${forbidden.length > 3 ? " and others" : ""} could be used.`;
            }),
            "By linear programming over all targets, quotas kept and latency left out: the least cost of the same tokens with the rule, less that without it.",
            ...simulatedRule(residencyCheck),
          ],
    table:
      residency.length === 0
        ? undefined
        : {
            id: "residency",
            caption: "Least cost, USD for a month like the run.",
            columns: [
              leftColumn("class", "class"),
              leftColumn("rule", "rule"),
              rightColumn("with", "with_usd"),
              rightColumn("without", "without_usd"),
            ],
            rows: residency.map(({ className, rule, withRuleUsd, withoutRuleUsd, ranges }) => ({
              cells: [
                textCell(className),
                textCell(rule),
                ...[rangeOr(ranges?.withRuleUsd, withRuleUsd), rangeOr(ranges?.withoutRuleUsd, withoutRuleUsd)].map(
                  (each) => (each.value === null ? { text: "no way", value: null } : cellOf(each, USD, 2)),
                ),
              ],
            })),
          },
    commands: [],
    runs: residencyCheck === null ? [] : ["residency", "no residency"],
  }),
};

function simulatedRule(check: Advice["residencyCheck"]): readonly string[] {
  if (check === null) return [];
  const { className, kept, dropped } = check;
  return [
    `Simulated with each call at the cheapest target that is in time: ${usdMonth(kept.usdPerMonth)} a month with the rule of ${className}, ${usdMonth(dropped.usdPerMonth)} without (all classes); p95 of ${className} ${p95Text(kept)} against ${p95Text(dropped)}, failed ${formatShare(kept.failedShare)} against ${formatShare(dropped.failedShare)}.`,
  ];
}
