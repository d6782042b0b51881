/** The evidence of a validation: what its folder holds, written and read. */
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { HarnessReport } from "../../simulator/bench/checks.ts";
import {
  type AttemptRow,
  type EndpointRecords,
  type RequestRow,
  type ScheduleRow,
  settled,
} from "../../simulator/bench/rows.ts";
import type { SimulatedRows } from "../../simulator/validate/samples.ts";
import { LATEST, latestRunId, type RunFiles, runFolder } from "../io/run-store.ts";
import { readTextFile, stableJson } from "../io/text-files.ts";
import {
  damaged,
  decodeRecords,
  decodeRows,
  decodeSimulated,
  encodeRecords,
  encodeSimulated,
  endpointRecords,
  packSchedule,
  packText,
  unpackSchedule,
  unpackText,
} from "./row-files.ts";

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
