/** How sure the figures of a bill are: which are exact, which are ceilings, what may still change and what may be missing. */
import { DAY_MS } from "../../simulator/base/time.ts";
import { type Decimal, sumOf, toNumber } from "../../simulator/bill/bill-line.ts";
import { coverageOf } from "../../simulator/bill/coverage.ts";
import { type Bill, usageLines } from "../../simulator/bill/spend.ts";
import { formatNumber, plural } from "../base/text.ts";

interface CertaintyInput {
  readonly bill: Bill;
  /** Whether there are any is what counts. */
  readonly candidates: readonly unknown[];
}

/** Which figures are exact, and why; which are ceilings; and what estimates with intervals there are. */
export function certainty({ bill, candidates }: CertaintyInput): readonly string[] {
  return [
    `USD are exact: sums of the file's lines in decimal arithmetic, without an interval since nothing is estimated. Cost basis: ${bill.export.costBasis}.`,
    ...changingText(bill),
    ...discountText(bill),
    "A figure by month is such a sum times 30.4 over the bill's days: a unit, no forecast. Forecasts are ranges: meridian project.",
    ...missingText(bill),
    ...(candidates.length === 0
      ? []
      : [
          "At most saved is exact arithmetic, too: billed tokens times ratios of list prices. It is a ceiling; what a routing would save is an estimate with an interval: --replay.",
        ]),
  ];
}

/** Amounts that the export itself calls estimated: Cost Explorer does until a month is invoiced. */
function changingText(bill: Bill): readonly string[] {
  const lines = bill.lines.filter(({ line }) => line.estimated);
  if (lines.length === 0) return [];
  const since = dayText(Math.min(...lines.map(({ line }) => Math.floor(line.startMs / DAY_MS))));
  return [
    `USD ${usd(sumOf(lines.map(({ line }) => line.costUsd)))} from ${since} on may still change: the export calls them estimated.`,
  ];
}

/** Discounts in lines of their own are on no line of usage: what tokens cost, and would save, is before them. */
function discountText(bill: Bill): readonly string[] {
  const off = -sumOf(
    bill.lines.flatMap(({ line, spend }) => (line.kind === "discount" && spend === "tokens" ? [line.costUsd] : [])),
  );
  const tokens = sumOf(usageLines(bill).map(({ line }) => line.costUsd));
  if (off <= 0n || tokens <= 0n) return [];
  const share = formatNumber((100 * toNumber(off)) / toNumber(tokens), 1);
  return [
    `Discounts on tokens, USD ${usd(off)}, stand in lines of their own: prices, savings and forecasts are before them, and ${share} % less after them.`,
  ];
}

/** So many days or hours without usage are named. */
const MISSING_SHOWN = 5;

/** Days and hours within the bill on which nothing was charged. */
function missingText(bill: Bill): readonly string[] {
  const { emptyDays, emptyHoursMs } = coverageOf(bill);
  const too = "if a part of the export is missing or not delivered yet, sums and figures by month are too low.";
  const named = (all: readonly string[]) =>
    `${all.slice(0, MISSING_SHOWN).join(", ")}${all.length > MISSING_SHOWN ? " ..." : ""}`;
  const have = (count: number) => (count === 1 ? "has" : "have");
  const days = emptyDays.map(dayText);
  const hours = emptyHoursMs.map((ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " "));
  return [
    ...(days.length === 0
      ? []
      : [
          `${plural(days.length, "day", "days")} within the bill ${have(days.length)} no usage (${named(days)}): ${too}`,
        ]),
    ...(hours.length === 0
      ? []
      : [
          `${plural(hours.length, "hour", "hours")} of days with usage ${have(hours.length)} none (from ${named(hours)}, UTC): ${too}`,
        ]),
  ];
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function usd(value: Decimal): string {
  return formatNumber(toNumber(value), 2);
}
