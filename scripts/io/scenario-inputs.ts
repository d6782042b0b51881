/** Loads what a scenario names outside its own file: reference data, recordings, recorded prices. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { parseInstantMs } from "../../simulator/base/instants.ts";
import type { ResolveInputs } from "../../simulator/scenario/resolve.ts";
import type { Scenario } from "../../simulator/scenario/schema.ts";
import {
  createModelFacts,
  type ModelFacts,
  type ModelFactsData,
  modelFactsSchema,
} from "../../simulator/service/model-facts.ts";
import { type RoundTripData, roundTripDataSchema } from "../../simulator/service/network.ts";
import { type PriceBookData, priceBookDataSchema } from "../../simulator/service/pricing/price-book-data.ts";
import type { RecordedPrice } from "../../simulator/service/pricing/price-overrides.ts";
import { priceBookFile, recordedPriceFiles } from "../../simulator/service/pricing/schema.ts";
import { type ProfileData, profileDataSchema } from "../../simulator/service/profiles.ts";
import { type QuotaData, quotaDataSchema } from "../../simulator/service/quota/default-quotas.ts";
import { BadRows, type BadRowsOptions } from "../../simulator/traffic/bad-rows.ts";
import { traceNamesOf } from "../../simulator/traffic/class-stream.ts";
import type { ReadingOptions } from "../../simulator/traffic/request-reader.ts";
import { loadPriceBook } from "./price-book-file.ts";
import { PACKAGE_ROOT } from "./process.ts";
import { isBelow, readTextFile } from "./text-files.ts";
import type { RecordedTrace } from "./traces.ts";

export interface ScenarioInputs {
  readonly inputs: ResolveInputs;
  /** The recordings behind the traffic, for the record. */
  readonly traces: readonly RecordedTrace[];
  /** Everything of the user's that was read beside the scenario, by name: its result follows from these, too. */
  readonly files: readonly NamedDigest[];
  /** What could not be loaded; `where` is a config path, or a file and line where the fault is inside a file. */
  readonly problems: readonly Problem[];
}

/** A file that a scenario names, by its content. */
export interface NamedDigest {
  readonly name: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface InputOptions {
  /** What happens to rows of recordings that cannot be read; the first stops unless given. */
  readonly badRows?: BadRowsOptions;
  /** Recordings that have been read already. */
  readonly loaded?: readonly RecordedTrace[];
}

/**
 * Loads everything outside its own file that a scenario names: reference data, recordings, recorded prices. Relative
 * paths are relative to the scenario's folder. Files that cannot be used are left out and reported, so that the rest of
 * the scenario can still be checked.
 */
export async function loadScenarioInputs(
  scenario: Scenario,
  file: string,
  { badRows, loaded = [] }: InputOptions = {},
): Promise<ScenarioInputs> {
  const baseDir = dirname(file);
  const reference = await loadReference();
  const problems: Problem[] = [];
  const keep = async <T>(load: Promise<T>, configPath: string): Promise<T | undefined> =>
    load.catch((error: unknown) => {
      if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
      problems.push(...error.problems.map((problem) => placed(problem, configPath)));
      return undefined;
    });
  /** The same for a file of the scenario's; of one outside its folder nothing is shown. */
  const keepFile = async <T>(load: Promise<T>, path: string, configPath: string): Promise<T | undefined> => {
    const before = problems.length;
    const loaded = await keep(load, configPath);
    if (problems.length === before || (await isBelow(path, baseDir))) return loaded;
    problems.push(...problems.splice(before).map(withoutContent));
    return loaded;
  };
  const traces: RecordedTrace[] = [];
  for (const [name, { configPath, reading }] of tracesOf(scenario)) {
    // Only scenarios with recordings wait for the code that reads them.
    const { loadTrace } = await import("./traces.ts");
    const read = async () =>
      loaded.find((each) => each.name === name) ??
      loadTrace(name, baseDir, { ...reading, badRows: new BadRows(badRows) });
    const trace = await keepFile(read(), resolve(baseDir, name), configPath);
    if (trace !== undefined) traces.push(trace);
  }
  const recordedPrices: Record<string, Awaited<ReturnType<typeof loadRecordedPrices>>> = {};
  for (const path of recordedPriceFiles(scenario.world.prices)) {
    const file = resolve(baseDir, path);
    const prices = await keepFile(loadRecordedPrices(file), file, "world.prices");
    if (prices !== undefined) recordedPrices[path] = prices;
  }
  const bookFile = priceBookFile(scenario.world.prices);
  const bookPath = bookFile === undefined ? undefined : resolve(baseDir, bookFile);
  const ownBook =
    bookPath === undefined ? undefined : await keepFile(loadPriceBook(bookPath), bookPath, "world.prices.book");
  const prices = ownBook ?? reference.prices;
  const files: NamedDigest[] = [
    ...traces.map(({ name, sha256 }) => ({ name, sha256 })),
    ...Object.entries(recordedPrices).map(([name, rows]) => ({ name, sha256: digestOf(rows) })),
    ...(ownBook === undefined ? [] : [{ name: bookFile!, sha256: digestOf(ownBook) }]),
  ];
  const strategySources: Record<string, string> = {};
  const notes: string[] = [];
  for (const [i, { file: own }] of scenario.strategies.entries()) {
    if (own === undefined || Object.hasOwn(strategySources, own)) continue;
    const { loadStrategyFile } = await import("./strategy-files.ts");
    const code = await keep(loadStrategyFile(own, baseDir, baseDir), `strategies[${i}].file`);
    if (code === undefined) continue;
    strategySources[own] = code.source;
    files.push({ name: own, sha256: code.sha256 });
    notes.push(`The strategy ${own} is code of your own, SHA-256 ${code.sha256.slice(0, 16)} with what it imports.`);
  }
  const recordings = Object.fromEntries(traces.map((trace) => [trace.name, trace.recording]));
  return {
    inputs: { ...reference, prices, recordings, recordedPrices, strategySources, notes },
    traces,
    files,
    problems,
  };
}

function digestOf(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

interface NamedTrace {
  /** The first place that names it. */
  readonly configPath: string;
  /** How it is to be read, as the first class says that says so. */
  readonly reading: ReadingOptions;
}

/** Recordings by name. */
export function tracesOf(scenario: Scenario): ReadonlyMap<string, NamedTrace> {
  const named = new Map<string, NamedTrace>();
  scenario.traffic.forEach(({ arrivals, tokens }, i) => {
    for (const name of traceNamesOf(tokens === undefined ? { arrivals } : { arrivals, tokens })) {
      const before = named.get(name);
      const own = arrivals.process === "trace" && arrivals.trace === name ? arrivals : undefined;
      const reading = { ...before?.reading };
      if (own?.reading !== undefined) Object.assign(reading, own.reading, before?.reading);
      if (own !== undefined && own.unit !== null) reading.unit ??= own.unit;
      named.set(name, { configPath: before?.configPath ?? `traffic[${i}].arrivals`, reading });
    }
  });
  return named;
}

/** What a file outside the scenario's folder holds is not for the scenario's author, who may be another person. */
function withoutContent(problem: Problem): Problem {
  if (/_(NOT_FOUND|NOT_A_FILE|IS_DIRECTORY|TOO_LARGE|UNREADABLE|EMPTY)$/.test(problem.code)) return problem;
  const what = "a line here cannot be read; the file is outside the scenario's folder, so its text is not shown";
  return { ...problem, what, fix: "copy the file into the scenario's folder to see what is wrong" };
}

/** A file that is not there is a fault of the scenario's line; a fault inside a file keeps its own place. */
function placed(problem: Problem, configPath: string): Problem {
  return problem.code.endsWith("_NOT_FOUND") ? { ...problem, where: configPath } : problem;
}

/** The bundled facts about Amazon Bedrock, checked against their shapes. */
export interface Reference {
  readonly prices: PriceBookData;
  readonly profiles: ProfileData;
  readonly quotas: QuotaData;
  readonly roundTrips: RoundTripData;
  readonly models: ModelFacts;
}

const FOLDER = pathToFileURL(join(PACKAGE_ROOT, "scenarios", "reference/"));

/**
 * Reads the five bundled data sets.
 *
 * @param folder where they lie; another one for tests or for newer data of the same shape
 * @throws MeridianError environment, REFERENCE_UNREADABLE; data, REFERENCE_DAMAGED
 */
export async function loadReference(folder: URL = FOLDER): Promise<Reference> {
  const [prices, profiles, quotas, roundTrips, models] = await Promise.all([
    load(folder, "bedrock-prices.json", priceBookDataSchema),
    load(folder, "bedrock-profiles.json", profileDataSchema),
    load(folder, "bedrock-quotas.json", quotaDataSchema),
    load(folder, "region-rtt.json", roundTripDataSchema),
    load(folder, "bedrock-models.json", modelFactsSchema),
  ]);
  return { prices, profiles, quotas, roundTrips, models: createModelFacts(models) };
}

/** The facts about models as plain data, which can be posted to a worker. @throws as `loadReference` */
export function loadModelFactsData(folder: URL = FOLDER): Promise<ModelFactsData> {
  return load(folder, "bedrock-models.json", modelFactsSchema);
}

async function load<T>(folder: URL, file: string, schema: z.ZodType<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(new URL(file, folder), "utf8");
  } catch (cause) {
    throw new MeridianError(
      "environment",
      {
        code: "REFERENCE_UNREADABLE",
        what: `the bundled data file ${file} cannot be read`,
        where: `scenarios/reference/${file}`,
        fix: "install Meridian again; the file is part of it",
      },
      { cause },
    );
  }
  const parsed = schema.safeParse(parseJson(text), { jitless: true });
  if (parsed.success) return parsed.data;
  throw new MeridianError("data", {
    code: "REFERENCE_DAMAGED",
    what: `the data file does not have its shape: ${z.prettifyError(parsed.error).split("\n").slice(0, 3).join(" ")}`,
    where: `scenarios/reference/${file}`,
    fix: "restore the file from the release",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
    const records = parse(text, {
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

/** Undefined for an empty cell, NaN for one that is no number. */
function numberOf(cell: string | undefined): number | undefined {
  return cell === undefined || cell === "" ? undefined : Number(cell);
}
