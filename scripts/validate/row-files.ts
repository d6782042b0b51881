/** Packed files of rows, endpoint records and schedules, as a validation keeps them. */
import { gunzipSync, gzipSync } from "node:zlib";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { MeasuredRun } from "../../simulator/bench/measured.ts";
import {
  type AttemptRow,
  decodeSchedule,
  type EndpointRecord,
  type EndpointRecords,
  encodeSchedule,
  parseRow,
  type RequestRow,
  recordOf,
  type ScheduleRow,
} from "../../simulator/bench/rows.ts";
import type { SimulatedRows } from "../../simulator/validate/samples.ts";
import { unpackedBytesMax } from "../io/text-files.ts";

export function packText(text: string | Uint8Array): Uint8Array {
  return gzipSync(text, { level: 9 });
}

/** @throws MeridianError data VALIDATION_DAMAGED, also for what unpacks out of all proportion */
export function unpackText(bytes: Uint8Array, file: string): string {
  try {
    return gunzipSync(bytes, { maxOutputLength: unpackedBytesMax(bytes.length) }).toString("utf8");
  } catch (error) {
    throw damaged(file, `it cannot be unpacked (${error instanceof Error ? error.message : error})`);
  }
}

/** Attempts, requests and endpoint records, one JSON object a line. */
export function encodeSimulated({ attempts, requests, records }: SimulatedRows): string {
  return lines([...attempts, ...requests, ...records.map((record) => ({ t: "w", ...record }))]);
}

export function decodeSimulated(text: string, file: string): SimulatedRows {
  return { ...decodeRows(text, file), records: decodeRecords(text, file) };
}

/** The attempts and requests among the lines that k6 wrote. */
export function decodeRows(
  text: string,
  file: string,
): { readonly attempts: readonly AttemptRow[]; readonly requests: readonly RequestRow[] } {
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const row = parseRow(line);
    if (row === undefined) throw damaged(file, `this line is no row: ${line.slice(0, 80)}`);
    if (row.t === "a") attempts.push(row);
    else if (row.t === "r") requests.push(row);
  }
  return { attempts, requests };
}

export function encodeRecords(records: EndpointRecords): string {
  return lines([...records.values()].map((record) => ({ t: "w", ...record })));
}

export function decodeRecords(text: string, file: string): readonly EndpointRecord[] {
  const records: EndpointRecord[] = [];
  for (const line of text.split("\n")) {
    if (!line.startsWith('{"t":"w"')) continue;
    try {
      const { id, region, usage } = JSON.parse(line) as EndpointRecord;
      records.push({ id, region, usage });
    } catch {
      throw damaged(file, `this line is no record: ${line.slice(0, 80)}`);
    }
  }
  return records;
}

export function endpointRecords(records: readonly EndpointRecord[]): EndpointRecords {
  return new Map(records.map((record) => [record.id, record]));
}

export function recordedRegions(records: EndpointRecords): MeasuredRun["ranIn"] {
  return (attempt) => recordOf(records, attempt)?.region ?? undefined;
}

export function packSchedule(schedule: readonly ScheduleRow[]): Uint8Array {
  return packText(encodeSchedule(schedule));
}

export function unpackSchedule(bytes: Uint8Array, file: string): readonly ScheduleRow[] {
  try {
    return decodeSchedule(unpackText(bytes, file));
  } catch (error) {
    throw error instanceof MeridianError ? error : damaged(file, "it is no schedule");
  }
}

export function damaged(file: string, what: string): MeridianError {
  return new MeridianError("data", {
    code: "VALIDATION_DAMAGED",
    what,
    where: file,
    fix: "validate the scenario again",
  });
}

function lines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}
