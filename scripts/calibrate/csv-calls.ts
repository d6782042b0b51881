/** Measured calls from CSV, and what happens to rows that cannot be used. */
import { parse } from "csv-parse/sync";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { parseInstantMs } from "../../simulator/base/instants.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import type { Observation } from "../../simulator/calibrate/calls.ts";
import { axisStartOf, bareModelId, type Measurement, shortModelName } from "./measurement.ts";

const REQUIRED = ["timestamp", "region", "model", "inputTokens", "outputTokens", "e2eMs", "status"] as const;
const OPTIONAL = ["ttftMs", "cacheReadTokens", "maxTokens", "roundTripMs"] as const;
type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/**
 * Reads calls from CSV: a header with timestamp (ISO 8601, or the time since 1970 in s, ms,
 * us or ns, which plausibility tells apart; when the call was sent), region, model,
 * inputTokens (without cached ones), outputTokens, e2eMs, status (an HTTP status), and where known ttftMs,
 * cacheReadTokens, maxTokens, roundTripMs. Empty cells are not known; e2eMs may be empty where the call failed.
 *
 * @throws MeridianError data CALIBRATE_CSV_HEADER, CALIBRATE_BAD_ROW
 */
export function readCsvCalls(text: string, file: string, badRows: BadRows): Measurement {
  const rows = csvRows(text, file);
  const header = (rows[0]?.cells ?? []).map((cell) => cell.trim());
  checkHeader(header, file);
  const read: { readonly epochMs: number; readonly observation: Observation }[] = [];
  const modelIds: Record<string, string> = {};
  for (const { cells, line } of rows.slice(1)) {
    const cell = (column: Column) => cells[header.indexOf(column)]?.trim() ?? "";
    const parsed = parseRow(cell, `${file}:${line}`, badRows);
    if (parsed === undefined) continue;
    modelIds[parsed.observation.model] = bareModelId(cell("model"));
    read.push({ ...parsed, observation: { ...parsed.observation, axis: file } });
  }
  const startMs = axisStartOf(read.map(({ epochMs }) => epochMs));
  const observations = read.map(({ epochMs, observation }) => ({
    ...observation,
    sentMs: epochMs - startMs,
    endMs: epochMs - startMs + observation.endMs,
    axisStartMs: startMs,
  }));
  return { observations, modelIds, notes: [] };
}

function csvRows(text: string, file: string): readonly { readonly cells: readonly string[]; readonly line: number }[] {
  try {
    const records = parse(text, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true });
    return (records as unknown as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      cells: record,
      line: info.lines,
    }));
  } catch (error) {
    const { lines, message } = error as { lines?: number; message: string };
    const what = `this is not CSV: ${message}`;
    throw new MeridianError("data", {
      code: "CALIBRATE_CSV",
      where: `${file}:${lines ?? 1}`,
      what,
      fix: "correct the row",
    });
  }
}

function checkHeader(header: readonly string[], file: string): void {
  const known: readonly string[] = [...REQUIRED, ...OPTIONAL];
  const missing = REQUIRED.filter((column) => !header.includes(column));
  const unknown = header.filter((column) => !known.includes(column));
  if (missing.length === 0 && unknown.length === 0) return;
  const what = [
    ...(missing.length > 0 ? [`the header lacks ${missing.join(", ")}`] : []),
    ...(unknown.length > 0 ? [`it has ${unknown.map((each) => `"${each}"`).join(", ")}, which is not known`] : []),
  ].join("; ");
  const fix = unknown.length > 0 ? suggest(unknown[0]!, known) : `columns: ${known.join(", ")}`;
  throw new MeridianError("data", { code: "CALIBRATE_CSV_HEADER", where: `${file}:1`, what, fix });
}

function parseRow(
  cell: (column: Column) => string,
  where: string,
  badRows: BadRows,
): { readonly epochMs: number; readonly observation: Observation } | undefined {
  const problems: string[] = [];
  const number = (column: Column, isNeeded: boolean): number => {
    const text = cell(column);
    const value = text === "" ? Number.NaN : Number(text);
    if (text === "" ? isNeeded : !(value >= 0 && value < 1e12)) problems.push(`${column} is "${text}"`);
    return value;
  };
  const epochMs = parseInstantMs(cell("timestamp"));
  if (typeof epochMs === "string") problems.push(`timestamp "${cell("timestamp")}" ${epochMs}`);
  for (const column of ["region", "model"] as const) if (cell(column) === "") problems.push(`${column} is empty`);
  const status = number("status", true);
  const outcome = outcomeOfStatus(status);
  const isServed = outcome === "served";
  const e2eMs = number("e2eMs", isServed);
  const ttftMs = number("ttftMs", false);
  const inputTokens = number("inputTokens", isServed);
  const outputTokens = number("outputTokens", isServed);
  const [cacheReadTokens, maxTokens, roundTripMs] = (["cacheReadTokens", "maxTokens", "roundTripMs"] as const).map(
    (column) => number(column, false),
  );
  if (ttftMs > e2eMs) problems.push(`ttftMs ${ttftMs} is after the end, e2eMs ${e2eMs}`);
  if (typeof epochMs === "string" || problems.length > 0) {
    const fix = "counts and times are numbers of 0 or more, a timestamp is ISO 8601 or the time since 1970";
    badRows.bad(where, problems.join(", "), fix);
    return undefined;
  }
  return {
    epochMs,
    observation: {
      axis: "",
      region: cell("region"),
      model: shortModelName(cell("model")),
      sentMs: 0,
      endMs: e2eMs,
      ttftMs,
      inputTokens: inputTokens || 0,
      cacheReadTokens: cacheReadTokens || 0,
      outputTokens: outputTokens || 1,
      maxTokens: maxTokens!,
      outcome,
      roundTripMs: roundTripMs!,
      axisStartMs: 0,
    },
  };
}

/**
 * How a call ended by its HTTP status; 0 stands for no answer.
 *
 * @example [200, 429, 503, 500, 0].map(outcomeOfStatus) // => ["served", "throttled", "refused", "failed", "left"]
 */
export function outcomeOfStatus(status: number): Observation["outcome"] {
  if (status >= 200 && status < 300) return "served";
  if (status === 429) return "throttled";
  if (status === 503) return "refused";
  return status === 0 || status === 408 || status === 499 ? "left" : "failed";
}

/** Rows that cannot be used: counted, or refused. */
export interface BadRows {
  /** Counts the row, or throws. @param where `file:line` */
  bad(where: string, what: string, fix: string): void;
  readonly count: number;
}

export interface BadRowsOptions {
  readonly skip: boolean;
  /** More than this many stop the command even so. */
  readonly max: number;
}

/** @throws MeridianError data CALIBRATE_BAD_ROW at the first bad row, or at the first that is one too many */
export function createBadRows({ skip, max }: BadRowsOptions): BadRows {
  let count = 0;
  return {
    get count() {
      return count;
    },
    bad(where, what, fix) {
      count++;
      if (skip && count <= max) return;
      const more = skip ? `; it is bad row ${count}, and at most ${max} may be skipped` : "";
      const way = skip ? "raise --max-bad-rows if so many may be lost" : "--on-bad-row skip leaves such rows out";
      const problem: Problem = { code: "CALIBRATE_BAD_ROW", where, what: `${what}${more}`, fix: `${fix}; ${way}` };
      throw new MeridianError("data", problem);
    },
  };
}
