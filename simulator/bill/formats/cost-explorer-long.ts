/** GetCostAndUsage flattened by a script: a row for each day and group, columns named after the API's members. */
import { AWS_REGIONS } from "../../base/regions.ts";
import { type BillExport, type BillLine, type BillTable, type ChargeKind, withCreditsBySign } from "../bill-line.ts";
import { periodsOf } from "../periods.ts";
import { type RowReader, readRows } from "../table-reader.ts";

const nameOf = (column: string): string => column.toLowerCase().replace(/[^a-z0-9]/g, "");

const START = ["timeperiodstart", "start", "startdate", "periodstart", "date", "day", "usagedate"] as const;
const CHARGE = ["recordtype", "chargetype"] as const;
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

interface TagColumn {
  readonly key: string;
  readonly name: string;
}

/**
 * @param file for messages
 * @throws MeridianError data, with the problems of all rows
 */
export function readCostExplorerLong(table: BillTable, file: string): BillExport {
  const names = table.columns.map(nameOf);
  const tagColumns = table.columns.flatMap((column): readonly TagColumn[] => {
    const key = /^tag[:_$ ](?!key$|value$)(.+)$/i.exec(column.trim())?.[1];
    return key === undefined ? [] : [{ key, name: nameOf(column) }];
  });
  const read = readRows(table, file, nameOf, (row): BillLine => {
    refuseTotal(row);
    const startMs = row.instantMs(...START);
    row.usdOnly("currency", "unit", "currencycode");
    return {
      startMs,
      endMs: row.text(...END) === undefined ? Number.NaN : row.instantMs(...END),
      kind: chargeKindOf(row.text(...CHARGE), row.text("service", "servicename")),
      costUsd: row.amount(...COSTS),
      quantity: row.quantity("usagequantity", "quantity", "usageamount"),
      unit: row.text("usageunit", "usagequantityunit", "quantityunit"),
      service: row.text("service", "servicename"),
      usageType: row.text("usagetype"),
      operation: row.text("operation"),
      region: regionOf(row.text("region", "regionid")),
      account: row.text("linkedaccount", "account", "accountid"),
      identity: undefined,
      tags: tagsOf(row, tagColumns),
      estimated: row.text("estimated")?.toLowerCase() === "true",
      line: row.line,
    };
  });
  // Rows without an end are as long as their beginnings are apart.
  const open = read.filter(({ endMs }) => Number.isNaN(endMs));
  const periods = open.length === 0 ? undefined : periodsOf(open.map(({ startMs }) => startMs));
  const lines = read.map((line) =>
    Number.isNaN(line.endMs) ? { ...line, endMs: periods!.endMs(line.startMs) } : line,
  );
  const costBasis = COSTS.find((name) => names.includes(name))!.replace(/cost$/, "") || "cost";
  const exported: BillExport = {
    format: "cost-explorer-long",
    view: "cost-explorer",
    lines,
    statedTotalUsd: undefined,
    costBasis,
    notes: periods?.notes ?? [],
  };
  return CHARGE.some((name) => names.includes(name)) ? exported : withCreditsBySign(exported);
}

/** A script may add a row of totals to each day: with it spend would count twice. */
function refuseTotal(row: RowReader): void {
  const label = DIMENSIONS.map((name) => row.text(name)).find((text) => TOTAL.test(text ?? ""));
  if (label !== undefined)
    row.problem(`${JSON.stringify(label)} is a row of totals, which would count spend twice`, "leave out such rows");
}

const TOTAL = /^(grand |sub-?)?totals?( costs?)?$/i;
const DIMENSIONS = ["region", "service", "servicename", "usagetype", "linkedaccount", "account", "operation"] as const;

/**
 * Cost Explorer writes `NoRegion` or `global` for what belongs to none, and its console may show a region by its name.
 *
 * @example regionOf("US East (N. Virginia)") // => "us-east-1"
 */
export function regionOf(written: string | undefined): string | undefined {
  if (written === undefined || /^(no ?region|global|)$/i.test(written.trim())) return undefined;
  const city = /\(([^)]+)\)\s*$/.exec(written)?.[1];
  if (city === "Central" && /^canada/i.test(written)) return "ca-central-1";
  return AWS_REGIONS.find((each) => each.city === city)?.id ?? written;
}

/** Tags stand in `tag` or `tag_value`, with their key in `tag_key` or as `team$search`; or in columns `tag:team`. */
function tagsOf(row: RowReader, columns: readonly TagColumn[]): Readonly<Record<string, string>> {
  const own = columns.map(({ key, name }) => [key, row.text(name)] as const);
  const value = row.text("tag", "tagvalue");
  return {
    ...(value === undefined ? {} : tagOf(value, row.text("tagkey"))),
    ...Object.assign({}, ...own.map(([key, text]) => (text === undefined ? {} : tagOf(text, key)))),
  };
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

/**
 * Source: Cost Explorer, dimension RECORD_TYPE ("Charge type" in the console). Where an export is grouped by service and
 * not by charge type, taxes are a service of their own.
 *
 * @example chargeKindOf("Reservation applied usage") // => "usage"
 */
export function chargeKindOf(recordType: string | undefined, service?: string): ChargeKind {
  const words = (recordType ?? (service?.toLowerCase() === "tax" ? "tax" : "usage")).toLowerCase();
  if (/discounted ?usage|applied usage|covered/.test(words)) return "usage";
  if (/tax/.test(words)) return "tax";
  if (/credit/.test(words)) return "credit";
  if (/refund/.test(words)) return "refund";
  if (/discount|negation/.test(words)) return "discount";
  if (/upfront|recurring|ri ?fee/.test(words)) return "commitment";
  return /usage/.test(words) ? "usage" : "fee";
}
