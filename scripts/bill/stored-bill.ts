/** Bills that were imported into the store, read back as the exports that they were. */
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import {
  type BillExport,
  type BillLine,
  type ChargeKind,
  type Decimal,
  parseDecimal,
} from "../../simulator/bill/bill-line.ts";
import { openStoreReader } from "../store/reader.ts";
import { BILL_LINES, UNKNOWN_ACCOUNT } from "../store/tables/bills.ts";

/**
 * One source of the store, with all its days: sources describe the same spend, and are never added up.
 *
 * @param root folder of runs
 * @param asked source, as `meridian import` names it; the one with most days unless given
 * @throws MeridianError data BILL_STORE_EMPTY, usage BILL_SOURCE_UNKNOWN
 */
export async function readStoredBill(root: string, asked: string | undefined): Promise<BillExport> {
  const reader = await openStoreReader(root, { tables: [BILL_LINES], views: [] });
  try {
    const { rows: found } = await reader.query(
      "SELECT source, count(DISTINCT starts_at::DATE) AS days FROM bill_lines GROUP BY source ORDER BY days DESC, source",
    );
    const sources = found.map(([source]) => String(source));
    const source = asked ?? sources[0];
    if (source === undefined) throw empty(root);
    if (!sources.includes(source)) throw unknown(source, sources);
    const columns = `epoch_ms(starts_at), epoch_ms(ends_at), kind, cost_usd::VARCHAR, quantity::VARCHAR, unit, service,
      usage_type, operation, region, account, identity, tags::VARCHAR, estimated, cost_basis`;
    const { rows } = await reader.query(
      `SELECT ${columns} FROM bill_lines WHERE source = '${source.replaceAll("'", "''")}' ORDER BY starts_at, bill_key`,
    );
    const others = sources.filter((each) => each !== source);
    const note = `of the same spend the store also has ${others.join(", ")}: --source reads another`;
    return {
      format: "store",
      view: source,
      lines: rows.map(lineOf),
      statedTotalUsd: undefined,
      costBasis: [...new Set(rows.map((row) => String(row[14])))].join(", "),
      notes: others.length === 0 ? [] : [note],
    };
  } finally {
    reader.close();
  }
}

function lineOf(row: readonly unknown[], index: number): BillLine {
  const [startMs, endMs, kind, cost, quantity, unit, service, usageType, operation, region, account, identity, tags] =
    row.map((value) => (value === null || value === undefined ? undefined : String(value)));
  return {
    startMs: Number(startMs),
    endMs: Number(endMs),
    kind: kind as ChargeKind,
    costUsd: exact(cost),
    quantity: quantity === undefined ? undefined : exact(quantity),
    unit,
    service,
    usageType,
    operation,
    region,
    account: account === UNKNOWN_ACCOUNT ? undefined : account,
    identity,
    tags: tags === undefined ? {} : (JSON.parse(tags) as Record<string, string>),
    estimated: row[13] === true,
    line: index + 1,
  };
}

function exact(text: string | undefined): Decimal {
  return parseDecimal(text ?? "0") ?? 0n;
}

function empty(root: string): MeridianError {
  const fix = "name an export, or put one there first: meridian import cost-explorer.csv.gz";
  return new MeridianError("data", { code: "BILL_STORE_EMPTY", what: "the store has no bill", where: root, fix });
}

function unknown(source: string, sources: readonly string[]): MeridianError {
  const what = `the store has no bill of the source "${source}"`;
  return new MeridianError("usage", {
    code: "BILL_SOURCE_UNKNOWN",
    what,
    where: "--source",
    fix: suggest(source, sources),
  });
}
