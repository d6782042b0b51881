import { MeridianError } from "../../../../simulator/base/errors.ts";
import type { BillTable } from "../../../../simulator/bill/bill-line.ts";

/** A table of CSV text without quotes. */
export function table(text: string): BillTable {
  const [columns = "", ...rows] = text.trim().split("\n");
  return { columns: columns.split(","), rows: rows.map((row) => row.split(",")), lineOf: (row) => row + 2 };
}

/** The problems that reading throws, one a line. */
export function problemsOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof MeridianError && error.kind === "data")
      return error.problems.map(({ code, where, what }) => `${code} ${where}: ${what}`).join("\n");
    throw error;
  }
  return "";
}
