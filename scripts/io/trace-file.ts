/** Streams a trace file, plain or gzipped, within limits, into the columns of a recording. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { TimeUnit } from "../../simulator/base/instants.ts";
import { detectFormat, FORMATS } from "../../simulator/traffic/formats/index.ts";
import type { RecordedColumns } from "../../simulator/traffic/recording.ts";
import { LINE_LENGTH_MAX, type TraceReader } from "../../simulator/traffic/trace-format.ts";

/** What a trace may unpack to: beyond, it is a bomb and not a trace. */
export interface UnpackLimits {
  readonly bytesMax: number;
  /** Unpacked bytes per packed byte, once a file is larger than `freeBytes`. */
  readonly ratioMax: number;
  readonly freeBytes: number;
  /** Rows per packed byte, once there are more than `freeRows`: recorded rows take some bytes each even packed. */
  readonly rowRatioMax: number;
  readonly freeRows: number;
}

interface TraceFileOptions {
  readonly limits?: UnpackLimits;
  /** Of its times where the scenario says so; null to go by what the file states. */
  readonly unit?: TimeUnit | null;
}

const LIMITS: UnpackLimits = {
  bytesMax: 8 * 2 ** 30,
  ratioMax: 500,
  freeBytes: 64 * 2 ** 20,
  rowRatioMax: 4,
  freeRows: 4e6,
};

/**
 * Streams a trace file, plain or gzipped, through the format that its first line shows.
 *
 * @param source the name to print in messages
 * @throws the system's error if the file cannot be opened; MeridianError TRACE_* if it cannot be read
 */
export async function readTraceFile(
  path: string,
  source: string,
  { limits = LIMITS, unit = null }: TraceFileOptions = {},
): Promise<{ columns: RecordedColumns; sha256: string }> {
  const info = await stat(path);
  if (!info.isFile()) throw problem("TRACE_NOT_A_FILE", source, "this is not a file", "give the path of a trace file");
  const hash = createHash("sha256");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const lines = new LinePump(source, unit);
  let unpacked = 0;
  try {
    for await (const bytes of openBytes(path)) {
      unpacked += bytes.length;
      checkSize(unpacked, info.size, limits, source);
      hash.update(bytes);
      lines.push(decoder.decode(bytes, { stream: true }));
      checkRows(lines.lineNumber, info.size, limits, source);
    }
    lines.push(decoder.decode());
  } catch (cause) {
    throw readProblem(cause, source);
  }
  return { columns: lines.finish(), sha256: hash.digest("hex") };
}

/** Cuts text into lines and hands them to the reader of the format that the first line shows. */
class LinePump {
  private readonly source: string;
  private readonly unit: TimeUnit | null;
  private reader: TraceReader | undefined;
  private rest = "";
  lineNumber = 0;

  constructor(source: string, unit: TimeUnit | null) {
    this.source = source;
    this.unit = unit;
  }

  push(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop()!;
    for (const line of lines) this.take(line);
    if (this.rest.length > LINE_LENGTH_MAX) this.take(this.rest);
  }

  finish(): RecordedColumns {
    if (this.rest !== "") this.take(this.rest);
    if (this.reader !== undefined) return this.reader.finish();
    throw problem("TRACE_EMPTY", this.source, "the file is empty", "a trace needs at least one row");
  }

  private take(rawLine: string): void {
    this.lineNumber++;
    const where = `${this.source}:${this.lineNumber}`;
    if (rawLine.length > LINE_LENGTH_MAX) {
      throw problem(
        "TRACE_LINE_TOO_LONG",
        where,
        "the line is longer than 1 MiB",
        "one request per line, without texts",
      );
    }
    let line = rawLine.endsWith("\r") ? rawLine.slice(0, -1) : rawLine;
    if (this.lineNumber === 1 && line.startsWith("\uFEFF")) line = line.slice(1);
    this.reader ??= detectFormat(line)?.reader(this.source, this.unit);
    if (this.reader === undefined) {
      const known = FORMATS.map(({ name, summary }) => `${name} (${summary})`).join("; ");
      throw problem("TRACE_UNKNOWN_FORMAT", where, "the first line fits no known format", `known: ${known}`);
    }
    this.reader.line(line, this.lineNumber);
  }
}

function openBytes(path: string): AsyncIterable<Uint8Array> {
  const file = createReadStream(path);
  if (!path.endsWith(".gz")) return file;
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

function checkSize(unpacked: number, packed: number, limits: UnpackLimits, source: string): void {
  if (unpacked > limits.bytesMax || unpacked > limits.freeBytes + packed * limits.ratioMax) {
    const mib = Math.floor(unpacked / 2 ** 20);
    throw problem("TRACE_TOO_LARGE", source, `the file unpacks to over ${mib} MiB`, "cut it into smaller traces");
  }
}

function checkRows(rows: number, packed: number, limits: UnpackLimits, source: string): void {
  if (rows > limits.freeRows + packed * limits.rowRatioMax) {
    const what = `${packed.toLocaleString("en-US")} bytes unpack to over ${rows.toLocaleString("en-US")} rows`;
    throw problem("TRACE_TOO_LARGE", source, what, "no recording packs so well; if it is one, unpack it first");
  }
}

function readProblem(cause: unknown, source: string): unknown {
  if (cause instanceof MeridianError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code.startsWith("Z_")) {
    const what = "the gzip file is damaged or cut off";
    return problem("TRACE_DAMAGED_GZIP", source, what, "copy or pack the file again; `gzip -t` checks it", cause);
  }
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") {
    return problem(
      "TRACE_NOT_TEXT",
      source,
      "the file is not UTF-8 text",
      "traces are CSV or JSONL text, or .gz",
      cause,
    );
  }
  return problem("TRACE_UNREADABLE", source, `the file cannot be read (${code || cause})`, "check the file", cause);
}

function problem(code: string, where: string, what: string, fix: string, cause?: unknown): MeridianError {
  return new MeridianError("data", { code, where, what, fix }, { cause });
}
