import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { MeridianError } from "../../../../simulator/errors.ts";
import type { ClientCounts } from "../../../../simulator/replay/harness.ts";
import type { CalledTarget } from "../../../../simulator/replay/replay-plan.ts";
import { type AttemptRow, parseRow, type RequestRow } from "../../../../simulator/replay/rows.ts";

/** What one instance of several wrote. */
export interface InstanceLog {
  readonly file: string;
  /** Whose run it is, and which instance of how many this was, from 1. */
  readonly run: string;
  readonly instance: number;
  readonly instances: number;
  /** ms since 1970: the start that it chose, and when it was ready. */
  readonly atMs: number;
  readonly readyMs: number;
  /** How its targets were called. */
  readonly targets: readonly CalledTarget[];
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
  /** Undefined when the log ends before k6 did. */
  readonly counts: ClientCounts | undefined;
  /** What the instance said of failures of its own, and lines that were cut. */
  readonly faults: readonly string[];
  /** Its rows as they were written; k6's own messages among them are left out. */
  readonly lines: readonly string[];
}

/**
 * Reads the log of one instance, as `kubectl logs` gives it, gzipped or not.
 *
 * @throws MeridianError data ROWS_UNREADABLE, ROWS_NONE for a file without an instance's first row, ROWS_MIXED for one
 *         with the rows of several
 */
export async function readInstanceLog(file: string): Promise<InstanceLog> {
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  const faults: string[] = [];
  const lines: string[] = [];
  let start: Pick<InstanceLog, "run" | "instance" | "instances" | "atMs" | "readyMs" | "targets"> | undefined;
  let counts: ClientCounts | undefined;
  for await (const text of linesOf(file)) {
    // k6 writes messages of its own into the same log; rows alone begin like this.
    if (!text.startsWith("{")) continue;
    const row = parseRow(text);
    if (row === undefined) {
      faults.push(`a row was cut: ${text.slice(0, 100)}`);
      continue;
    }
    lines.push(text);
    if (row.t === "a") attempts.push(row);
    else if (row.t === "r") requests.push(row);
    else if (row.t === "c") counts = row;
    else if (row.t === "x") faults.push(`the k6 script failed: ${row.what.slice(0, 300)}`);
    else if (row.t === "s") {
      if (start !== undefined) throw mixed(file);
      const { run = "", instance = 0, instances = 0, targets = [] } = row;
      start = { run, instance, instances, targets, atMs: row.at, readyMs: row.ready };
    }
  }
  if (start === undefined || start.run === "") throw none(file);
  return { file, ...start, attempts, requests, counts, faults, lines };
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    const handle = await open(file, "r");
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    const raw = handle.createReadStream({ start: 0 });
    const input = isGzip ? raw.pipe(createGunzip()) : raw;
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
  } catch (error) {
    throw new MeridianError("data", {
      code: "ROWS_UNREADABLE",
      what: error instanceof Error ? error.message : String(error),
      where: file,
      fix: "give the files that kubectl logs wrote",
    });
  }
}

function none(file: string): MeridianError {
  return new MeridianError("data", {
    code: "ROWS_NONE",
    what: "this log has no first row of an instance",
    where: file,
    fix: "collect the whole log, from before the start: kubectl logs -f job/<name> from the moment the runner is there",
  });
}

function mixed(file: string): MeridianError {
  return new MeridianError("data", {
    code: "ROWS_MIXED",
    what: "this file has the rows of several instances, or of one that ran twice",
    where: file,
    fix: "collect each instance's log in a file of its own",
  });
}
