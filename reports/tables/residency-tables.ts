import type { Counts, RunResult } from "../../simulator/experiment/result.ts";
import { formatCount, formatList, plural } from "../format.ts";
import { type Cell, leftColumn, type Row, rightColumn, type Table, textCell } from "./table.ts";

type ResultClass = RunResult["classes"][number];

/** Classes that a rule binds. */
export function boundClasses(result: RunResult): readonly ResultClass[] {
  return result.classes.filter((one) => one.residency !== null);
}

/** The certificate in a sentence: what was counted, from where the requests ran, not from where they should have. */
export function residencyWords(result: RunResult): string {
  const bound = boundClasses(result);
  if (bound.length === 0) return "No class has a residency rule.";
  const rows = countRows(result);
  const sum = (field: keyof Counts) => rows.reduce((total, { counts }) => total + counts[field], 0);
  const violations = sum("residencyViolations");
  const verdict =
    violations === 0
      ? `None of the ${formatCount(sum("served"))} served requests`
      : `${formatCount(violations)} of the ${formatCount(sum("served"))} served requests`;
  return `${verdict} of ${formatList(bound.map((one) => `${one.name} (${one.residency})`))} ran outside ${bound.length === 1 ? "its rule" : "their rules"}, counted from the region each ran in, over all strategies and replications; ${plural(sum("residencyRefused"), "request was", "requests were")} refused for want of a legal target.`;
}

/** What each rule allows in this world, and why the other targets are not legal under it. */
export function residencyRuleTable(result: RunResult): Table {
  return {
    id: "residency-rules",
    caption:
      "Residency rules: a target is legal only if its source region and every region that it may use are allowed",
    columns: [
      leftColumn("Class", "class"),
      leftColumn("Rule", "rule"),
      leftColumn("Regions allowed", "regions"),
      leftColumn("Legal targets", "legal_targets"),
      leftColumn("Not legal, and why", "illegal_targets"),
    ],
    rows: boundClasses(result).map((one): Row => {
      const rule = one.residencyRule;
      const legal = rule?.targets.filter((each) => each.legal) ?? [];
      const illegal = rule?.targets.filter((each) => !each.legal) ?? [];
      const list = (words: readonly string[], separator: string) =>
        textCell(rule === undefined ? "not recorded" : words.length === 0 ? "none" : words.join(separator));
      return {
        cells: [
          textCell(one.name),
          textCell(one.residency ?? ""),
          list(rule?.regions ?? [], ", "),
          list(
            legal.map((each) => each.target),
            ", ",
          ),
          list(
            illegal.map((each) => `${each.target} (${each.reason ?? "not allowed"})`),
            "; ",
          ),
        ],
      };
    }),
  };
}

/** One row per strategy and bound class: served inside the rule, outside it, refused. */
export function residencyCountTable(result: RunResult): Table {
  return {
    id: "residency",
    caption: `Residency by strategy and class, sums over ${plural(result.replications.done, "replication", "replications")}`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Class", "class"),
      leftColumn("Rule", "rule"),
      rightColumn("Requests", "sent"),
      rightColumn("Served inside", "served_inside"),
      rightColumn("Violations", "violations"),
      rightColumn("Refused: no legal target", "residency_refused"),
    ],
    rows: countRows(result).map(({ strategyIndex, strategy, bound, counts }): Row => {
      const { residencyViolations: violations } = counts;
      return {
        strategyIndex,
        cells: [
          textCell(strategy),
          textCell(bound.name),
          textCell(bound.residency ?? ""),
          countCell(counts.sent),
          countCell(counts.served - violations),
          violations === 0
            ? countCell(0)
            : { ...countCell(violations), change: { text: "rule broken", tone: "worse" as const } },
          countCell(counts.residencyRefused),
        ],
      };
    }),
  };
}

function countRows(result: RunResult) {
  return result.strategies.flatMap((strategy, strategyIndex) =>
    boundClasses(result).flatMap((bound) => {
      const group = strategy.byClass.find((one) => one.name === bound.name);
      return group === undefined ? [] : [{ strategyIndex, strategy: strategy.name, bound, counts: group.counts }];
    }),
  );
}

function countCell(value: number): Cell {
  return { text: formatCount(value), value };
}
