/** What routing would save by team, with intervals: a table and a picture. */
import type { TeamSaving } from "../../simulator/advice/team-savings.ts";
import type { PriceScenario } from "../../simulator/bill/project.ts";
import { formatDecimal } from "../../simulator/bill/usd.ts";
import { centsText } from "../advice/section.ts";
import { formatInterval, formatNumber, PERCENT } from "../base/text.ts";
import { type Markup, markup } from "../html/elements.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";

/** Largest difference between the replay under the routing of the bill and the bill that counts as the same. */
export const REPRODUCTION_MARGIN = 0.01;

export interface ReplayReport {
  readonly savings: readonly TeamSaving[];
  /** Whether sizes of calls are those of a log. */
  readonly isLogged: boolean;
}

/** One row for each team and routing, the total last. */
export function savingsTable({ savings }: ReplayReport): Table {
  const usd = (value: number | null) => (value === null ? "n/a" : formatNumber(value, 0));
  return {
    id: "savings",
    caption:
      "Of a simulated replay: saving of what is billed, 95 % intervals over replications. Replayed: cost under the routing of the bill over the bill.",
    columns: [
      leftColumn("team", "team"),
      rightColumn("billed, USD", "billed_usd"),
      rightColumn("replayed (%)", "reproduction"),
      leftColumn("routing", "strategy"),
      rightColumn("saves (%)", "saving_share"),
      rightColumn("USD a month", "saving_usd_per_month"),
    ],
    rows: savings.flatMap((each) =>
      each.savings.map(({ strategy, share, usdPerMonth }) => {
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
            {
              text: usd(usdPerMonth.value),
              value: usdPerMonth.value,
              ...(usdInterval === undefined ? {} : { detail: usdInterval }),
            },
          ],
        };
      }),
    ),
  };
}

/** How near the replay comes to the bill, and what its intervals hold and do not. */
export function replayText({ savings, isLogged }: ReplayReport): string {
  const all = savings.at(-1)!;
  const off = Math.abs(all.reproduction - 1);
  const sizes = isLogged
    ? "sizes of calls are those of the log"
    : "sizes of calls are assumed, which makes intervals wider";
  return off <= REPRODUCTION_MARGIN
    ? `Replayed under the routing of the bill it costs ${(100 * all.reproduction).toFixed(1)} % of what was billed: reproduced within 1 %; ${sizes}. Latency, quotas and lost cache hits are not in the savings.`
    : `Replayed under the routing of the bill it costs ${(100 * all.reproduction).toFixed(1)} % of what was billed, more than 1 % off: do not sign its savings; ${sizes}.`;
}

/** The routing that saves most in all, in one sentence with its interval. */
export function bestRouting({ savings }: ReplayReport): string {
  const all = savings.at(-1)!;
  const [best] = all.savings.toSorted((a, b) => (b.share.value ?? 0) - (a.share.value ?? 0));
  if (best === undefined || (best.share.low ?? best.share.value ?? 0) <= 0)
    return "No other routing of the same tokens is shown to save anything.";
  const interval = formatInterval(best.share, PERCENT);
  const usd = formatInterval(best.usdPerMonth, { symbol: "USD", factor: 1 });
  return `The routing ${best.strategy} saves ${formatNumber(100 * best.share.value!, 1)} %${interval === undefined ? "" : ` (${interval})`} of what could be replayed, USD ${formatNumber(best.usdPerMonth.value!, 0)}${usd === undefined ? "" : ` (${usd})`} a month.`;
}

/** The same for a spreadsheet: ends of intervals in columns of their own. */
export function savingsCsvTable({ savings }: ReplayReport): Table {
  const keys = [
    "saving_share",
    "saving_share_low",
    "saving_share_high",
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
      each.savings.map(({ strategy, share, usdPerMonth }) => ({
        cells: [
          textCell(each.team ?? "all"),
          { text: "", value: formatDecimal(each.billedUsd) },
          { text: "", value: each.reproduction },
          textCell(strategy),
          ...[share, usdPerMonth].flatMap(({ value, low, high }) =>
            [value, low, high].map((one) => ({ text: "", value: one })),
          ),
        ],
      })),
    ),
  };
}

/** Each routing as a change of all prices from the first month on, for a projection; routings that are alike once. */
export function routingScenarios({ savings }: ReplayReport): readonly PriceScenario[] {
  const all = savings.at(-1)!.savings;
  const shareOf = ({ share }: (typeof all)[number]) => (share.value ?? 0).toFixed(4);
  const different = all.filter((each, i) => all.findIndex((other) => shareOf(other) === shareOf(each)) === i);
  return different.map(({ strategy, share: { value, low, high } }) => ({
    name: strategy,
    change: -(value ?? 0),
    // Half the interval over the normal quantile of its 95 %.
    changeError: low === null || high === null ? 0 : (high - low) / (2 * 1.959964),
    fromMonth: 1,
  }));
}

const WIDTH = 720;
const ROW = 24;
const LEFT = 250;
const RIGHT = 60;

/** A point with its interval for each team and routing, and a line at nothing saved. */
export function savingsSvg({ savings }: ReplayReport): Markup {
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
  const x = (percent: number) => LEFT + ((percent - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const height = rows.length * ROW + 40;
  const label = rows.map((row) => `${row.name} ${row.value.toFixed(1)} %`).join("; ");
  const step = Math.max(1, Math.ceil((high - low) / 6));
  const ticks = Array.from({ length: 20 }, (_, i) => Math.ceil(low / step) * step + i * step).filter((t) => t <= high);
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" width="100%" role="img" aria-label="Saving by team: ${label}" font-family="sans-serif" font-size="11" fill="currentColor">
${ticks.map(
  (
    tick,
  ) => markup`<line x1="${x(tick)}" x2="${x(tick)}" y1="4" y2="${height - 28}" stroke="currentColor" stroke-opacity="${tick === 0 ? "0.6" : "0.15"}"/>
<text x="${x(tick)}" y="${height - 12}" text-anchor="middle">${tick} %</text>`,
)}
${rows.map(
  (row, i) => markup`<text x="${LEFT - 10}" y="${i * ROW + 20}" text-anchor="end">${row.name}</text>
<line x1="${x(row.low)}" x2="${x(row.high)}" y1="${i * ROW + 16}" y2="${i * ROW + 16}" stroke="#3b6fb6" stroke-width="2"/>
<circle cx="${x(row.value)}" cy="${i * ROW + 16}" r="4" fill="#3b6fb6"/>
<text x="${x(row.high) + 7}" y="${i * ROW + 20}">${row.value.toFixed(1)}</text>`,
)}
</svg><p class="subtitle">Saving in % of what was billed, 95 % intervals.</p>`;
}
