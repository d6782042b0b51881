/** FOCUS 1.0 to 1.2 as AWS Data Exports writes it, CSV or Parquet. */
import type { BillExport, BillLine, BillTable, ChargeKind } from "../bill-line.ts";
import { categories, plainTags, type RowReader, readRows } from "../table-reader.ts";

const nameOf = (column: string): string => column.toLowerCase();

export function isFocus(columns: readonly string[]): boolean {
  const names = new Set(columns.map(nameOf));
  return ["billedcost", "chargecategory", "chargeperiodstart"].every((name) => names.has(name));
}

/**
 * @param file for messages
 * @throws MeridianError data, with the problems of all rows
 */
export function readFocus(table: BillTable, file: string): BillExport {
  const other = new Set<string>();
  const lines = readRows(table, file, nameOf, (row): BillLine => {
    const startMs = row.instantMs("chargeperiodstart");
    row.usdOnly("billingcurrency");
    return {
      startMs,
      endMs: row.text("chargeperiodend") === undefined ? startMs : row.instantMs("chargeperiodend"),
      kind: kindOf(row, other),
      costUsd: row.amount("billedcost"),
      ...meteredOf(row),
      service: row.text("servicename", "x_servicecode"),
      // Another writer than AWS has the meter of a price alone.
      usageType: row.text("x_usagetype", "skumeter"),
      operation: row.text("x_operation"),
      region: row.text("regionid"),
      account: row.text("subaccountid", "billingaccountid"),
      identity: undefined,
      tags: { ...categories(row.map("x_costcategories")), ...plainTags(row.map("tags")) },
      estimated: false,
      line: row.line,
    };
  });
  const notes = [...other].map((category) => `charge category ${category} is not known: kept apart as a fee`);
  return { format: "focus", view: "focus", lines, statedTotalUsd: undefined, costBasis: "billed", notes };
}

/** The consumed quantity is what was metered; where a line has none, what it is priced by, with its own unit. */
function meteredOf(row: RowReader): Pick<BillLine, "quantity" | "unit"> {
  const isConsumed = row.text("consumedquantity") !== undefined && row.text("consumedunit") !== undefined;
  return isConsumed
    ? { quantity: row.quantity("consumedquantity"), unit: row.text("consumedunit") }
    : { quantity: row.quantity("pricingquantity"), unit: row.text("pricingunit") };
}

/** Source: FOCUS specification 1.0, column ChargeCategory. */
const KINDS: Readonly<Record<string, ChargeKind>> = {
  usage: "usage",
  purchase: "commitment",
  tax: "tax",
  credit: "credit",
  adjustment: "fee",
};

/** @param other receives categories that are not known */
function kindOf(row: RowReader, other: Set<string>): ChargeKind {
  const category = row.text("chargecategory") ?? "";
  const kind = KINDS[category.toLowerCase()];
  if (kind === undefined) other.add(JSON.stringify(category));
  const isCorrection = row.text("chargeclass")?.toLowerCase() === "correction";
  return isCorrection && kind === "usage" ? "correction" : (kind ?? "fee");
}
