/** GetCostAndUsage flattened by a script: a row for each day and group, columns named after the API's members. */
import type { BillExport, BillLine, BillTable, ChargeKind } from "../bill-line.ts";
import { nextDayMs, type RowReader, readRows } from "../table-reader.ts";

const nameOf = (column: string): string => column.toLowerCase().replace(/[^a-z0-9]/g, "");

const START = ["timeperiodstart", "start", "startdate", "periodstart", "date", "day", "usagedate"] as const;
const END = ["timeperiodend", "end", "enddate", "periodend"] as const;
/** In the order of preference; the one that is read is said in the result. */
const COSTS = [
  "unblendedcost",
  "netunblendedcost",
  "amortizedcost",
  "netamortizedcost",
  "blendedcost",
  "cost",
  "amount",
  "costusd",
  "amountusd",
] as const;

export function isCostExplorerLong(columns: readonly string[]): boolean {
  const names = new Set(columns.map(nameOf));
  const has = (wanted: readonly string[]) => wanted.some((name) => names.has(name));
  return has(START) && has(COSTS) && has(["usagetype", "service", "region", "tag", "linkedaccount"]);
}

/**
 * @param file for messages
 * @throws MeridianError data, with the problems of all rows
 */
export function readCostExplorerLong(table: BillTable, file: string): BillExport {
  const names = table.columns.map(nameOf);
  const tagKey = table.columns.map((column) => /^tag[:_$ ](.+)$/i.exec(column)?.[1]).find((key) => key !== undefined);
  const lines = readRows(table, file, nameOf, (row): BillLine => {
    const startMs = row.instantMs(...START);
    row.usdOnly("currency", "unit", "currencycode");
    return {
      startMs,
      endMs: row.text(...END) === undefined ? nextDayMs(startMs) : row.instantMs(...END),
      kind: chargeKindOf(row.text("recordtype", "chargetype")),
      costUsd: row.amount(...COSTS),
      quantity: row.quantity("usagequantity", "quantity", "usageamount"),
      unit: row.text("usageunit", "usagequantityunit", "quantityunit"),
      service: row.text("service", "servicename"),
      usageType: row.text("usagetype"),
      operation: row.text("operation"),
      region: knownRegion(row),
      account: row.text("linkedaccount", "account", "accountid"),
      identity: undefined,
      tags: tagsOf(row, tagKey),
      estimated: row.text("estimated")?.toLowerCase() === "true",
      line: row.line,
    };
  });
  const costBasis = COSTS.find((name) => names.includes(name))!.replace(/cost$/, "") || "cost";
  return {
    format: "cost-explorer-long",
    view: "cost-explorer",
    lines,
    statedTotalUsd: undefined,
    costBasis,
    notes: [],
  };
}

/** Cost Explorer writes `NoRegion` or `global` for what belongs to none. */
function knownRegion(row: RowReader): string | undefined {
  const region = row.text("region", "regionid");
  return region === undefined || /^no ?region$/i.test(region) ? undefined : region;
}

function tagsOf(row: RowReader, tagKey: string | undefined): Readonly<Record<string, string>> {
  const value = row.text("tag", "tagvalue", ...(tagKey === undefined ? [] : [nameOf(`tag:${tagKey}`)]));
  return value === undefined ? {} : tagOf(value, tagKey);
}

/**
 * A tag as the API gives it: `team$search`; `team$` is untagged.
 *
 * @param key where the file names it apart from the value
 * @example tagOf("team$search") // => { team: "search" }
 */
export function tagOf(value: string, key?: string): Readonly<Record<string, string>> {
  const at = value.indexOf("$");
  if (at > 0) return { [value.slice(0, at).replace(/^user:/, "")]: value.slice(at + 1) };
  return { [key ?? "tag"]: value };
}

/** Source: Cost Explorer, dimension RECORD_TYPE ("Charge type" in the console). */
export function chargeKindOf(recordType: string | undefined): ChargeKind {
  const words = (recordType ?? "usage").toLowerCase();
  if (/tax/.test(words)) return "tax";
  if (/credit/.test(words)) return "credit";
  if (/refund/.test(words)) return "refund";
  if (/discount|negation/.test(words)) return "discount";
  if (/upfront|recurring|ri fee|reservation applied/.test(words)) return "commitment";
  return /usage|covered/.test(words) ? "usage" : "fee";
}
