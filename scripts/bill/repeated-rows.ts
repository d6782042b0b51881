/**
 * Rows of a bill that stand twice: word for word, or the same charge with another amount, as where an export of yesterday and
 * one of today were put together. They are summed as they stand, and a person should know of it.
 */
import { hash } from "node:crypto";
import type { BillTable } from "../../simulator/bill/bill-line.ts";

export interface RowsSeen {
  /** Of the file, for the place of the first such row. */
  readonly name: string;
  readonly format: string;
  /** Digests of the rows of all parts so far; receives those of this one. */
  readonly seen: Set<string>;
}

export function repeatedRows(table: BillTable, { name, format, seen }: RowsSeen): readonly string[] {
  const charge = chargeColumns(table.columns, format);
  const twice: number[] = [];
  const changed: number[] = [];
  const isSeen = (cells: readonly (string | undefined)[]) => {
    const digest = hash("sha1", JSON.stringify(cells), "base64");
    const known = seen.has(digest);
    seen.add(digest);
    return known;
  };
  for (const [row, cells] of table.rows.entries()) {
    const isCharged = charge.length > 0 && isSeen(["charge", ...charge.map((at) => cells[at])]);
    if (isSeen(cells)) twice.push(row);
    else if (isCharged) changed.push(row);
  }
  const first = (rows: readonly number[]) => `the first again in ${name}:${table.lineOf(rows[0]!)}`;
  const stand = ({ length }: readonly number[]) =>
    length === 1 ? "1 line stands" : `${length.toLocaleString("en-US")} lines stand`;
  const are = ({ length }: readonly number[]) => (length === 1 ? "is" : "are");
  return [
    ...(twice.length === 0
      ? []
      : [
          `${stand(twice)} there twice, word for word (${first(twice)}), and ${are(twice)} counted twice: if parts of an export overlap, export it again`,
        ]),
    ...(changed.length === 0
      ? []
      : [
          `${stand(changed)} there again with another amount (${first(changed)}), and both are counted: if an earlier and a later export of the same days are in it, keep the later one`,
        ]),
  ];
}

/**
 * Columns that together name a charge: the id of a line of a Cost and Usage Report, with its period; in the long form of Cost
 * Explorer, where a row is the sum of a group, all but amounts. None where other rows may well be alike.
 */
function chargeColumns(columns: readonly string[], format: string): readonly number[] {
  const names = columns.map((column) => column.toLowerCase().replace(/[^a-z0-9]/g, ""));
  const pick = (isOne: (name: string) => boolean) => [...names.keys()].filter((at) => isOne(names[at]!));
  if (format === "cost-explorer-long")
    return pick((name) => !/cost|amount|quantity|estimated|unit|currency/.test(name));
  if (format !== "cur" || !names.includes("identitylineitemid")) return [];
  return pick((name) => /^(identitylineitemid|identitytimeinterval|lineitemusagestartdate)$/.test(name));
}
