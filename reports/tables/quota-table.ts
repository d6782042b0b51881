import type { QuotaSummary, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { formatCount, formatShare, PERCENT, plural } from "../format.ts";
import { type Cell, leftColumn, type Row, rightColumn, type Table, textCell } from "./table.ts";

/** One row per strategy and quota that it used: what was refused by which limit, when, and how close it came. */
export function quotaTable(result: RunResult): Table {
  return {
    id: "quotas",
    caption: `Quotas by strategy, sums over ${plural(result.replications.done, "replication", "replications")}; in use: highest share of the tightest limit; overshoot: tokens settled above their reservation`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Quota", "quota"),
      rightColumn("Granted", "granted"),
      rightColumn("Refused", "refused"),
      rightColumn("Refused (%)", "refused_share"),
      rightColumn("by tokens per minute", "refused_tokens_per_minute"),
      rightColumn("by tokens per day", "refused_tokens_per_day"),
      rightColumn("by requests", "refused_requests"),
      rightColumn("In use at most (%)", "utilisation_max"),
      rightColumn("Overshoot (tokens)", "overshoot_tokens"),
      leftColumn("First refusal (UTC)", "first_refusal"),
      leftColumn("Last refusal (UTC)", "last_refusal"),
    ],
    rows: result.strategies.flatMap((strategy, strategyIndex) =>
      strategy.quotas
        .filter((quota) => quota.granted + refusedOf(quota) > 0)
        .map((quota): Row => ({ strategyIndex, cells: cellsOf(result, strategy, quota) })),
    ),
  };
}

/** Whether the run had a quota that anybody met. */
export function hasQuotas(result: RunResult): boolean {
  return quotaTable(result).rows.length > 0;
}

/** Who came closest to a limit, who was refused most, who never: in words with numbers. */
export function quotaWords(result: RunResult): string {
  const uses = result.strategies.flatMap((strategy) =>
    strategy.quotas
      .filter((quota) => quota.granted + refusedOf(quota) > 0)
      .map((quota) => ({ strategy, quota, refused: refusedOf(quota) })),
  );
  const [closest] = uses.toSorted((a, b) => b.quota.utilisationMax - a.quota.utilisationMax || b.refused - a.refused);
  if (closest === undefined) return "No quota was in force.";
  const share = `${formatShare(closest.quota.utilisationMax)} of ${closest.quota.id}`;
  const sentences = [
    `${closest.strategy.name} came closest to a limit: it had ${share} in use${closest.refused === 0 ? " and was never refused" : ""}.`,
  ];
  const [most] = uses.toSorted((a, b) => refusedShare(b.quota) - refusedShare(a.quota));
  if (most !== undefined && most.refused > 0) {
    const asked = most.refused + most.quota.granted;
    sentences.push(
      `Refused most: ${most.strategy.name}, ${formatCount(most.refused)} of ${formatCount(asked)} calls (${formatShare(most.refused / asked)}) by ${most.quota.id}, first at ${instant(result, most.quota.firstRefusalMs)}, last at ${instant(result, most.quota.lastRefusalMs)}.`,
    );
    const never = result.strategies.filter((one) => one.quotas.every((quota) => refusedOf(quota) === 0));
    if (never.length > 0) sentences.push(`Never refused: ${never.map((one) => one.name).join(", ")}.`);
  }
  return sentences.join(" ");
}

function refusedOf(quota: QuotaSummary): number {
  return quota.refusedTokensPerMinute + quota.refusedTokensPerDay + quota.refusedRequests;
}

function refusedShare(quota: QuotaSummary): number {
  const refused = refusedOf(quota);
  return refused === 0 ? 0 : refused / (refused + quota.granted);
}

function cellsOf(result: RunResult, strategy: StrategyResult, quota: QuotaSummary): Cell[] {
  const count = (value: number): Cell => ({ text: formatCount(value), value });
  const share = (value: number): Cell => ({ text: formatShare(value).replace(` ${PERCENT.symbol}`, ""), value });
  return [
    textCell(strategy.name),
    textCell(quota.id),
    count(quota.granted),
    count(refusedOf(quota)),
    share(refusedShare(quota)),
    count(quota.refusedTokensPerMinute),
    count(quota.refusedTokensPerDay),
    count(quota.refusedRequests),
    share(quota.utilisationMax),
    count(quota.overshootTokens),
    instantCell(result, quota.firstRefusalMs),
    instantCell(result, quota.lastRefusalMs),
  ];
}

function instantCell(result: RunResult, ms: number | null): Cell {
  return { text: instant(result, ms), value: ms === null ? null : new Date(epochMs(result, ms)).toISOString() };
}

/** `13:04:05`, with the day when the run is longer than one; `never`. */
function instant(result: RunResult, ms: number | null): string {
  if (ms === null) return "never";
  const iso = new Date(epochMs(result, ms)).toISOString();
  const isLong = (result.durationMs ?? Number.POSITIVE_INFINITY) > DAY_MS;
  return isLong ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : iso.slice(11, 19);
}

function epochMs(result: RunResult, ms: number): number {
  return Date.parse(result.startsAt) + ms;
}

const DAY_MS = 86_400_000;
