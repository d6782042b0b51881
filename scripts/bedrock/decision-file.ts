/**
 * Files of decisions: a line for each request, appended when it has ended; and reading them again, logs of routed clients and
 * audits of simulated runs alike.
 */
import { createWriteStream, type WriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { DecisionRecord } from "../../simulator/bench/decision-log.ts";
import { type ReadDecision, readDecision } from "../../simulator/bench/read-decisions.ts";
import { environmentProblem, readTextFile, type TextFileKind, WHOLE_TEXT_BYTES_MAX } from "../io/text-files.ts";

const LOG_FILE: TextFileKind = {
  code: "DECISION_LOG",
  noun: "log of decisions",
  bytesMax: WHOLE_TEXT_BYTES_MAX,
  kind: "data",
  mayBePacked: true,
};

/**
 * Appends records as JSON lines. A log that cannot be written does not stop the traffic: records are counted as lost, and
 * `close` says so.
 */
export class DecisionFile {
  private readonly path: string;
  private readonly stream: WriteStream;
  private failure: Error | undefined;
  private lost = 0;

  constructor(path: string) {
    this.path = path;
    this.stream = createWriteStream(path, { flags: "a" });
    this.stream.on("error", (error) => {
      this.failure ??= error;
    });
  }

  write(record: DecisionRecord): void {
    if (this.failure !== undefined) this.lost++;
    else this.stream.write(`${JSON.stringify(record)}\n`);
  }

  /** @throws MeridianError environment DECISION_LOG_NOT_WRITTEN */
  async close(): Promise<void> {
    this.stream.end();
    await finished(this.stream).catch((error: Error) => {
      this.failure ??= error;
    });
    if (this.failure === undefined) return;
    const fix = "choose a folder that can be written to, with space left";
    const problem = environmentProblem("DECISION_LOG_NOT_WRITTEN", this.failure, this.path, fix);
    const what = `${problem.what}; ${this.lost} records were lost`;
    throw new MeridianError("environment", { ...problem, what }, { cause: this.failure });
  }
}

/**
 * Takes each record with its place. Lines that are not records go to `bad`, which throws or counts them.
 * @throws MeridianError data DECISION_LOG_NOT_FOUND and the like where the file cannot be read
 */
export async function readDecisions(
  file: string,
  take: (record: ReadDecision, where: string) => void,
  bad: (error: MeridianError) => void = raise,
): Promise<void> {
  const text = await readTextFile(file, LOG_FILE);
  let lineNumber = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
    lineNumber++;
    if (line.trim() === "") continue;
    const where = `${file}:${lineNumber}`;
    let record: ReadDecision;
    try {
      record = readDecision(line, where);
    } catch (error) {
      if (!(error instanceof MeridianError)) throw error;
      bad(error);
      continue;
    }
    take(record, where);
  }
}

function raise(error: MeridianError): never {
  throw error;
}

/** Whether a file begins as a log of decisions does. A packed one is told by its name. */
export async function isDecisionLog(path: string): Promise<boolean> {
  if (!/\.jsonl(\.gz)?$|\.json(\.gz)?$|\.log$/.test(path)) return false;
  if (path.endsWith(".gz")) return looksLikeOne((await readTextFile(path, LOG_FILE)).slice(0, HEAD_BYTES));
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return looksLikeOne(buffer.toString("latin1", 0, bytesRead));
  } finally {
    await file.close();
  }
}

const HEAD_BYTES = 4096;

function looksLikeOne(head: string): boolean {
  return head.includes('"arrivedAt":') && head.includes('"promptTokens":') && head.includes('"strategy":');
}
