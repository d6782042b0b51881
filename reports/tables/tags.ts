/** The table of tags: what each team, product and the like sends, costs and saves under each strategy. */
import type { RunResult } from "../../simulator/experiment/result.ts";
import { type TagGroup, tagGroups } from "../../simulator/experiment/tag-groups.ts";
import { formatCount, formatShare, PERCENT, USD } from "../base/text.ts";
import { type Cell, estimateCell, leftColumn, rightColumn, type Table, textCell } from "./table.ts";

/** Whether any class has a tag. */
export function hasTags(result: RunResult): boolean {
  return result.classes.some(({ tags }) => Object.keys(tags).length > 0);
}

/** One row a value of a tag and strategy; classes without the tag have a row of their own, so that bills add up. */
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
