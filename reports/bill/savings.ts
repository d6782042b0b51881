/** What routing would save by team, with intervals: a table and a picture. */
import {
  DAYS_MIN,
  type ReplayUnknown,
  type RoutingSaving,
  SIZE_FACTOR,
  SPEND_SIGMA,
  type TeamSaving,
} from "../../simulator/advice/team-savings.ts";
import { type Decimal, formatDecimal, toNumber } from "../../simulator/bill/bill-line.ts";
import { ELSEWHERE_MAX, type HitsLost } from "../../simulator/bill/fitted-class.ts";
import type { PriceScenario } from "../../simulator/bill/project.ts";
import { centsText, usd, usdMonth } from "../advice/section.ts";
import { formatEstimate, formatInterval, formatNumber, PERCENT, plural } from "../base/text.ts";
import { type Markup, markup, WIDE_PX } from "../html/elements.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";

/** Largest difference between the replay under the routing of the bill and the bill that counts as the same. */
export const REPRODUCTION_MARGIN = 0.01;

export interface ReplayReport {
  readonly savings: readonly TeamSaving[];
  /** Share of what was replayed that is spent on models with calls in a log, which tells their sizes. */
  readonly loggedShare: number;
  /** Cache hits that a global profile loses, where the user says it. */
  readonly hitsLost?: HitsLost | undefined;
  /** Usage of tokens that could not be replayed. */
  readonly leftUsd: Decimal;
  readonly days: number;
  /** Whether the bill tells one day from another. */
  readonly isByDay: boolean;
}

/** One row for each team and routing, the total last. */
export function savingsTable({ savings }: ReplayReport): Table {
  const whole = (value: number | null) => (value === null ? "n/a" : formatNumber(value, 0));
  return {
    id: "savings",
    caption:
      "Estimates: saving of what is billed, the middle and 95 % of the draws of what is not known. Billed: exact. Replayed: cost under the routing of the bill over the bill. All hits kept: if no cache hit is lost.",
    columns: [
      leftColumn("team", "team"),
      rightColumn("billed, USD", "billed_usd"),
      rightColumn("replayed (%)", "reproduction"),
      leftColumn("routing", "strategy"),
      rightColumn("saves (%)", "saving_share"),
      rightColumn("all hits kept (%)", "saving_share_with_hits"),
      rightColumn("USD a month", "saving_usd_per_month"),
    ],
    rows: savings.flatMap((each) =>
      each.savings.map(({ strategy, share, shareWithHits, usdPerMonth }) => {
        const interval = formatInterval(share, PERCENT);
        const usdInterval = formatInterval(usdPerMonth, { symbol: "USD", factor: 1 });
        return {
          cells: [
            textCell(each.team ?? "all"),
            { text: centsText(each.billedUsd), value: formatDecimal(each.billedUsd) },
            { text: (100 * each.reproduction).toFixed(1), value: each.reproduction },
            textCell(strategy),
            {
              text: share.value === null ? "n/a" : formatNumber(100 * share.value, 1),
              value: share.value,
              ...(interval === undefined ? {} : { detail: interval }),
            },
            { text: formatNumber(100 * shareWithHits, 1), value: shareWithHits },
            {
              text: whole(usdPerMonth.value),
              value: usdPerMonth.value,
              ...(usdInterval === undefined ? {} : { detail: usdInterval }),
            },
          ],
        };
      }),
    ),
  };
}

/** How near the replay comes to the bill, what its intervals hold, and what makes them wide. */
export function replayText(report: ReplayReport): string {
  const all = report.savings.at(-1)!;
  const isNear = Math.abs(all.reproduction - 1) <= REPRODUCTION_MARGIN;
  const costs = `Replayed under the routing of the bill it costs ${(100 * all.reproduction).toFixed(1)} % of what was billed`;
  return [
    ...partText(report),
    isNear ? `${costs}: reproduced within 1 %.` : `${costs}, more than 1 % off: do not sign its savings.`,
    intervalsText(report),
    ...widestText(report),
    "When in the day calls come changes no price and widens nothing; for latency and quotas, which are not in the savings, it does.",
  ].join(" ");
}

/** Which part of the spend is replayed at all, where that is not all of it. */
function partText({ leftUsd, savings }: ReplayReport): readonly string[] {
  const replayed = savings.at(-1)!.billedUsd;
  if (leftUsd === 0n) return [];
  const part = toNumber(replayed) / toNumber(replayed + leftUsd);
  return [
    `${formatNumber(100 * part, 1)} % of the spend on tokens is replayed (USD ${centsText(replayed)}); USD ${centsText(leftUsd)} is not: hourly capacity, and what names no model, region or quantity.`,
  ];
}

/** What is drawn, and which of it is assumed as no log tells it. */
function intervalsText({ loggedShare, isByDay, days, savings, hitsLost }: ReplayReport): string {
  const isDrawn = isByDay && days >= DAYS_MIN;
  const ofDays = isDrawn
    ? `other days of the bill (blocks of a week, of ${days} days)`
    : `spend of each class up to ${formatNumber(100 * (Math.exp(1.96 * SPEND_SIGMA) - 1), 0)} % more or less (assumed: ${isByDay ? `${plural(days, "day does", "days do")} not show` : "a bill by month does not show"} how days differ)`;
  const isLogged = loggedShare > 0.9995;
  const sizes = `sizes of calls are ${isLogged ? "those of the log" : `assumed, within a factor of ${SIZE_FACTOR}, ${loggedShare > 0.0005 ? `for the ${formatNumber(100 * (1 - loggedShare), 1)} % of the spend that the log has no calls of` : "since a bill does not tell them"}`}`;
  const narrows = isLogged ? "" : " A log of the calls (--logs) narrows that.";
  const isCached = savings
    .at(-1)!
    .savings.some(({ unsure }) =>
      unsure.some(({ unknown, low, high }) => unknown === "cache hits" && high - low > 1e-4),
    );
  const narrowed = isLogged
    ? "; narrowed by how near the log's calls are to one another, and by hits of the global calls in it and on the bill"
    : "; weighted by hits of what the bill has of global calls, where it has any";
  const percent = (share: number) => `${formatNumber(100 * share, share < 0.1 ? 1 : 0)} %`;
  const hits =
    hitsLost === undefined
      ? `; and a global profile loses a share of cache hits from none to what follows if it runs ${percent(ELSEWHERE_MAX)} of the calls in other regions (assumed${narrowed})`
      : `; and a global profile loses ${percent(hitsLost.least ?? 0)} to ${percent(hitsLost.most)} of cache hits, as given`;
  return `Intervals hold 95 % of the draws, each with ${ofDays}; ${sizes}${isCached ? hits : ""}.${narrows}`;
}

const UNKNOWN_NAMES: Readonly<Record<ReplayUnknown, string>> = {
  days: "which days are billed",
  calls: "how many calls there are and how unequal",
  "cache hits": "which cache hits are lost",
};

/** Of the routing that saves most: which unknown makes its interval wide. */
function widestText(report: ReplayReport): readonly string[] {
  const best = bestOf(report);
  const [widest] = best?.unsure ?? [];
  if (best === undefined || widest === undefined || widest.high - widest.low < 1e-4) return [];
  const range = formatInterval({ value: 0, n: 0, low: widest.low, high: widest.high }, PERCENT)!;
  return [`What widens the saving of ${best.strategy} most is ${UNKNOWN_NAMES[widest.unknown]}: alone ${range} %.`];
}

function bestOf({ savings }: ReplayReport): RoutingSaving | undefined {
  return savings.at(-1)!.savings.toSorted((a, b) => (b.share.value ?? 0) - (a.share.value ?? 0))[0];
}

/** The routing that saves most in all, in one sentence with its interval and its condition. */
export function bestRouting(report: ReplayReport): string {
  const best = bestOf(report);
  if (best === undefined || best.shareWithHits <= 0)
    return "No other routing of the same tokens is shown to save anything.";
  const { strategy, share, usdPerMonth, shareWithHits, hitsToLose } = best;
  const isShown = (share.low ?? 0) > 0;
  const saves = `saves ${formatEstimate(share, PERCENT)} of what could be replayed, ${usdMonth(usdPerMonth)} a month`;
  const condition =
    hitsToLose === null
      ? ""
      : ` With every cache hit kept it is ${formatNumber(100 * shareWithHits, 1)} %, and nothing once ${formatNumber(100 * hitsToLose, 0)} % of the hits of moved calls are lost.`;
  if (isShown) return `The routing ${strategy} ${saves}.${condition}`;
  return `No saving is shown: ${strategy}, the best of the other routings, ${unshownText(best)}.${condition}`;
}

/** What a routing may save at best and cost at worst. */
function unshownText({ share, usdPerMonth }: RoutingSaving): string {
  const [low, high] = [share.low ?? share.value ?? 0, share.high ?? share.value ?? 0];
  const [most, least] = [usdPerMonth.low ?? 0, usdPerMonth.high ?? 0];
  const percent = (of: number) => `${formatNumber(100 * Math.abs(of), 1)} %`;
  const dollars = (of: number) => `USD ${usd(Math.abs(of))}`;
  return high <= 0
    ? `costs ${percent(high)} to ${percent(low)} more than what could be replayed, ${dollars(least)} to ${dollars(most)} a month`
    : `may save up to ${percent(high)} of what could be replayed or cost up to ${percent(low)} more: ${dollars(least)} less to ${dollars(most)} more a month`;
}

/** The same for a spreadsheet: ends of intervals in columns of their own. */
export function savingsCsvTable({ savings }: ReplayReport): Table {
  const keys = [
    "saving_share",
    "saving_share_low",
    "saving_share_high",
    "saving_share_all_hits_kept",
    "usd_per_month",
    "usd_per_month_low",
    "usd_per_month_high",
  ];
  return {
    id: "savings",
    caption: "",
    columns: [
      leftColumn("team", "team"),
      rightColumn("billed_usd", "billed_usd"),
      rightColumn("reproduction", "reproduction"),
      leftColumn("routing", "routing"),
      ...keys.map((key) => rightColumn(key, key)),
    ],
    rows: savings.flatMap((each) =>
      each.savings.map(({ strategy, share, shareWithHits, usdPerMonth }) => ({
        cells: [
          textCell(each.team ?? "all"),
          { text: "", value: formatDecimal(each.billedUsd) },
          { text: "", value: each.reproduction },
          textCell(strategy),
          ...[share.value, share.low, share.high, shareWithHits].map((value) => ({ text: "", value })),
          ...[usdPerMonth.value, usdPerMonth.low, usdPerMonth.high].map((value) => ({ text: "", value })),
        ],
      })),
    ),
  };
}

/**
 * Each routing as a change of the price of all tokens from the first month on, for a projection; routings that are alike once.
 * What could not be replayed keeps its price.
 */
export function routingScenarios({ savings, leftUsd }: ReplayReport): readonly PriceScenario[] {
  const all = savings.at(-1)!.savings;
  const replayed = toNumber(savings.at(-1)!.billedUsd);
  const part = replayed === 0 ? 1 : replayed / (replayed + toNumber(leftUsd));
  const shareOf = ({ share }: (typeof all)[number]) => (share.value ?? 0).toFixed(4);
  const different = all.filter((each, i) => all.findIndex((other) => shareOf(other) === shareOf(each)) === i);
  return different.map(({ strategy, share: { value, low, high } }) => ({
    name: strategy,
    change: -part * (value ?? 0),
    // Half the interval over the normal quantile of its 95 %.
    changeError: low === null || high === null ? 0 : (part * (high - low)) / (2 * 1.959964),
    fromMonth: 1,
  }));
}

const ROW = 24;
const LEFT = 250;
const RIGHT = 60;

/**
 * A point with its interval for each team and routing, and a line at nothing saved.
 *
 * @param width of the picture, px; on a narrow one names stand above their intervals
 */
export function savingsSvg({ savings }: ReplayReport, width = WIDE_PX): Markup {
  const isNarrow = width < WIDE_PX;
  const rows = savings.flatMap(({ team, savings: own }) =>
    own.map(({ strategy, share }) => ({
      name: `${team ?? "all"}, ${strategy}`,
      value: 100 * (share.value ?? 0),
      low: 100 * (share.low ?? share.value ?? 0),
      high: 100 * (share.high ?? share.value ?? 0),
    })),
  );
  const low = Math.min(0, ...rows.map((row) => row.low));
  const high = Math.max(1, ...rows.map((row) => row.high));
  const [left, right, size] = isNarrow ? [16, 24, ROW + 12] : [LEFT, RIGHT, ROW];
  const x = (percent: number) => left + ((percent - low) / (high - low)) * (width - left - right);
  const height = rows.length * size + 40;
  const label = rows.map((row) => `${row.name} ${row.value.toFixed(1)} %`).join("; ");
  const step = Math.max(1, Math.ceil((high - low) / (isNarrow ? 4 : 6)));
  const ticks = Array.from({ length: 20 }, (_, i) => Math.ceil(low / step) * step + i * step).filter((t) => t <= high);
  return markup`<svg viewBox="0 0 ${width} ${height}" width="100%" role="img" aria-label="Saving by team: ${label}" font-family="sans-serif" font-size="11" fill="currentColor">
${ticks.map(
  (
    tick,
  ) => markup`<line x1="${x(tick)}" x2="${x(tick)}" y1="4" y2="${height - 28}" stroke="currentColor" stroke-opacity="${tick === 0 ? "0.6" : "0.15"}"/>
<text x="${x(tick)}" y="${height - 12}" text-anchor="middle">${tick} %</text>`,
)}
${rows.map((row, i) => {
  const y = i * size + (isNarrow ? 28 : 16);
  const named = isNarrow
    ? markup`<text x="0" y="${y - 10}">${row.name}: ${row.value.toFixed(1)}</text>`
    : markup`<text x="${left - 10}" y="${y + 4}" text-anchor="end">${row.name}</text>
<text x="${x(row.high) + 7}" y="${y + 4}">${row.value.toFixed(1)}</text>`;
  return markup`<line x1="${x(row.low)}" x2="${x(row.high)}" y1="${y}" y2="${y}" stroke="#3b6fb6" stroke-width="2"/>
<circle cx="${x(row.value)}" cy="${y}" r="4" fill="#3b6fb6"/>
${named}`;
})}
</svg><p class="subtitle">Saving in % of what was billed, 95 % intervals.</p>`;
}
