/** Reads prices that were recorded over time, from CSV. */
import { CsvError, parse } from "csv-parse/sync";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { parseInstantMs } from "../../simulator/base/instants.ts";
import type { RecordedPrice } from "../../simulator/service/pricing/price-overrides.ts";
import { readTextFile, withLineFeeds } from "./text-files.ts";

const BYTES_MAX = 64 * 2 ** 20;
const PROBLEMS_MAX = 20;
const COLUMNS: readonly string[] = ["instant", "region", "model", "factor", "input", "output"];
const ZONED = /^\d{4}-.*T.*(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads recorded prices: CSV with a header of `instant` (ISO 8601 with zone), `region`, optional `model`, and either
 * `factor` (over list price) or `input` and `output` (USD per million tokens).
 *
 * @throws MeridianError data, with file and line of each bad row
 */
export async function loadRecordedPrices(path: string): Promise<readonly RecordedPrice[]> {
  const kind = { code: "PRICES", noun: "price recording", bytesMax: BYTES_MAX, kind: "data" } as const;
  return parseRecordedPrices(await readTextFile(path, kind), path);
}

/** @param file named in problems */
export function parseRecordedPrices(text: string, file: string): readonly RecordedPrice[] {
  const records = parseCsv(text, file);
  const problems: Problem[] = [];
  const rows: RecordedPrice[] = [];
  for (const { record, line } of records) {
    const row = rowOf(record);
    if (typeof row !== "string") rows.push(row);
    else if (problems.length < PROBLEMS_MAX) {
      problems.push({ code: "PRICES_BAD_ROW", what: row, where: `${file}:${line}`, fix: ROW_FIX });
    }
  }
  if (problems.length > 0) throw new MeridianError("data", problems);
  if (rows.length === 0) {
    throw new MeridianError("data", {
      code: "PRICES_EMPTY",
      what: "the recording has no rows",
      where: file,
      fix: ROW_FIX,
    });
  }
  return rows;
}

const ROW_FIX = "write rows like: instant,region,model,factor and 2026-05-04T15:00:00Z,us-east-1,,1.31";

interface CsvLine {
  readonly record: Readonly<Record<string, string>>;
  readonly line: number;
}

function parseCsv(text: string, file: string): readonly CsvLine[] {
  try {
    const records = parse(withLineFeeds(text), {
      columns: (header: string[]) => checkHeader(header, file),
      bom: true,
      trim: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as { record: Record<string, string>; info: { lines: number } }[];
    return records.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === "number" ? `:${error.lines}` : "";
    const where = `${file}${line}`;
    throw new MeridianError(
      "data",
      { code: "PRICES_BAD_CSV", what: error.message, where, fix: ROW_FIX },
      { cause: error },
    );
  }
}

function checkHeader(header: readonly string[], file: string): string[] {
  const unknown = header.filter((name) => !COLUMNS.includes(name));
  const missing = ["instant", "region"].filter((name) => !header.includes(name));
  if (unknown.length > 0 || missing.length > 0 || new Set(header).size < header.length) {
    const what = missing.length > 0 ? `the header lacks ${missing.join(" and ")}` : "the header has a column too many";
    const fix = `use the columns ${COLUMNS.join(", ")}; model, and one of factor or input and output, may be left out`;
    throw new MeridianError("data", { code: "PRICES_BAD_HEADER", what, where: `${file}:1`, fix });
  }
  return [...header];
}

/** The row, or what is wrong with it. */
function rowOf(record: Readonly<Record<string, string>>): RecordedPrice | string {
  const instant = record.instant ?? "";
  if (!ZONED.test(instant)) return `"${instant}" is not an instant with its zone`;
  const atMs = parseInstantMs(instant);
  if (typeof atMs === "string") return `"${instant}" ${atMs}`;
  const region = record.region ?? "";
  if (region === "") return "the region is empty";
  const factor = numberOf(record.factor);
  const inputUsdPerMTok = numberOf(record.input);
  const outputUsdPerMTok = numberOf(record.output);
  for (const [name, value] of Object.entries({ factor, input: inputUsdPerMTok, output: outputUsdPerMTok })) {
    if (value !== undefined && !(value >= 0 && value <= 1e6)) return `${name} is ${record[name]}, not a price`;
  }
  const hasPrices = inputUsdPerMTok !== undefined && outputUsdPerMTok !== undefined;
  const hasAnyPrice = inputUsdPerMTok !== undefined || outputUsdPerMTok !== undefined;
  if ((factor === undefined) !== hasPrices || (factor !== undefined && hasAnyPrice)) {
    return "a row has either a factor, or both input and output";
  }
  return { atMs, region, model: record.model || undefined, factor, inputUsdPerMTok, outputUsdPerMTok };
}

/** Undefined for an empty cell, NaN for one that is not a number. */
function numberOf(cell: string | undefined): number | undefined {
  return cell === undefined || cell === "" ? undefined : Number(cell);
}
