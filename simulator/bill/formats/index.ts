/** The registry of bill formats, and which of them a file is of. */
import type { BillExport, BillTable } from "../bill-line.ts";
import { isCostExplorerConsole, readCostExplorerConsole } from "./cost-explorer-console.ts";
import { isCostExplorerLong, readCostExplorerLong } from "./cost-explorer-long.ts";
import { isCur, readCur } from "./cur.ts";
import { isFocus, readFocus } from "./focus.ts";

/** A format that comes as a table (CSV or Parquet). */
export interface BillTableFormat {
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  readonly matches: (columns: readonly string[]) => boolean;
  readonly read: (table: BillTable, file: string) => BillExport;
}

/** The first that knows a table's columns reads it; the answers of the Cost Explorer API are JSON and stand apart. */
export const BILL_TABLE_FORMATS: readonly BillTableFormat[] = [
  { name: "cur", title: "Cost and Usage Report (CUR 2.0, or older)", matches: isCur, read: readCur },
  { name: "focus", title: "FOCUS 1.0 to 1.2", matches: isFocus, read: readFocus },
  {
    name: "cost-explorer-console",
    title: "Cost Explorer, CSV of the console",
    matches: isCostExplorerConsole,
    read: readCostExplorerConsole,
  },
  {
    name: "cost-explorer-long",
    title: "Cost Explorer, one row a group and day",
    matches: isCostExplorerLong,
    read: readCostExplorerLong,
  },
];
