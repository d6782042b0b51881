import type { BillingRuleName, Estimate, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { latencyUnit, PERCENT, USD } from "../format.ts";
import { changeOf, comparisonOf, estimateCell } from "./cells.ts";
import { type Cell, leftColumn, type Row, rightColumn, type Table } from "./table.ts";

export const BILLING_RULES: readonly BillingRuleName[] = ["source", "destination", "lowest-cost"];

/** The main table: one row per strategy, baseline first; what is fast, what fails, what it costs under each rule. */
export function strategyTable(result: RunResult): Table {
  const groups = result.strategies.map((strategy) => strategy.total);
  const e2e = latencyUnit(groups.map((group) => group.e2eMs.p95.value));
  const ttft = latencyUnit(groups.map((group) => group.ttftMs.p95.value));
  return {
    id: "strategies",
    caption: `Strategies, baseline first; ${intervalWords(result)}; changes and saving are against ${result.baseline}, their intervals hold for all strategies together`,
    columns: [
      leftColumn("Strategy", "strategy"),
      rightColumn(`p50 E2E (${e2e.symbol})`, "e2e_p50_ms"),
      rightColumn(`p95 E2E (${e2e.symbol})`, "e2e_p95_ms"),
      rightColumn(`p99 E2E (${e2e.symbol})`, "e2e_p99_ms"),
      rightColumn(`p95 TTFT (${ttft.symbol})`, "ttft_p95_ms"),
      rightColumn("Throttled (% of attempts)", "throttled_attempt_share"),
      rightColumn("Retried (%)", "retried_share"),
      rightColumn("Failed (%)", "failed_share"),
      ...BILLING_RULES.map((rule) => rightColumn(`USD per 1k served, ${rule}`, `usd_per_1k_served_${snake(rule)}`)),
      rightColumn(`Saving (%), ${result.billing}`, "saving_share"),
    ],
    rows: result.strategies.map((strategy, strategyIndex): Row => {
      const { total } = strategy;
      const change = (metric: Parameters<typeof comparisonOf>[2]) =>
        changeOf(comparisonOf(result, strategy.name, metric));
      return {
        strategyIndex,
        cells: [
          nameCell(result, strategy),
          estimateCell(total.e2eMs.p50, e2e),
          estimateCell(total.e2eMs.p95, e2e, change("e2eMsP95")),
          estimateCell(total.e2eMs.p99, e2e),
          estimateCell(total.ttftMs.p95, ttft, change("ttftMsP95")),
          estimateCell(total.throttledAttemptShare, PERCENT, change("throttledAttemptShare")),
          estimateCell(total.retriedShare, PERCENT),
          estimateCell(total.failedShare, PERCENT, change("failedShare")),
          ...BILLING_RULES.map((rule) =>
            estimateCell(
              total.cost[rule].usdPer1kServed,
              USD,
              rule === result.billing ? change("usdPer1kServed") : undefined,
            ),
          ),
          adjustedSavingCell(result, strategy),
        ],
      };
    }),
  };
}

/** Saving under each billing rule side by side: the same run, priced three times. Reserved capacity is in every bill. */
export function savingTable(result: RunResult): Table {
  const isReserved = result.strategies.some((strategy) => strategy.reserved !== undefined);
  return {
    id: "savings",
    caption: `Saving per served request against ${result.baseline} under each billing rule; 95 % intervals, not adjusted for the number of strategies`,
    columns: [
      leftColumn("Strategy", "strategy"),
      ...BILLING_RULES.flatMap((rule) => [
        rightColumn(`Bill (USD), ${rule}`, `bill_usd_${snake(rule)}`),
        rightColumn(`Saving (%), ${rule}`, `saving_share_${snake(rule)}`),
      ]),
      rightColumn("Routing fee (USD), lowest-cost", "routing_fee_usd"),
      ...(isReserved ? [rightColumn("Reserved capacity (USD), in every bill", "reserved_usd")] : []),
    ],
    rows: result.strategies.map((strategy, strategyIndex) => ({
      strategyIndex,
      cells: [
        nameCell(result, strategy),
        ...BILLING_RULES.flatMap((rule) => [
          estimateCell(strategy.total.cost[rule].totalUsd, USD),
          savingCell(strategy, rule),
        ]),
        estimateCell(strategy.total.cost["lowest-cost"].routingFeeUsd, USD),
        ...(isReserved ? [reservedCell(strategy)] : []),
      ],
    })),
  };
}

function reservedCell(strategy: StrategyResult): Cell {
  const { reservedUsd } = strategy.total.cost.source;
  return reservedUsd === undefined ? { text: "none", value: 0 } : estimateCell(reservedUsd, USD);
}

/** `~` where the interval of the saving holds zero. */
function savingCell(strategy: StrategyResult, rule: BillingRuleName): Cell {
  const saving = strategy.total.cost[rule].savingShare;
  if (saving === null) return { text: "baseline", value: null };
  if (strategy.status === "unstable") return { text: "not comparable", value: saving.value };
  const cell = estimateCell(saving, PERCENT);
  return excludesZero(saving) || saving.value === null ? cell : { ...cell, text: "~" };
}

/**
 * The saving under the run's own billing rule, with the interval that holds for all strategies together: the cost
 * comparison's, its sign turned.
 */
function adjustedSavingCell(result: RunResult, strategy: StrategyResult): Cell {
  const comparison = comparisonOf(result, strategy.name, "usdPer1kServed");
  const saving = strategy.total.cost[result.billing].savingShare;
  if (comparison === undefined || saving === null) return savingCell(strategy, result.billing);
  if (comparison.verdict === "not comparable") return { text: "not comparable", value: saving.value };
  const { low, high } = comparison.relative;
  const cell = estimateCell({ ...saving, low: negated(high), high: negated(low) }, PERCENT);
  return comparison.verdict === "not shown" ? { ...cell, text: "~" } : cell;
}

function negated(value: number | null): number | null {
  return value === null ? null : -value;
}

export function nameCell(result: RunResult, strategy: StrategyResult): Cell {
  const detail = strategy.name === result.baseline ? "baseline" : strategy.kind === strategy.name ? "" : strategy.kind;
  return {
    text: strategy.name,
    value: strategy.name,
    ...(detail === "" ? {} : { detail }),
    ...(strategy.status === "unstable" ? { change: { text: "unstable", tone: "warning" as const } } : {}),
  };
}

/** What the second line of a cell is: `95 % intervals over 10 replications`, or why there is none. */
export function intervalWords(result: RunResult): string {
  const done = result.replications.done;
  return done < 2 ? "one replication, so no intervals" : `95 % intervals over ${done} replications`;
}

function excludesZero(estimate: Estimate): boolean {
  return estimate.low !== null && estimate.high !== null && (estimate.low > 0 || estimate.high < 0);
}

function snake(rule: BillingRuleName): string {
  return rule.replaceAll("-", "_");
}
