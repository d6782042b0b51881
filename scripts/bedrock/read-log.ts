/** Reads files of decisions: logs of routed clients, and audits of simulated runs. */
import { open } from "node:fs/promises";
import { MeridianError } from "../../simulator/base/errors.ts";
import { type ReadDecision, readDecision } from "../../simulator/bench/read-decisions.ts";
import { readPackedText } from "../calibrate/measurement.ts";

/** Takes each record with its place. Lines that are no record go to `bad`, which throws or counts them. */
export async function readDecisions(
  file: string,
  take: (record: ReadDecision, where: string) => void,
  bad: (error: MeridianError) => void = raise,
): Promise<void> {
  const text = await readPackedText(file);
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
  if (path.endsWith(".gz")) return looksLikeOne((await readPackedText(path)).slice(0, HEAD_BYTES));
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
