/** Cost and Usage Reports: CUR 2.0 of Data Exports (`line_item_usage_type`) and the older `lineItem/UsageType`. */
import { type BillExport, type BillLine, type BillTable, type ChargeKind, withCreditsBySign } from "../bill-line.ts";
import { categories, plainTags, type RowReader, readRows } from "../table-reader.ts";

/** `lineItem/UsageStartDate` → `line_item_usage_start_date`; tags of older reports keep their key. */
function nameOf(column: string): string {
  if (/^(resourceTags|costCategory)\//.test(column)) return column;
  return column
    .trim()
    .replace("/", "_")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

export function isCur(columns: readonly string[]): boolean {
  const names = new Set(columns.map(nameOf));
  return START.some((name) => names.has(name)) && COSTS.some((name) => names.has(name));
}

/** An export may leave out columns; with the billing period alone a line counts as one of its month. */
const START = ["line_item_usage_start_date", "bill_billing_period_start_date"] as const;
const END = ["line_item_usage_end_date", "bill_billing_period_end_date"] as const;
/** In the order of preference; the one that is read is said in the result. */
const COSTS = ["line_item_unblended_cost", "line_item_net_unblended_cost", "line_item_blended_cost"] as const;

/**
 * @param file for messages
 * @throws MeridianError data, with the problems of all rows
 */
export function readCur(table: BillTable, file: string): BillExport {
  const tagColumns = table.columns.filter((column) => TAG.test(column));
  const categoryColumns = table.columns.filter((column) => CATEGORY.test(column));
  const names = new Set(table.columns.map(nameOf));
  const other = new Set<string>();
  const isHourlyByStart = !END.some((name) => names.has(name));
  const lines = readRows(table, file, nameOf, (row): BillLine => {
    const startMs = row.instantMs(...START);
    row.usdOnly("line_item_currency_code");
    const product = row.map("product");
    return {
      startMs,
      endMs: row.text(...END) === undefined ? startMs : row.instantMs(...END),
      kind: kindOf(row, other),
      costUsd: row.amount(...COSTS),
      quantity: row.quantity("line_item_usage_amount"),
      unit: row.text("pricing_unit", "line_item_usage_unit"),
      service: serviceOf(row, product),
      usageType: row.text("line_item_usage_type") ?? product.usagetype,
      operation: row.text("line_item_operation"),
      region: row.text("product_region_code", "product_region") ?? product.region_code ?? product.region,
      account: row.text("line_item_usage_account_id", "bill_payer_account_id"),
      identity: row.text("line_item_iam_principal"),
      tags: {
        ...categories({ ...row.map("cost_category"), ...taggedByColumn(row, categoryColumns, CATEGORY) }),
        ...plainTags({ ...row.map("resource_tags", "tags"), ...taggedByColumn(row, tagColumns, TAG) }),
      },
      estimated: false,
      line: row.line,
    };
  });
  const read: BillExport = {
    format: "cur",
    view: "cur",
    lines,
    statedTotalUsd: undefined,
    costBasis: COSTS.find((name) => names.has(name))!
      .replace(/^line_item_|_cost$/g, "")
      .replaceAll("_", " "),
    notes: [
      ...(other.size === 0 ? [] : [`line types that are not known are kept apart as fees: ${[...other].join(", ")}`]),
      ...(names.has(LINE_TYPE)
        ? []
        : [`there is no column ${LINE_TYPE}: taxes are told by their usage type, credits by their sign`]),
      ...(isHourlyByStart ? ["there is no column for the end of a line's period"] : []),
    ],
  };
  return names.has(LINE_TYPE) ? read : withCreditsBySign(read);
}

/** What the product is called; a marketplace line's product code is an opaque id, so that a name goes before it. */
function serviceOf(row: RowReader, product: Readonly<Record<string, string>>): string | undefined {
  return (
    product.product_name ??
    row.text("product_product_name", "product_servicename") ??
    product.servicename ??
    row.text("line_item_product_code", "product_servicecode")
  );
}

const TAG = /^(resourceTags\/|resource_tags_)/;
const CATEGORY = /^(costCategory\/|cost_category_)/;

/** @param prefix that columns have before the key */
function taggedByColumn(row: RowReader, columns: readonly string[], prefix: RegExp): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const column of columns) {
    const value = row.text(column);
    if (value !== undefined) tags[column.replace(prefix, "")] = value;
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

const LINE_TYPE = "line_item_line_item_type";

/** @param other receives types that are not known */
function kindOf(row: RowReader, other: Set<string>): ChargeKind {
  const type = row.text(LINE_TYPE);
  if (type === undefined) return /^tax$/i.test(row.text("line_item_usage_type") ?? "") ? "tax" : "usage";
  const kind = KINDS[type];
  if (kind !== undefined) return kind;
  if (/discount/i.test(type)) return "discount";
  other.add(type);
  return "fee";
}
