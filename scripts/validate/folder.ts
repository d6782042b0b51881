/**
 * The evidence of a validation: what its folder holds, written and read; packed files of rows, endpoint records and schedules.
 */
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { HarnessReport } from "../../simulator/bench/checks.ts";
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
  settled,
} from "../../simulator/bench/rows.ts";
import type { SimulatedRows } from "../../simulator/validate/samples.ts";
import { LATEST, latestRunId, type RunFiles, runFolder } from "../io/run-store.ts";
import { readTextFile, stableJson, unpackedBytesMax } from "../io/text-files.ts";

/** All that the figures of a validation are made from: what its folder keeps. */
export interface ValidationEvidence {
  /** The scenario as it ran. */
  readonly yaml: string;
  readonly facts: ValidationFacts;
  readonly schedule: readonly ScheduleRow[];
  /** By strategy, in the scenario's order. */
  readonly strategies: readonly StrategyEvidence[];
  readonly knownAnswer: MeasuredRows;
}

/** What rows do not say; it holds no time of day. */
export interface ValidationFacts {
  readonly schemaVersion: 1;
  readonly place: string;
  readonly isStreaming: boolean;
  readonly k6: string;
  readonly meridian: string;
  readonly resamples: number;
  readonly notes: readonly string[];
  readonly reports: readonly HarnessReport[];
  readonly knownAnswer: HarnessReport;
}

export interface StrategyEvidence {
  readonly simulated: SimulatedRows;
  readonly measured: MeasuredRows;
}

export interface MeasuredRows {
  /** As k6 wrote them. */
  readonly rowsText: Uint8Array | string;
  readonly records: EndpointRecords;
}

const SCENARIO = "scenario.yaml";
const FACTS = "evidence.json";
const SCHEDULE = "schedule.json.gz";
const KNOWN_ANSWER = "known-answer.jsonl.gz";
const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** Names of a strategy's files; they count from 1. */
function namesOf(strategy: number) {
  const number = strategy + 1;
  return {
    simulated: `simulated-${number}.jsonl.gz`,
    rows: `rows-${number}.jsonl.gz`,
    endpoint: `endpoint-${number}.jsonl.gz`,
  };
}

export function evidenceFiles(evidence: ValidationEvidence): RunFiles {
  const files: Record<string, string | Uint8Array> = {
    [SCENARIO]: evidence.yaml,
    [FACTS]: stableJson(evidence.facts),
    [SCHEDULE]: packSchedule(evidence.schedule),
    [KNOWN_ANSWER]: packText(evidence.knownAnswer.rowsText),
  };
  evidence.strategies.forEach(({ simulated, measured }, strategy) => {
    const names = namesOf(strategy);
    files[names.simulated] = packText(encodeSimulated(simulated));
    files[names.rows] = packText(measured.rowsText);
    files[names.endpoint] = packText(encodeRecords(measured.records));
  });
  return files;
}

/** The part of evidence.json that must hold before the rest can be trusted. */
const factsHead = z.object({
  schemaVersion: z.literal(1),
  place: z.string(),
  isStreaming: z.boolean(),
  resamples: z.number().int().min(1).max(100_000),
  notes: z.array(z.string()),
  reports: z.array(z.object({ strategy: z.string(), faults: z.array(z.string()) })).min(1),
  knownAnswer: z.object({ lagMs: z.object({ p99: z.number() }) }),
});

/**
 * Reads what a validation was made from, named by its folder, by its id in the store `root`, or `latest`.
 *
 * @throws MeridianError data VALIDATION_NOT_FOUND, VALIDATION_DAMAGED
 */
export async function readEvidence(
  name: string,
  root: string,
): Promise<{ readonly folder: string; readonly evidence: ValidationEvidence }> {
  const folder = await folderOf(name, root);
  const text = (file: string) =>
    readTextFile(join(folder, file), { code: "VALIDATION", noun: "file", bytesMax: FILE_BYTES_MAX, kind: "data" });
  const bytes = async (file: string) => {
    const path = join(folder, file);
    return readFile(path).catch(() => Promise.reject(damaged(path, "the file is not there")));
  };
  const unpacked = async (file: string) => unpackText(await bytes(file), join(folder, file));
  const facts = parseFacts(await text(FACTS), join(folder, FACTS));
  const strategies: StrategyEvidence[] = [];
  for (let strategy = 0; strategy < facts.reports.length; strategy++) {
    const names = namesOf(strategy);
    strategies.push({
      simulated: decodeSimulated(await unpacked(names.simulated), join(folder, names.simulated)),
      measured: {
        rowsText: await unpacked(names.rows),
        records: endpointRecords(decodeRecords(await unpacked(names.endpoint), join(folder, names.endpoint))),
      },
    });
  }
  const evidence = {
    yaml: await text(SCENARIO),
    facts,
    schedule: unpackSchedule(await bytes(SCHEDULE), join(folder, SCHEDULE)),
    strategies,
    knownAnswer: { rowsText: await unpacked(KNOWN_ANSWER), records: new Map() },
  };
  return { folder, evidence };
}

/** The rows of a measured side, with what the endpoint knows of calls that were given up. */
export function measuredRows({ rowsText, records }: MeasuredRows): {
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
} {
  const text = typeof rowsText === "string" ? rowsText : Buffer.from(rowsText).toString("utf8");
  const { attempts, requests } = decodeRows(text, "rows");
  return { attempts: settled(attempts, records), requests };
}

async function folderOf(name: string, root: string): Promise<string> {
  const candidates =
    name === LATEST
      ? [runFolder(root, await latestRunId(root))]
      : [resolve(name), ...(name.includes("/") ? [] : [runFolder(root, name)])];
  for (const folder of candidates) {
    const found = await stat(join(folder, FACTS)).catch(() => undefined);
    if (found?.isFile() === true) return folder;
  }
  throw new MeridianError("data", {
    code: "VALIDATION_NOT_FOUND",
    what: "there is no validation of this name",
    where: name,
    fix: `name the folder of a validation, an id in ${root}, or ${LATEST}`,
  });
}

function parseFacts(text: string, file: string): ValidationFacts {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(file, "this is not JSON");
  }
  const head = factsHead.safeParse(value);
  if (head.success) return value as ValidationFacts;
  const issue = head.error.issues[0]!;
  throw damaged(file, `${issue.path.join(".")} ${issue.message.toLowerCase()}`);
}

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
    if (row === undefined) throw damaged(file, `this line is not a row: ${line.slice(0, 80)}`);
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
      throw damaged(file, `this line is not a record: ${line.slice(0, 80)}`);
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
    throw error instanceof MeridianError ? error : damaged(file, "it is not a schedule");
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
