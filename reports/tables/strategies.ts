/** Tables with a row per strategy: the main table, savings by billing rule, and groups by class and by region. */
import type {
  BillingRuleName,
  Estimate,
  GroupResult,
  NamedGroup,
  RunResult,
  StrategyResult,
} from "../../simulator/experiment/result.ts";
import { type LatencyView, latencyView, NO_QUANTILE, quantileExists, targetIn } from "../base/latency-view.ts";
import {
  BILL_USD,
  formatCount,
  formatValue,
  isInvalid,
  latencyUnit,
  NOT_AVAILABLE,
  PERCENT,
  type Unit,
} from "../base/text.ts";
import { costChangeOf, isLikeBaseline, markedSaving, otherRequestsText } from "./other-requests.ts";
import {
  type Cell,
  type Column,
  changeOf,
  comparisonOf,
  estimateCell,
  leftColumn,
  type Row,
  rightColumn,
  shareCell,
  type Table,
  textCell,
} from "./table.ts";

export const BILLING_RULES: readonly BillingRuleName[] = ["source", "destination", "lowest-cost"];

/**
 * The main table: one row per strategy, baseline first; does it serve and keep its objectives, how fast, at what cost.
 *
 * @param result of a run
 * @returns columns as in `classTable`, with USD a month of such traffic and differences to the baseline
 */
export function strategyTable(result: RunResult): Table {
  const view = latencyView(result);
  const groups = result.strategies.map(view.of);
  const e2e = latencyUnit(groups.map((group) => group.e2eMs.p95.value));
  const ttft = latencyUnit(groups.map((group) => group.ttftMs.p95.value));
  const of = view.className === null ? "" : ` of ${view.className}`;
  // Results of earlier versions do not count them.
  const hasTimeouts = result.strategies.some(({ total }) => (total.counts.attemptsTimedOut ?? 0) > 0);
  const interrupted = INTERRUPTED.filter(([field]) => result.strategies.some(({ total }) => total.counts[field]));
  return {
    id: "strategies",
    caption: `Strategies, baseline first; ${intervalText(result)}; changes and saving are against ${result.baseline}, their intervals hold for all strategies together${view.className === null ? "" : `; objectives and latency are those of class ${view.className}, costs and failures of all classes`}; ${NO_QUANTILE} = so many requests failed that there is no such percentile${otherRequestsText(result)}`,
    columns: [
      leftColumn("Strategy", "strategy"),
      rightColumn(`Within SLO${of} (%)`, "goodput_share"),
      rightColumn("Failed (%)", "failed_share"),
      rightColumn("Throttled (% of attempts)", "throttled_attempt_share"),
      ...(hasTimeouts ? [rightColumn("Timed out (% of attempts)", "timed_out_attempt_share")] : []),
      ...interrupted.map(([, label, key]) => rightColumn(`${label} (% of attempts)`, key)),
      rightColumn(`p50 E2E${of} (${e2e.symbol})`, "e2e_p50_ms"),
      rightColumn(`p95 E2E${of} (${e2e.symbol})`, "e2e_p95_ms"),
      rightColumn(`p99 E2E${of} (${e2e.symbol})`, "e2e_p99_ms"),
      rightColumn(`p95 TTFT${of} (${ttft.symbol})`, "ttft_p95_ms"),
      rightColumn("USD per month", "usd_per_month"),
      rightColumn(`USD per 1k served, ${result.billing}`, "usd_per_1k_served"),
      rightColumn(`Saving (%), ${result.billing}`, "saving_share"),
    ],
    rows: result.strategies.map((strategy, strategyIndex) => ({
      strategyIndex,
      cells: strategyCells(result, strategy, { view, e2e, ttft, hasTimeouts, interrupted }),
    })),
  };
}

/** Answers that did not end as they should, where there are any. */
const INTERRUPTED = [
  ["attemptsBroken", "Streams broken off", "broken_attempt_share"],
  ["attemptsIdle", "Idle timeouts", "idle_attempt_share"],
  ["attemptsEmpty", "Empty answers", "empty_attempt_share"],
] as const;

function shareOfAttempts({ counts }: GroupResult, field: (typeof INTERRUPTED)[number][0]): Estimate {
  const value = counts.attempts === 0 ? null : (counts[field] ?? 0) / counts.attempts;
  return { value, low: null, high: null, n: 1 };
}

function strategyCells(
  result: RunResult,
  strategy: StrategyResult,
  {
    view,
    e2e,
    ttft,
    hasTimeouts,
    interrupted,
  }: {
    readonly view: LatencyView;
    readonly e2e: Unit;
    readonly ttft: Unit;
    readonly hasTimeouts: boolean;
    readonly interrupted: readonly (typeof INTERRUPTED)[number][];
  },
): Cell[] {
  const { total } = strategy;
  const group = view.of(strategy);
  const cost = total.cost[result.billing];
  const change = (metric: Parameters<typeof comparisonOf>[2]) => changeOf(comparisonOf(result, strategy.name, metric));
  return [
    nameCell(result, strategy),
    shareCell(group.goodputShare, view.target),
    shareCell(total.failedShare, null, change("failedShare")),
    shareCell(total.throttledAttemptShare, null, change("throttledAttemptShare")),
    ...(hasTimeouts ? [shareCell(total.timedOutAttemptShare)] : []),
    ...interrupted.map(([field]) => shareCell(shareOfAttempts(total, field))),
    quantileCell(group, "p50", e2e),
    quantileCell(group, "p95", e2e, changeOf(view.comparisonOf(strategy))),
    quantileCell(group, "p99", e2e),
    estimateCell(group.ttftMs.p95, ttft, view.className === null ? change("ttftMsP95") : undefined),
    cost.usdPerMonth === undefined ? textCell(NOT_AVAILABLE) : estimateCell(cost.usdPerMonth, BILL_USD),
    estimateCell(
      cost.usdPer1kServed,
      BILL_USD,
      costChangeOf(comparisonOf(result, strategy.name, "usdPer1kServed"), isLikeBaseline(result, strategy)),
    ),
    adjustedSavingCell(result, strategy),
  ];
}

/** E2E percentile of all requests of a group, failed ones counted as never answered. */
function quantileCell(group: GroupResult, name: "p50" | "p95" | "p99", unit: Unit, change?: Cell["change"]): Cell {
  if (quantileExists(group, name)) return estimateCell(group.e2eMs[name], unit, change);
  const served = formatValue(group.e2eMs[name], unit);
  return {
    text: NO_QUANTILE,
    value: null,
    detail: `served: ${served}`,
    ...(change === undefined ? {} : { change }),
  };
}

/**
 * Saving under each billing rule side by side: the same run, priced three times. Reserved capacity is in every bill.
 *
 * @param result of a run
 * @returns savings against the baseline, in %
 */
export function savingTable(result: RunResult): Table {
  const isReserved = result.strategies.some((strategy) => strategy.reserved !== undefined);
  return {
    id: "savings",
    caption: `Saving per served request against ${result.baseline} under each billing rule; 95 % intervals, not adjusted for the number of strategies${otherRequestsText(result)}`,
    columns: [
      leftColumn("Strategy", "strategy"),
      ...BILLING_RULES.flatMap((rule) => [
        rightColumn(`Bill (USD), ${rule}`, `bill_usd_${snake(rule)}`),
        rightColumn(`USD per 1k served, ${rule}`, `usd_per_1k_served_${snake(rule)}`),
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
          estimateCell(strategy.total.cost[rule].totalUsd, BILL_USD),
          estimateCell(strategy.total.cost[rule].usdPer1kServed, BILL_USD),
          savingCell(result, strategy, rule),
        ]),
        estimateCell(strategy.total.cost["lowest-cost"].routingFeeUsd, BILL_USD),
        ...(isReserved ? [reservedCell(strategy)] : []),
      ],
    })),
  };
}

function reservedCell(strategy: StrategyResult): Cell {
  const { reservedUsd } = strategy.total.cost.source;
  return reservedUsd === undefined ? { text: "none", value: 0 } : estimateCell(reservedUsd, BILL_USD);
}

/** `~` where the interval of the saving holds zero; nothing of an invalid run is compared. */
function savingCell(result: RunResult, strategy: StrategyResult, rule: BillingRuleName): Cell {
  const saving = strategy.total.cost[rule].savingShare;
  if (saving === null) return { text: "baseline", value: null };
  if (isInvalid(result)) return { text: "n/a", value: null };
  if (strategy.status === "unstable") return { text: "not comparable", value: saving.value };
  const cell = markedSaving(estimateCell(saving, PERCENT), isLikeBaseline(result, strategy));
  return excludesZero(saving) || saving.value === null ? cell : { ...cell, text: "~" };
}

/**
 * The saving under the run's own billing rule, with the interval that holds for all strategies together: the cost
 * comparison's, its sign turned.
 */
function adjustedSavingCell(result: RunResult, strategy: StrategyResult): Cell {
  const comparison = comparisonOf(result, strategy.name, "usdPer1kServed");
  const saving = strategy.total.cost[result.billing].savingShare;
  if (comparison === undefined || saving === null) return savingCell(result, strategy, result.billing);
  if (comparison.verdict === "not comparable") return { text: "not comparable", value: saving.value };
  const { low, high } = comparison.relative;
  const estimate = { ...saving, low: negated(high), high: negated(low) };
  const cell = markedSaving(estimateCell(estimate, PERCENT), isLikeBaseline(result, strategy));
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
function intervalText(result: RunResult): string {
  const done = result.replications.done;
  return done < 2 ? "one replication, so no intervals" : `95 % intervals over ${done} replications`;
}

function excludesZero(estimate: Estimate): boolean {
  return estimate.low !== null && estimate.high !== null && (estimate.low > 0 || estimate.high < 0);
}

function snake(rule: BillingRuleName): string {
  return rule.replaceAll("-", "_");
}

/**
 * One row per strategy and class of traffic: is every class within its objective, and what does it cost?
 *
 * @param result of a run
 * @returns shares in %, latencies in the unit that fits them (ms or s, in the header), USD per 1,000 served
 */
export function classTable(result: RunResult): Table {
  return groupTable(result, {
    id: "classes",
    caption: `Strategies by class of traffic; ${intervalText(result)}${costText(result)}`,
    name: leftColumn("Class", "class"),
    groupsOf: (strategy) => strategy.byClass,
    objective: true,
  });
}

/**
 * One row per strategy and region that ran the requests: where did they go, and how did it go there?
 *
 * @param result of a run
 * @returns columns as in `classTable`
 */
export function regionTable(result: RunResult): Table {
  return groupTable(result, {
    id: "regions",
    caption: `Strategies by region that ran the request (unserved requests: region of the last attempt); ${intervalText(result)}${costText(result)}`,
    name: leftColumn("Region", "region"),
    groupsOf: (strategy) => strategy.byRegion,
    objective: false,
  });
}

/** Reserved capacity belongs to a strategy, not to a class or region: these costs are of tokens alone. */
function costText(result: RunResult): string {
  const isReserved = result.strategies.some((strategy) => strategy.reserved !== undefined);
  return isReserved ? "; costs are of tokens, without reserved capacity" : "";
}

interface GroupTableOptions {
  readonly id: string;
  readonly caption: string;
  readonly name: Column;
  readonly groupsOf: (strategy: StrategyResult) => readonly NamedGroup[];
  /** Whether the share within the objective is worth a column. */
  readonly objective: boolean;
}

function groupTable(result: RunResult, options: GroupTableOptions): Table {
  const groups = result.strategies.flatMap((strategy) => options.groupsOf(strategy));
  const e2e = latencyUnit(groups.map((group) => group.e2eMs.p95.value));
  const ttft = latencyUnit(groups.map((group) => group.ttftMs.p95.value));
  return {
    id: options.id,
    caption: options.caption,
    columns: [
      leftColumn("Strategy", "strategy"),
      options.name,
      rightColumn("Requests", "sent"),
      rightColumn("Share of requests (%)", "traffic_share"),
      rightColumn(`p50 E2E (${e2e.symbol})`, "e2e_p50_ms"),
      rightColumn(`p95 E2E (${e2e.symbol})`, "e2e_p95_ms"),
      rightColumn(`p95 TTFT (${ttft.symbol})`, "ttft_p95_ms"),
      rightColumn("Throttled (% of attempts)", "throttled_attempt_share"),
      rightColumn("Failed (%)", "failed_share"),
      ...(options.objective ? [rightColumn("Within SLO (%)", "goodput_share")] : []),
      rightColumn(`USD per 1k served, ${result.billing}`, "usd_per_1k_served"),
    ],
    rows: result.strategies.flatMap((strategy, strategyIndex) =>
      options
        .groupsOf(strategy)
        .map((group): Row => groupRow(result, { strategy, strategyIndex, group, e2e, ttft, options })),
    ),
  };
}

function groupRow(
  result: RunResult,
  row: {
    readonly strategy: StrategyResult;
    readonly strategyIndex: number;
    readonly group: NamedGroup;
    readonly e2e: Unit;
    readonly ttft: Unit;
    readonly options: GroupTableOptions;
  },
): Row {
  const { group } = row;
  return {
    strategyIndex: row.strategyIndex,
    cells: [
      textCell(row.strategy.name),
      textCell(group.name),
      { text: formatCount(group.counts.sent), value: group.counts.sent },
      shareCell(group.trafficShare),
      quantileCell(group, "p50", row.e2e),
      quantileCell(group, "p95", row.e2e),
      estimateCell(group.ttftMs.p95, row.ttft),
      shareCell(group.throttledAttemptShare),
      shareCell(group.failedShare),
      ...(row.options.objective ? [shareCell(group.goodputShare, targetIn(result.classes, group.name))] : []),
      estimateCell(group.cost[result.billing].usdPer1kServed, BILL_USD),
    ],
  };
}
