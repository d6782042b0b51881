/**
 * The bill that a command is asked about, with its lines tagged and read: a file, or what was imported into the store, read
 * back as the exports that it was.
 */
import { basename } from "node:path";
import type { Command } from "commander";
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import {
  type BillExport,
  type BillLine,
  type ChargeKind,
  type Decimal,
  parseDecimal,
} from "../../simulator/bill/bill-line.ts";
import { createModelNames, type ModelNames } from "../../simulator/bill/classify.ts";
import { type Bill, createBill } from "../../simulator/bill/spend.ts";
import type { CommonOptions } from "../commands/command.ts";
import { pairsOf, RUNS_FOLDER } from "../commands/options.ts";
import { loadReference } from "../io/reference.ts";
import { loadTagger, withTags } from "../io/tag-rules.ts";
import { openStoreReader } from "../store/reader.ts";
import { BILL_LINES, UNKNOWN_ACCOUNT } from "../store/tables/bills.ts";
import { readBillFile } from "./read-bill.ts";

export const BILL_FILES =
  "Cost Explorer (CSV or the API's JSON), CUR or FOCUS (CSV, Parquet), gzip too, or a folder of parts; without it, the bill in the store";

/** Options of every command that reads a bill. */
export function addBillOptions(command: Command): void {
  command
    .argument("[file]", BILL_FILES)
    .option("--store <dir>", "folder of runs whose store is read where no file is named", RUNS_FOLDER)
    .option("--source <name>", "of the store: cur, focus, cost-explorer ...; the one with most days unless given")
    .option("--map-model <name=id...>", "Bedrock id of a model that the table of models does not know by its name", [])
    .option("--tags <file>", 'rules that tag lines which lack a tag: tag team=search where usageType like "*Nova*"');
}

export interface OpenedBill {
  readonly bill: Bill;
  readonly names: ModelNames;
  /** Path of the file, or the source in the store. */
  readonly from: string;
  /** For titles: the file's name, or the source. */
  readonly title: string;
}

/** @throws MeridianError of the file, of the rules, of the store, or usage BILL_SOURCE_OF_FILE */
export async function openBill(file: string | undefined, options: CommonOptions): Promise<OpenedBill> {
  const { models } = await loadReference();
  const known = createModelNames(models.ids.map((id) => ({ id, name: models.nameOf(id)! })));
  const mapped = pairsOf((options.mapModel ?? []) as readonly string[], "--map-model");
  const names: ModelNames = { idOf: (name) => mapped.get(name) ?? known.idOf(name) };
  const tagger = options.tags === undefined ? undefined : await loadTagger(String(options.tags));
  const source = options.source as string | undefined;
  if (file !== undefined && source !== undefined)
    throw new MeridianError("usage", {
      code: "BILL_SOURCE_OF_FILE",
      what: "--source is for bills in the store, and a file is named",
      fix: "leave out one of the two",
    });
  const exported = file === undefined ? await readStoredBill(String(options.store), source) : await readBillFile(file);
  const bill = createBill(tagger === undefined ? exported : withTags(exported, tagger, names), names);
  return {
    bill,
    names,
    from: file ?? `${String(options.store)}, ${exported.view}`,
    title: file === undefined ? exported.view : basename(file),
  };
}

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
