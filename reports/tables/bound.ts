/** How far each strategy is from the least possible cost, and what of that comes from where: as tables and sentences. */

import type { Estimate, RunResult } from "../../simulator/experiment/result.ts";
import type { StrategyBound } from "../../simulator/experiment/result-detail.ts";
import { hoursPerBlock, inBlocks } from "../base/hours.ts";
import { formatEstimate, formatNumber, formatShare, PERCENT, USD } from "../base/text.ts";
import { estimateCell, leftColumn, type Row, rightColumn, shareCell, type Table, textCell } from "./table.ts";

/** Whether the run has a bound to show. */
export function hasBound(result: RunResult): boolean {
  return (result.bound?.strategies.length ?? 0) > 0;
}

/** One row per strategy: cost, bound, regret and its parts. */
export function boundTable(result: RunResult): Table {
  const money = (estimate: Estimate) => estimateCell(estimate, USD);
  return {
    id: "bound",
    caption:
      "Cost of tokens against the least that the same served requests could have cost with foresight; means over replications, USD per replication",
    columns: [
      leftColumn("Strategy", "strategy"),
      rightColumn("Not served (%)", "failed_share"),
      rightColumn("Cost", "cost_usd"),
      rightColumn("Bound", "bound_usd"),
      rightColumn("Regret", "regret_usd"),
      rightColumn("Regret (%)", "regret_share"),
      rightColumn("wasted", "wasted_usd"),
      rightColumn("placement", "placement_usd"),
      rightColumn("timing", "timing_usd"),
      rightColumn("Limits cost", "limits_usd"),
    ],
    rows: boundsOf(result).map(
      ({ bound, strategyIndex }): Row => ({
        strategyIndex,
        cells: [
          textCell(bound.strategy),
          shareCell(result.strategies[strategyIndex]!.total.failedShare),
          money(bound.costUsd),
          money(bound.boundUsd),
          money(bound.regretUsd),
          estimateCell(bound.regretShare, PERCENT),
          money(bound.wastedUsd),
          money(bound.placementUsd),
          money(bound.timingUsd),
          money(bound.limitsUsd),
        ],
      }),
    ),
  };
}

/** One row per strategy, class and hour: where the regret arose. */
export function regretTable(result: RunResult): Table {
  return {
    id: "regret",
    caption:
      "Regret by class, and by UTC hour of the run (what was wasted or placed above the best), USD per replication",
    columns: [leftColumn("Strategy", "strategy"), leftColumn("Part", "part"), rightColumn("Regret", "regret_usd")],
    rows: boundsOf(result).flatMap(({ bound, strategyIndex }) => [
      ...bound.byClass.map(
        ({ name, regretUsd }): Row => ({
          strategyIndex,
          cells: [textCell(bound.strategy), textCell(`class ${name}`), estimateCell(regretUsd, USD)],
        }),
      ),
      ...regretByHour(result, bound.byHour).map(
        ({ part, usd }): Row => ({
          strategyIndex,
          cells: [textCell(bound.strategy), textCell(part), { text: formatNumber(usd, 2), value: usd }],
        }),
      ),
    ]),
  };
}

/** Hour by hour, or in blocks of hours where the run is long. */
function regretByHour(result: RunResult, byHour: readonly number[]) {
  const hours = hoursPerBlock(result);
  return [...inBlocks(byHour, hours, (_, hour) => hour)].map(([from, members]) => ({
    part: hours === 1 ? `hour ${from}` : `hours ${from} to ${from + members.length - 1}`,
    usd: members.reduce((sum, usd) => sum + usd, 0),
  }));
}

/** Whether plans that knew the traffic were simulated. */
export function hasForesight({ bound }: RunResult): boolean {
  return bound?.foresight !== undefined;
}

/** One row per strategy: between its bound and what was reached at the same service lies the optimum. */
export function reachedTable(result: RunResult): Table {
  const reached = result.bound?.foresight?.reached ?? [];
  return {
    id: "reached",
    caption:
      "Between the bound and what was reached lies the least possible cost: the cheapest plan with foresight, or strategy of this run, that serves as well",
    columns: [
      leftColumn("Strategy", "strategy"),
      rightColumn("Regret (%)", "regret_share"),
      leftColumn("Reached by", "reached_by"),
      rightColumn("USD per 1,000 served", "reached_usd_per_1k"),
      rightColumn("Above the bound (%)", "above_bound_share"),
    ],
    rows: boundsOf(result).flatMap(({ bound, strategyIndex }): readonly Row[] => {
      const own = reached.find(({ strategy }) => strategy === bound.strategy);
      if (own === undefined) return [];
      const cells = [
        textCell(bound.strategy),
        estimateCell(bound.regretShare, PERCENT),
        textCell(own.by),
        estimateCell(own.usdPer1kServed, USD),
        estimateCell(own.aboveBoundShare, PERCENT),
      ];
      return [{ strategyIndex, cells }];
    }),
  };
}

/** One row per plan: what it came to when it was simulated. */
export function foresightTable(result: RunResult): Table {
  return {
    id: "foresight",
    caption: "Plans that knew the traffic, simulated on it",
    columns: [
      leftColumn("Plan", "plan"),
      rightColumn("USD per 1,000 served", "usd_per_1k"),
      rightColumn("Within objectives (%)", "goodput_share"),
      rightColumn("Not served (%)", "failed_share"),
    ],
    rows: (result.bound?.foresight?.plans ?? []).map(({ name, usdPer1kServed, withinShare, failedShare }) => ({
      cells: [
        textCell(name),
        estimateCell(usdPer1kServed, USD),
        { text: withinShare === null ? "" : formatShare(withinShare), value: withinShare },
        { text: formatShare(failedShare), value: failedShare },
      ],
    })),
  };
}

/** The nearest to its bound, where its regret comes from, and which quota would be worth most: in sentences. */
export function boundText(result: RunResult): string {
  const { bound } = result;
  if (bound === undefined) return "";
  if (bound.missing !== null) return `No bound can be stated: ${bound.missing}.`;
  const served = boundsOf(result).filter(({ strategyIndex, bound: one }) => {
    const failed = result.strategies[strategyIndex]!.total.failedShare.value;
    return failed !== null && failed <= SERVED_ENOUGH && one.regretUsd.value !== null;
  });
  const [best] = served.toSorted((a, b) => costOf(a.bound) - costOf(b.bound));
  if (best === undefined) return "No strategy served 99 % of its requests: none can be held against a bound.";
  const { bound: one } = best;
  const sentences = [
    `The cheapest strategy that serves at least 99 %, ${one.strategy}, costs ${moreText(one)} more than the least possible for what it served (${formatEstimate(one.regretUsd, USD)} of ${formatEstimate(one.costUsd, USD)} a replication): ${partsText(one)}.`,
  ];
  const worth = one.quotas.toSorted((a, b) => b.usdPerMillionTokensPerMinute - a.usdPerMillionTokensPerMinute)[0];
  const reached = result.bound?.foresight?.reached.find(({ strategy }) => strategy === one.strategy);
  if (reached !== undefined) {
    const by = reached.by === one.strategy ? "no plan with foresight was cheaper" : `reached by ${reached.by}`;
    sentences.push(
      `The least possible at the same service is at most ${formatShare(reached.aboveBoundShare)} above the bound (${by}).`,
    );
  }
  if (bound.isWithoutLimits === true) {
    sentences.push(
      "Quotas and capacity are left out of this bound where they bind: a whole run of meridian simulate counts them.",
    );
    return sentences.join(" ");
  }
  const place = (one.endpoints ?? []).toSorted((a, b) => b.usdPerTenthMore - a.usdPerTenthMore)[0];
  if (worth === undefined && place === undefined) {
    sentences.push("Neither a quota nor a region's capacity costs anything with foresight.");
    return sentences.join(" ");
  }
  sentences.push(`With foresight quotas and capacity still cost ${formatEstimate(one.limitsUsd, USD)} a replication.`);
  if (worth !== undefined) {
    sentences.push(
      `One more million tokens a minute of ${worth.id} would be worth up to ${formatNumber(worth.usdPerMillionTokensPerMinute, 2)} USD over the run.`,
    );
  }
  if (place !== undefined) {
    sentences.push(
      `A tenth more capacity of ${place.id} would be worth up to ${formatNumber(place.usdPerTenthMore, 2)} USD over the run.`,
    );
  }
  return sentences.join(" ");
}

/** A strategy that serves less is cheap because it does not do its work. */
const SERVED_ENOUGH = 0.01;

function costOf({ costUsd }: StrategyBound): number {
  return costUsd.value ?? Number.POSITIVE_INFINITY;
}

/** A share; of a bound of nothing the money itself. */
function moreText({ regretShare, regretUsd }: StrategyBound): string {
  return regretShare.value === null ? formatEstimate(regretUsd, USD) : formatShare(regretShare);
}

function partsText({ wastedUsd, placementUsd, timingUsd }: StrategyBound): string {
  return [
    `${formatEstimate(placementUsd, USD)} by where calls went, which foresight would have told`,
    `${formatEstimate(timingUsd, USD)} by when (work that could have waited)`,
    `${formatEstimate(wastedUsd, USD)} for calls whose callers had gone`,
  ].join(", ");
}

/** Bounds in the result's order of strategies. */
function boundsOf(result: RunResult): readonly { readonly bound: StrategyBound; readonly strategyIndex: number }[] {
  return result.strategies.flatMap(({ name }, strategyIndex) => {
    const bound = result.bound?.strategies.find((one) => one.strategy === name);
    return bound === undefined ? [] : [{ bound, strategyIndex }];
  });
}
