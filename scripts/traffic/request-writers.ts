/** Formats that requests are written in: Meridian's own, and the traces that AIPerf, GuideLLM and Mooncake replay. */

import { MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import type { TurnChunk } from "../../simulator/traffic/open-sessions.ts";
import type { TrafficChunk } from "../../simulator/traffic/traffic.ts";
import { type BlockColumn, createParquet, GROUP_ROWS } from "../io/parquet-blocks.ts";
import { ByteLines, bytesOf } from "./byte-lines.ts";

/** Names behind the indices of a chunk. */
export interface RequestNames {
  readonly classes: readonly string[];
  readonly origins: readonly string[];
  /** Whether chunks have the columns of sessions. */
  readonly hasSessions?: boolean;
}

type AnyChunk = TrafficChunk | TurnChunk;

/** A format that requests are written in. */
export interface RequestWriter {
  readonly name: string;
  readonly endings: readonly string[];
  open(file: string, names: RequestNames): OpenWriter;
}

export interface OpenWriter {
  write(chunk: AnyChunk): void;
  close(): void;
}

/** Every format, by name; a new one is a line here. */
const WRITERS: readonly RequestWriter[] = [
  { name: "csv", endings: [".csv"], open: (file, names) => lineWriter(file, csvHeader(names), csvRow(names)) },
  { name: "jsonl", endings: [".jsonl"], open: (file, names) => lineWriter(file, "", jsonRow(names)) },
  { name: "parquet", endings: [".parquet"], open: parquetWriter },
  { name: "mooncake", endings: [], open: (file) => lineWriter(file, "", mooncakeRow()) },
  { name: "aiperf", endings: [], open: (file) => lineWriter(file, "", aiperfRow()) },
  { name: "guidellm", endings: [], open: (file) => lineWriter(file, "", guidellmRow) },
];

/** The format that is asked for, or that a file's name says. @throws MeridianError usage TRAFFIC_OUT */
export function writerOf(file: string, asked: string | undefined): RequestWriter {
  const writer = WRITERS.find(({ name, endings }) =>
    asked === undefined ? endings.some((ending) => file.toLowerCase().endsWith(ending)) : name === asked,
  );
  if (writer !== undefined) return writer;
  const what = asked === undefined ? "the name does not tell the format" : `there is no format "${asked}" to write`;
  const names = WRITERS.map(({ name }) => name);
  const fix =
    asked === undefined
      ? `end it with .csv, .jsonl or .parquet, or say --as ${names.join(", ")}`
      : suggestOneOf(asked, names);
  throw new MeridianError("usage", { code: "TRAFFIC_OUT", where: `--out ${file}`, what, fix });
}

export function openRequestWriter(writer: RequestWriter, file: string, names: RequestNames): OpenWriter {
  return writer.open(file, names);
}

/** A row as its pieces: puts them into the lines. */
type PutRow = (lines: ByteLines, chunk: AnyChunk, row: number) => void;

function lineWriter(file: string, header: string, put: PutRow): OpenWriter {
  const lines = new ByteLines(file);
  lines.text(bytesOf(header));
  return {
    write(chunk) {
      for (let row = 0; row < chunk.length; row++) put(lines, chunk, row);
    },
    close: () => lines.close(),
  };
}

const CSV_HEADER = "time_ms,class,origin,input_tokens,output_tokens,max_tokens,prefix_tokens,prefix_id";

function csvHeader({ hasSessions = false }: RequestNames): string {
  return `${CSV_HEADER}${hasSessions ? ",session_id,turn,think_ms" : ""}\n`;
}

const [COMMA, NEW_LINE, SESSION] = [bytesOf(","), bytesOf("\n"), bytesOf("s")];
const COUNTS = ["inputTokens", "outputTokens", "maxTokens", "prefixTokens", "prefixId"] as const;

function csvRow({ classes, origins, hasSessions }: RequestNames): PutRow {
  const cells = (names: readonly string[]) => names.map((name) => bytesOf(`,${csvCell(name)}`));
  const [classCells, originCells] = [cells(classes), cells(origins)];
  return (lines, chunk, row) => {
    lines.fixed(chunk.arrivalMs[row]!, 3);
    lines.text(classCells[chunk.classIndex[row]!]!);
    lines.text(originCells[chunk.originIndex[row]!]!);
    for (const name of COUNTS) {
      lines.text(COMMA);
      lines.whole(chunk[name][row]!);
    }
    if (hasSessions && "turn" in chunk) {
      lines.text(COMMA);
      if (chunk.session[row]! >= 0) {
        lines.text(SESSION);
        lines.whole(chunk.session[row]!);
      }
      lines.text(COMMA);
      lines.whole(chunk.turn[row]!);
      lines.text(COMMA);
      lines.fixed(chunk.thinkMs[row]!, 3);
    }
    lines.text(NEW_LINE);
  };
}

/** Quoted where it must be; a spreadsheet takes no cell for a formula. */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const KEYS = ["input_tokens", "output_tokens", "max_tokens", "prefix_tokens", "prefix_id"].map((key) =>
  bytesOf(`,"${key}":`),
);
const [TIME_KEY, ROW_END] = [bytesOf('{"time_ms":'), bytesOf("}\n")];

const [SESSION_KEY, TURN_KEY, THINK_KEY] = [',"session_id":"s', '","turn":', ',"think_ms":'].map(bytesOf) as Three;
type Three = [Uint8Array, Uint8Array, Uint8Array];

function jsonRow({ classes, origins, hasSessions }: RequestNames): PutRow {
  const named = (key: string, names: readonly string[]) =>
    names.map((name) => bytesOf(`,"${key}":${JSON.stringify(name)}`));
  const [classTexts, originTexts] = [named("class", classes), named("origin", origins)];
  return (lines, chunk, row) => {
    lines.text(TIME_KEY);
    lines.fixed(chunk.arrivalMs[row]!, 3);
    lines.text(classTexts[chunk.classIndex[row]!]!);
    lines.text(originTexts[chunk.originIndex[row]!]!);
    for (let i = 0; i < COUNTS.length; i++) {
      lines.text(KEYS[i]!);
      lines.whole(chunk[COUNTS[i]!][row]!);
    }
    if (hasSessions && "turn" in chunk && chunk.session[row]! >= 0) {
      lines.text(SESSION_KEY);
      lines.whole(chunk.session[row]!);
      lines.text(TURN_KEY);
      lines.whole(chunk.turn[row]!);
      lines.text(THINK_KEY);
      lines.fixed(chunk.thinkMs[row]!, 3);
    }
    lines.text(ROW_END);
  };
}

/** Tokens that one hash id of a Mooncake trace stands for. */
const BLOCK_TOKENS = 512;
/** Ids of prefixes' blocks: prefix · so many + block; those of a request's own follow after all of them. */
const BLOCKS_OF_PREFIX = 4096;

const [AT, IN, OUT, IDS, IDS_END] = [
  '{"timestamp":',
  ',"input_length":',
  ',"output_length":',
  ',"hash_ids":[',
  "]}\n",
].map(bytesOf) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** Of a conversation: session · so many + block, from 2^44 on; longer ones share no more. */
const SESSION_IDS = 2 ** 44;

/**
 * Blocks of a shared prefix have ids of their own, and so have those of a conversation, which its later prompts begin
 * with again; the others are new in each request.
 */
function mooncakeRow(): PutRow {
  let unique = 2 ** 48;
  return (lines, chunk, row) => {
    const { arrivalMs, inputTokens, outputTokens, prefixTokens, prefixId } = chunk;
    const session = "turn" in chunk ? chunk.session[row]! : -1;
    lines.text(AT);
    lines.whole(Math.round(arrivalMs[row]!));
    lines.text(IN);
    lines.whole(inputTokens[row]!);
    lines.text(OUT);
    lines.whole(outputTokens[row]!);
    lines.text(IDS);
    const prefix = prefixId[row]!;
    const shared = prefix < 0 ? 0 : Math.min(BLOCKS_OF_PREFIX, Math.floor(prefixTokens[row]! / BLOCK_TOKENS));
    const blocks = Math.ceil(inputTokens[row]! / BLOCK_TOKENS);
    // The last block is not full: with the answer after it, it is another one in the next turn.
    const said = session < 0 ? 0 : Math.min(BLOCKS_OF_PREFIX, Math.floor(inputTokens[row]! / BLOCK_TOKENS));
    for (let block = 0; block < blocks; block++) {
      if (block > 0) lines.text(COMMA);
      if (block < shared) lines.whole(prefix * BLOCKS_OF_PREFIX + block);
      else if (block < said) lines.whole(SESSION_IDS + session * BLOCKS_OF_PREFIX + block);
      else lines.whole(unique++);
    }
    lines.text(IDS_END);
  };
}

const [SESSION_AT, DELAY, DELTA] = ['{"session_id":"s', '","delay":', ',"input_length":'].map(bytesOf) as Three;
const SESSION_TIME = bytesOf('","timestamp":');

/**
 * Mooncake's form. AIPerf sends a later turn of a session so long after the answer before it, and puts it behind the
 * conversation so far: its length is that of the new message alone.
 */
function aiperfRow(): PutRow {
  const single = mooncakeRow();
  return (lines, chunk, row) => {
    const session = "turn" in chunk ? chunk.session[row]! : -1;
    if (!("turn" in chunk) || session < 0) {
      single(lines, chunk, row);
      return;
    }
    lines.text(SESSION_AT);
    lines.whole(session);
    const isFirst = chunk.turn[row] === 0;
    lines.text(isFirst ? SESSION_TIME : DELAY);
    lines.whole(Math.round(isFirst ? chunk.arrivalMs[row]! : chunk.thinkMs[row]!));
    lines.text(DELTA);
    lines.whole(Math.max(1, chunk.inputTokens[row]! - chunk.contextTokens[row]!));
    lines.text(OUT);
    lines.whole(chunk.outputTokens[row]!);
    lines.text(ROW_END);
  };
}

/** Seconds, as GuideLLM takes them. */
function guidellmRow(lines: ByteLines, { arrivalMs, inputTokens, outputTokens }: TrafficChunk, row: number): void {
  lines.text(AT);
  lines.fixed(arrivalMs[row]! / 1000, 6);
  lines.text(IN);
  lines.whole(inputTokens[row]!);
  lines.text(OUT);
  lines.whole(outputTokens[row]!);
  lines.text(ROW_END);
}

const PARQUET_COLUMNS: readonly BlockColumn[] = [
  { name: "time_ms", type: "number" },
  { name: "class", type: "text" },
  { name: "origin", type: "text" },
  { name: "input_tokens", type: "whole" },
  { name: "output_tokens", type: "whole" },
  { name: "max_tokens", type: "whole" },
  { name: "prefix_tokens", type: "whole" },
  { name: "prefix_id", type: "whole" },
];

const SESSION_COLUMNS: readonly BlockColumn[] = [
  { name: "session_id", type: "text", isOptional: true },
  { name: "turn", type: "whole" },
  { name: "think_ms", type: "number" },
];

/** Chunks are put together to row groups: small ones cost more than their rows. */
function parquetWriter(file: string, { classes, origins, hasSessions = false }: RequestNames): OpenWriter {
  const target = createParquet(file, hasSessions ? [...PARQUET_COLUMNS, ...SESSION_COLUMNS] : PARQUET_COLUMNS);
  const sessions = hasSessions ? new Array<string | null>(GROUP_ROWS) : undefined;
  const [turns, thinkMs] = [new Int32Array(GROUP_ROWS), new Float64Array(GROUP_ROWS)];
  const times = new Float64Array(GROUP_ROWS);
  const labels = [new Array<string>(GROUP_ROWS), new Array<string>(GROUP_ROWS)] as const;
  const counts = COUNTS.map(() => new Int32Array(GROUP_ROWS));
  let rows = 0;
  const flush = () => {
    const columns = [times, ...labels, ...counts, ...(sessions === undefined ? [] : [sessions, turns, thinkMs])];
    target.write(rows === GROUP_ROWS ? columns : columns.map((column) => column.slice(0, rows)));
    rows = 0;
  };
  return {
    write(chunk) {
      for (let from = 0; from < chunk.length; ) {
        const to = Math.min(chunk.length, from + GROUP_ROWS - rows);
        times.set(chunk.arrivalMs.subarray(from, to), rows);
        counts.forEach((column, i) => {
          column.set(chunk[COUNTS[i]!].subarray(from, to), rows);
        });
        for (let row = from; row < to; row++) {
          labels[0][rows + row - from] = classes[chunk.classIndex[row]!]!;
          labels[1][rows + row - from] = origins[chunk.originIndex[row]!]!;
        }
        if (sessions !== undefined && "turn" in chunk) {
          turns.set(chunk.turn.subarray(from, to), rows);
          thinkMs.set(chunk.thinkMs.subarray(from, to), rows);
          for (let row = from; row < to; row++) {
            sessions[rows + row - from] = chunk.session[row]! < 0 ? null : `s${chunk.session[row]!}`;
          }
        }
        rows += to - from;
        from = to;
        if (rows === GROUP_ROWS) flush();
      }
    },
    close() {
      if (rows > 0) flush();
      target.close();
    },
  };
}
