import { markdownTable } from "markdown-table";
import type { ValidationResult } from "../../simulator/validation/result.ts";
import { escapeMarkdown } from "../markdown.ts";
import type { Cell, Table } from "../tables/table.ts";
import { groupTable, harnessTable, totalTable } from "./tables.ts";
import { conditionWords, harnessWords, methodWords } from "./words.ts";

/** `summary.md` of a validation: harness first, then each strategy's totals; groups collapsed. */
export function renderValidationMarkdown(result: ValidationResult): string {
  const { harness } = result;
  return `${[
    `### ${escapeMarkdown(result.scenario.name)}: validation`,
    `**${escapeMarkdown(result.verdict)}**`,
    ...result.invalid.map((reason) => `**INVALID** ${escapeMarkdown(reason)}.`),
    escapeMarkdown(harnessWords(result)),
    ...(harness === null ? [] : [collapsed(harnessTable(harness))]),
    ...result.strategies.flatMap((strategy, index) => [
      `#### ${escapeMarkdown(strategy.name)}: ${strategy.outcome}`,
      tableMarkdown(totalTable(strategy, index)),
      collapsed(groupTable(strategy, index)),
    ]),
    escapeMarkdown(conditionWords(result)),
    escapeMarkdown(methodWords(result)),
    ...result.notes.map((note) => `- ${escapeMarkdown(note)}`),
  ].join("\n\n")}\n`;
}

function collapsed(table: Table): string {
  return `<details><summary>${escapeMarkdown(table.caption)}</summary>\n\n${tableMarkdown(table)}\n\n</details>`;
}

function tableMarkdown(table: Table): string {
  const align = table.columns.map((column) => (column.align === "right" ? "r" : "l"));
  const head = table.columns.map((column) => escapeMarkdown(column.label));
  return markdownTable([head, ...table.rows.map((row) => row.cells.map(cellMarkdown))], {
    align,
    alignDelimiters: false,
    padding: true,
  });
}

function cellMarkdown(cell: Cell): string {
  const parts = [cell.text, cell.change?.text ?? ""].filter((part) => part !== "").map(escapeMarkdown);
  return `${parts.join(", ")}${cell.detail === undefined ? "" : ` (${escapeMarkdown(cell.detail)})`}`;
}
