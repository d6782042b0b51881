import type { NamedGroup, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { formatCount, latencyUnit, PERCENT, type Unit, USD } from "../format.ts";
import { estimateCell } from "./cells.ts";
import { intervalWords } from "./strategy-table.ts";
import { type Column, leftColumn, type Row, rightColumn, type Table, textCell } from "./table.ts";

/** One row per strategy and class of traffic: is every class within its objective, and what does it cost? */
export function classTable(result: RunResult): Table {
  return groupTable(result, {
    id: "classes",
    caption: `Strategies by class of traffic; ${intervalWords(result)}${costWords(result)}`,
    name: leftColumn("Class", "class"),
    groupsOf: (strategy) => strategy.byClass,
    objective: true,
  });
}

/** One row per strategy and region that ran the requests: where did they go, and how did it go there? */
export function regionTable(result: RunResult): Table {
  return groupTable(result, {
    id: "regions",
    caption: `Strategies by region that ran the request (unserved requests: region of the last attempt); ${intervalWords(result)}${costWords(result)}`,
    name: leftColumn("Region", "region"),
    groupsOf: (strategy) => strategy.byRegion,
    objective: false,
  });
}

/** Reserved capacity belongs to a strategy, not to a class or region: these costs are of tokens alone. */
function costWords(result: RunResult): string {
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
      estimateCell(group.trafficShare, PERCENT),
      estimateCell(group.e2eMs.p50, row.e2e),
      estimateCell(group.e2eMs.p95, row.e2e),
      estimateCell(group.ttftMs.p95, row.ttft),
      estimateCell(group.throttledAttemptShare, PERCENT),
      estimateCell(group.failedShare, PERCENT),
      ...(row.options.objective ? [estimateCell(group.goodputShare, PERCENT)] : []),
      estimateCell(group.cost[result.billing].usdPer1kServed, USD),
    ],
  };
}
