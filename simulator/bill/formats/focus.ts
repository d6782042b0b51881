/** FOCUS 1.0 to 1.2 as AWS Data Exports writes it, CSV or Parquet. */
import type { BillExport, BillLine, BillTable, ChargeKind } from "../bill-line.ts";
import { plainTags, type RowReader, readRows } from "../table-reader.ts";

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
  const lines = readRows(table, file, nameOf, (row): BillLine => {
    const startMs = row.instantMs("chargeperiodstart");
    row.usdOnly("billingcurrency");
    return {
      startMs,
      endMs: row.text("chargeperiodend") === undefined ? startMs : row.instantMs("chargeperiodend"),
      kind: kindOf(row),
      costUsd: row.amount("billedcost"),
      // Of an export with both, the consumed quantity is what was metered.
      quantity: row.quantity("consumedquantity", "pricingquantity"),
      unit: row.text("consumedunit", "pricingunit"),
      service: row.text("servicename"),
      usageType: row.text("x_usagetype"),
      operation: row.text("x_operation"),
      region: row.text("regionid"),
      account: row.text("subaccountid"),
      identity: undefined,
      tags: plainTags(row.map("tags")),
      estimated: false,
      line: row.line,
    };
  });
  return { format: "focus", view: "focus", lines, statedTotalUsd: undefined, costBasis: "billed", notes: [] };
}

/** Source: FOCUS specification 1.0, column ChargeCategory. */
const KINDS: Readonly<Record<string, ChargeKind>> = {
  usage: "usage",
  purchase: "commitment",
  tax: "tax",
  credit: "credit",
  adjustment: "fee",
};

function kindOf(row: RowReader): ChargeKind {
  const category = row.text("chargecategory") ?? "";
  const kind = KINDS[category.toLowerCase()];
  if (kind === undefined)
    row.problem(
      `ChargeCategory is unknown: ${JSON.stringify(category)}`,
      "one of Usage, Purchase, Tax, Credit, Adjustment",
    );
  const isCorrection = row.text("chargeclass")?.toLowerCase() === "correction";
  return isCorrection && kind === "usage" ? "correction" : (kind ?? "fee");
}
