/** Bills and price lists into the run store: a day of an account and source stands once, however often it is imported. */
import { createHash } from "node:crypto";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ImportedSums } from "../../reports/bill/imports-text.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { DAY_MS } from "../../simulator/base/time.ts";
import {
  type BillLine,
  type Decimal,
  formatCents,
  formatDecimal,
  parseDecimal,
  sumOf,
} from "../../simulator/bill/bill-line.ts";
import type { ClassifiedLine, ModelNames } from "../../simulator/bill/classify.ts";
import { BILL_TABLE_FORMATS } from "../../simulator/bill/formats/index.ts";
import type { ImportedPrices } from "../../simulator/bill/price-list.ts";
import { type Bill, createBill, partsOf, tagKeysOf } from "../../simulator/bill/spend.ts";
import { openStoreReader } from "../store/reader.ts";
import { BILL_LINES, billRow, LIST_PRICES, priceRow, UNKNOWN_ACCOUNT } from "../store/tables/bills.ts";
import { openStoreWriter, type StoreWriter } from "../store/writer.ts";
import { costOf, type ImportedLines, withEarlierParts } from "./import-parts.ts";
import { isPriceListCsv } from "./price-list-file.ts";

/** What an import of a bill did. */
export interface ImportedBill extends ImportedSums {
  readonly notes: readonly string[];
}

/** What a file is: read from its first bytes, so that a log of gigabytes is not read twice. */
export async function kindOfFile(path: string): Promise<"bill" | "price list" | "requests"> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return "requests";
  const file = found.isDirectory() ? await firstPart(path) : path;
  if (file === undefined) return "requests";
  const head = await headOf(file);
  if (head.subarray(0, 4).toString("latin1") === "PAR1") return parquetKind(file);
  const text = new TextDecoder().decode(head);
  if (/^\s*[[{]/.test(text)) {
    if (/"ResultsByTime"/.test(text)) return "bill";
    return /"offerCode"/.test(text) ? "price list" : "requests";
  }
  if (isPriceListCsv(text)) return "price list";
  const { parse } = await import("csv-parse/sync");
  const header = text.replace(/^\uFEFF/, "").split(/\r?\n/, 1)[0]!;
  const [columns = []] = parse(header, { relax_quotes: true, relax_column_count: true }) as string[][];
  return BILL_TABLE_FORMATS.some(({ matches }) => matches(columns)) ? "bill" : "requests";
}

const HEAD_BYTES = 65_536;

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    if (head[0] !== 0x1f || head[1] !== 0x8b) return head;
    // The beginning of a stream is enough: what follows it is not asked for.
    return gunzipSync(head, { finishFlush: 2, maxOutputLength: 16 * HEAD_BYTES });
  } catch {
    return Buffer.alloc(0);
  } finally {
    await handle.close();
  }
}

async function firstPart(folder: string): Promise<string | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((each) => each.isFile() && /\.(csv|parquet|json)(\.gz)?$/i.test(each.name) && !/manifest/i.test(each.name))
    .map((each) => join(each.parentPath, each.name))
    .sort()[0];
}

async function parquetKind(file: string): Promise<"bill" | "requests"> {
  const { openDatabase, quoted } = await import("../store/database.ts");
  const { connection, close } = await openDatabase();
  try {
    const described = await connection.runAndReadAll(`describe select * from read_parquet(${quoted(file)})`);
    const columns = described.getRows().map(([name]) => String(name));
    return BILL_TABLE_FORMATS.some(({ matches }) => matches(columns)) ? "bill" : "requests";
  } catch {
    return "requests";
  } finally {
    close();
  }
}

/**
 * Puts a bill's lines in the place of what the store has of the same source, accounts and days, and compares its sum
 * with the file's.
 *
 * @param teamTag tag whose values are teams; the one with most spend unless given
 * @param earlier what the same command has imported before, to which the lines are added
 * @throws MeridianError internal BILL_STORE_TOTAL where the sums differ; environment STORE_NOT_WRITTEN
 */
export async function importBill(
  root: string,
  exported: Bill["export"],
  names: ModelNames,
  teamTag: string | undefined,
  earlier: ImportedLines = new Map(),
): Promise<ImportedBill> {
  const bill = createBill(exported, names);
  const source = slug(exported.view, 30);
  const team = teamTag ?? tagKeysOf(bill)[0] ?? "team";
  const parts: string[] = [];
  const own = byKey(bill, source);
  const groups = withEarlierParts(own, earlier, parts);
  const earlierUsd = costOf(groups.values()) - bill.totalUsd;
  const was = await storedTotals(root, [...groups.keys()]);
  const writer = openStoreWriter(root);
  let replacedDays = 0;
  try {
    const known = await writer.keys(BILL_LINES);
    // What was added to an earlier part takes no place.
    replacedDays = [...groups].filter(([key, lines]) => known.has(key) && lines === own.get(key)).length;
    const coarser = await removeOtherSpans(writer, [...known.keys()], [...groups.keys()]);
    const facts = { source: exported.view, costBasis: exported.costBasis, teamTag: team };
    for (const [key, lines] of groups)
      await writer.replace(
        BILL_LINES,
        key,
        lines.map((line) => billRow(line, facts)),
      );
    const sums = await storedTotals(root, [...groups.keys()]);
    const storedUsd = sumOf(sums.values()) - earlierUsd;
    for (const [key, lines] of groups) earlier.set(key, lines);
    if (storedUsd !== bill.totalUsd) {
      const what = `the store has USD ${formatDecimal(storedUsd)} of a bill of USD ${formatDecimal(bill.totalUsd)}`;
      throw new MeridianError("internal", { code: "BILL_STORE_TOTAL", what });
    }
    return {
      source: exported.view,
      lines: bill.lines.length,
      days: new Set([...groups.keys()].map((key) => key.split(".").at(-1))).size,
      accounts: new Set(bill.lines.map(({ line }) => line.account ?? UNKNOWN_ACCOUNT)).size,
      totalUsd: bill.totalUsd,
      storedUsd,
      ...sumsOf(bill, team),
      teamTag: team,
      replacedDays,
      notes: [...exported.notes, ...parts, ...coarser, ...lessNote(was, sums)],
    };
  } finally {
    writer.close();
  }
}

function byKey(bill: Bill, source: string): ReadonlyMap<string, readonly ClassifiedLine[]> {
  const groups = new Map<string, ClassifiedLine[]>();
  for (const classified of bill.lines) {
    const key = keyOf(source, classified.line);
    const before = groups.get(key);
    if (before === undefined) groups.set(key, [classified]);
    else before.push(classified);
  }
  return groups;
}

function sumsOf(bill: Bill, team: string): Pick<ImportedBill, "tokensUsd" | "unattributedUsd" | "untaggedUsd"> {
  const parts = partsOf(bill);
  const tokens = parts.filter(({ spend, kind }) => spend === "tokens" && kind === "usage");
  const untagged = bill.lines.filter(({ line }) => line.kind === "usage" && (line.tags[team] ?? "") === "");
  return {
    tokensUsd: sumOf(tokens.map(({ costUsd }) => costUsd)),
    unattributedUsd: sumOf(parts.filter(({ spend }) => spend === "unattributed").map(({ costUsd }) => costUsd)),
    untaggedUsd: sumOf(untagged.map(({ line }) => line.costUsd)),
  };
}

/** `source.account.20260903d`: a day of an account in one source; `m` for a line of more than a day, by its first. */
function keyOf(source: string, { account, startMs, endMs }: BillLine): string {
  const day = new Date(startMs).toISOString().slice(0, 10).replaceAll("-", "");
  return `${source}.${slug(account ?? UNKNOWN_ACCOUNT, 20)}.${day}${endMs - startMs > DAY_MS ? "m" : "d"}`;
}

function slug(text: string, length: number): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  if (plain !== "" && plain.length <= length) return plain;
  return `${plain.slice(0, length - 9)}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`.replace(
    /^-/,
    "x",
  );
}

/** Days and months of one source and account would count the same spend twice: the span that was imported last stays. */
async function removeOtherSpans(writer: StoreWriter, known: readonly string[], imported: readonly string[]) {
  const month = (key: string) => key.slice(0, -3);
  const spanOf = (key: string) => key.at(-1);
  const spans = new Map(imported.map((key) => [month(key), spanOf(key)]));
  const others = known.filter((key) => spans.has(month(key)) && spans.get(month(key)) !== spanOf(key));
  // Taxes of a month stand beside the days of the same export: then both spans are one import.
  const isMixed = imported.some((key) => spans.get(month(key)) !== spanOf(key));
  if (others.length === 0 || isMixed) return [];
  for (const key of others) await writer.remove(BILL_LINES, key);
  const was = spanOf(others[0]!) === "m" ? "by month" : "by day";
  return [`what the store had ${was} of the same source, account and months was taken out: it is the same spend`];
}

/** By key. */
async function storedTotals(root: string, keys: readonly string[]): Promise<ReadonlyMap<string, Decimal>> {
  const reader = await openStoreReader(root, { tables: [BILL_LINES], views: [] });
  try {
    const list = keys.map((key) => `'${key}'`).join(", ");
    const { rows } = await reader.query(
      `SELECT bill_key, sum(cost_usd)::VARCHAR FROM bill_lines WHERE bill_key IN (${list}) GROUP BY bill_key`,
    );
    return new Map(rows.map(([key, usd]) => [String(key), parseDecimal(String(usd)) ?? 0n]));
  } finally {
    reader.close();
  }
}

/** A later export of a day has what the earlier one had, and more: where it has less, it may be a part alone. */
function lessNote(was: ReadonlyMap<string, Decimal>, is: ReadonlyMap<string, Decimal>): readonly string[] {
  const less = [...was].filter(([key, usd]) => (is.get(key) ?? 0n) < usd);
  if (less.length === 0) return [];
  const [before, now] = [sumOf(less.map(([, usd]) => usd)), sumOf(less.map(([key]) => is.get(key) ?? 0n))];
  const days = less.length === 1 ? "a day of an account was" : `${less.length} days of accounts were`;
  return [
    `${days} USD ${formatCents(before)} in the store and ${less.length === 1 ? "is" : "are"} USD ${formatCents(now)} now: if this is a part of an export, import the folder with all its parts`,
  ];
}

/** Puts a price list into the store; the same publication of the same offer and regions stands once. @returns rows */
export async function importPriceList(root: string, { offer, asOf, rows }: ImportedPrices): Promise<number> {
  const regions = [...new Set(rows.map(({ region }) => region))].sort().join(" ");
  const key = `${slug(offer, 30)}.${slug(regions, 20)}.${asOf.replaceAll("-", "")}`;
  const writer = openStoreWriter(root);
  try {
    await writer.replace(
      LIST_PRICES,
      key,
      rows.map((row) => priceRow(row, offer)),
    );
    return rows.length;
  } finally {
    writer.close();
  }
}
