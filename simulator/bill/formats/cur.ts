/** Cost and Usage Reports: CUR 2.0 of Data Exports (`line_item_usage_type`) and the older `lineItem/UsageType`. */
import type { BillExport, BillLine, BillTable, ChargeKind } from "../bill-line.ts";
import { plainTags, type RowReader, readRows } from "../table-reader.ts";

/** `lineItem/UsageStartDate` → `line_item_usage_start_date`; tags of older reports keep their key. */
function nameOf(column: string): string {
  if (/^resourceTags\//.test(column)) return column;
  return column
    .replace("/", "_")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

export function isCur(columns: readonly string[]): boolean {
  const names = new Set(columns.map(nameOf));
  return names.has("line_item_usage_start_date") && names.has("line_item_unblended_cost");
}

/**
 * @param file for messages
 * @throws MeridianError data, with the problems of all rows
 */
export function readCur(table: BillTable, file: string): BillExport {
  const tagColumns = table.columns.filter((column) => /^(resourceTags\/|resource_tags_)/.test(column));
  const lines = readRows(table, file, nameOf, (row): BillLine => {
    const startMs = row.instantMs("line_item_usage_start_date");
    row.usdOnly("line_item_currency_code");
    return {
      startMs,
      endMs: row.text("line_item_usage_end_date") === undefined ? startMs : row.instantMs("line_item_usage_end_date"),
      kind: kindOf(row),
      costUsd: row.amount("line_item_unblended_cost"),
      quantity: row.quantity("line_item_usage_amount"),
      unit: row.text("pricing_unit"),
      service:
        row.map("product").product_name ?? row.text("product_product_name") ?? row.text("line_item_product_code"),
      usageType: row.text("line_item_usage_type"),
      operation: row.text("line_item_operation"),
      region: row.text("product_region_code", "product_region") ?? row.map("product").region,
      account: row.text("line_item_usage_account_id"),
      identity: row.text("line_item_iam_principal"),
      tags: plainTags({ ...row.map("resource_tags"), ...taggedByColumn(row, tagColumns) }),
      estimated: false,
      line: row.line,
    };
  });
  return { format: "cur", view: "cur", lines, statedTotalUsd: undefined, costBasis: "unblended", notes: [] };
}

function taggedByColumn(row: RowReader, columns: readonly string[]): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const column of columns) {
    const value = row.text(column);
    if (value !== undefined) tags[column.replace(/^(resourceTags\/|resource_tags_)/, "")] = value;
  }
  return tags;
}

/** Source: AWS Data Exports user guide, "Line item details columns", `line_item_line_item_type`. */
const KINDS: Readonly<Record<string, ChargeKind>> = {
  Usage: "usage",
  DiscountedUsage: "usage",
  SavingsPlanCoveredUsage: "usage",
  SavingsPlanNegation: "discount",
  SavingsPlanUpfrontFee: "commitment",
  SavingsPlanRecurringFee: "commitment",
  RIFee: "commitment",
  Fee: "fee",
  Tax: "tax",
  Credit: "credit",
  Refund: "refund",
  Discount: "discount",
  EdpDiscount: "discount",
  BundledDiscount: "discount",
  PrivateRateDiscount: "discount",
  DistributorDiscount: "discount",
};

function kindOf(row: RowReader): ChargeKind {
  const type = row.text("line_item_line_item_type") ?? "";
  const kind = KINDS[type];
  if (kind === undefined)
    row.problem(
      `line_item_line_item_type is unknown: ${JSON.stringify(type)}`,
      `one of ${Object.keys(KINDS).join(", ")}`,
    );
  return kind ?? "fee";
}
