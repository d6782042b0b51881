/**
 * The table of tags: what each team, product and the like sends, costs and saves under each strategy, rolled up from the
 * classes that carry the tag.
 */
import { type Estimate, tInterval } from "../../simulator/base/statistics.ts";
import type { RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { formatCount, formatShare, PERCENT, USD } from "../base/text.ts";
import { type Cell, estimateCell, leftColumn, rightColumn, type Table, textCell } from "./table.ts";

/** Whether any class has a tag. */
export function hasTags(result: RunResult): boolean {
  return result.classes.some(({ tags }) => Object.keys(tags).length > 0);
}

/**
 * One row a value of a tag and strategy; classes without the tag have a row of their own, so that bills add up.
 *
 * @param result of a run
 * @returns USD of a replication, and savings against the baseline
 */
export function tagTable(result: RunResult): Table {
  return {
    id: "tags",
    caption: `Strategies by tag of the classes; USD of a replication, billing rule ${result.billing}, tokens alone; savings are against ${result.baseline}, paired, 95 % intervals`,
    columns: [
      leftColumn("Tag", "tag"),
      leftColumn("Value", "value"),
      leftColumn("Strategy", "strategy"),
      rightColumn("Requests", "sent"),
      rightColumn("Served (%)", "served_share"),
      rightColumn("Tokens", "tokens"),
      rightColumn("USD", "bill_usd"),
      rightColumn("Share of the bill (%)", "bill_share"),
      rightColumn("Saving (%)", "saving_share"),
    ],
    rows: tagGroups(result).map((group) => ({
      strategyIndex: result.strategies.findIndex(({ name }) => name === group.strategy),
      cells: cellsOf(group),
    })),
  };
}

function cellsOf(group: TagGroup): readonly Cell[] {
  const { key, value, strategy, sent, served, inputTokens, outputTokens, billUsd, billShare, savingShare } = group;
  const tokens = inputTokens + outputTokens;
  const share = (of: number | null): Cell => ({ text: of === null ? "n/a" : formatShare(of), value: of });
  return [
    textCell(key),
    textCell(value ?? "(untagged)"),
    textCell(strategy),
    { text: formatCount(sent), value: sent },
    share(sent === 0 ? null : served / sent),
    { text: formatCount(tokens), value: tokens },
    estimateCell(billUsd, USD),
    share(billShare),
    savingShare === null ? { text: "baseline", value: null } : estimateCell(savingShare, PERCENT),
  ];
}

/** All classes with one value of a tag, under one strategy. */
export interface TagGroup {
  readonly key: string;
  /** Undefined: the classes that lack the tag. */
  readonly value: string | undefined;
  readonly strategy: string;
  readonly classes: readonly string[];
  readonly sent: number;
  readonly served: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** USD of a replication under the run's billing rule, tokens alone. */
  readonly billUsd: Estimate;
  /** Of the bills of all values of the tag. */
  readonly billShare: number | null;
  /** 1 - bill / bill under the baseline, paired by replication; null for the baseline. */
  readonly savingShare: Estimate | null;
}

/** @returns by tag in the order in which classes name them, by value, then by strategy; empty without tags */
export function tagGroups(result: RunResult): readonly TagGroup[] {
  const keys = [...new Set(result.classes.flatMap(({ tags }) => Object.keys(tags)))];
  return keys.flatMap((key) => {
    const tagValueOf = (each: RunResult["classes"][number]) =>
      Object.hasOwn(each.tags, key) ? each.tags[key] : undefined;
    const values = [...new Set(result.classes.map(tagValueOf))].sort(
      (a, b) => Number(a === undefined) - Number(b === undefined),
    );
    return values.flatMap((value) => {
      const classes = result.classes.filter((each) => tagValueOf(each) === value).map(({ name }) => name);
      return groupsOf(result, { key, value, classes });
    });
  });
}

function groupsOf(result: RunResult, group: Pick<TagGroup, "key" | "value" | "classes">): readonly TagGroup[] {
  const baseline = result.strategies.find(({ name }) => name === result.baseline);
  const before = baseline === undefined ? [] : billsOf(baseline, group.classes);
  return result.strategies.map((strategy): TagGroup => {
    const own = strategy.byClass.filter(({ name }) => group.classes.includes(name));
    const sumOf = (of: (each: (typeof own)[number]) => number) => own.reduce((sum, each) => sum + of(each), 0);
    const billOf = (each: (typeof own)[number]) => each.cost[result.billing].totalUsd.value ?? 0;
    const bills = billsOf(strategy, group.classes);
    const bill = sumOf(billOf);
    const all = strategy.byClass.reduce((sum, each) => sum + billOf(each), 0);
    return {
      ...group,
      strategy: strategy.name,
      sent: sumOf(({ counts }) => counts.sent),
      served: sumOf(({ counts }) => counts.served),
      inputTokens: sumOf(({ counts }) => counts.inputTokens),
      outputTokens: sumOf(({ counts }) => counts.outputTokens),
      // Results of earlier versions have no values of single replications.
      billUsd:
        bills.length === 0 ? { value: bill, low: null, high: null, n: result.replications.done } : tInterval(bills),
      billShare: all === 0 ? null : bill / all,
      savingShare:
        strategy === baseline || bills.length === 0 || bills.length !== before.length
          ? null
          : tInterval(before.map((usd, r) => (usd === 0 ? null : 1 - bills[r]! / usd))),
    };
  });
}

/** USD of some classes in each replication. */
function billsOf({ samples = [] }: StrategyResult, classes: readonly string[]): readonly number[] {
  const own = samples.filter(({ scope, name }) => scope === "class" && classes.includes(name));
  const replications = Math.max(0, ...own.map(({ values }) => values.billUsd.length));
  return Array.from({ length: replications }, (_, r) =>
    own.reduce((sum, { values }) => sum + (values.billUsd[r] ?? 0), 0),
  );
}
