/** Formats that requests are written in: Meridian's own, and the traces that AIPerf, GuideLLM and Mooncake replay. */
import { MeridianError } from "../../simulator/base/errors.ts";
import type { TrafficChunk } from "../../simulator/traffic/traffic.ts";
import { type BlockColumn, createParquet, GROUP_ROWS } from "../io/parquet-blocks.ts";
import { ByteLines, bytesOf } from "./byte-lines.ts";

/** Names behind the indices of a chunk. */
export interface RequestNames {
  readonly classes: readonly string[];
  readonly origins: readonly string[];
}

/** A format that requests are written in. */
export interface RequestWriter {
  readonly name: string;
  readonly endings: readonly string[];
  open(file: string, names: RequestNames): OpenWriter;
}

export interface OpenWriter {
  write(chunk: TrafficChunk): void;
  close(): void;
}

/** Every format, by name; a new one is a line here. */
const WRITERS: readonly RequestWriter[] = [
  { name: "csv", endings: [".csv"], open: (file, names) => lineWriter(file, CSV_HEADER, csvRow(names)) },
  { name: "jsonl", endings: [".jsonl"], open: (file, names) => lineWriter(file, "", jsonRow(names)) },
  { name: "parquet", endings: [".parquet"], open: parquetWriter },
  { name: "mooncake", endings: [], open: (file) => lineWriter(file, "", mooncakeRow()) },
  // AIPerf replays Mooncake's form.
  { name: "aiperf", endings: [], open: (file) => lineWriter(file, "", mooncakeRow()) },
  { name: "guidellm", endings: [], open: (file) => lineWriter(file, "", guidellmRow) },
];

/** The format that is asked for, or that a file's name says. @throws MeridianError usage TRAFFIC_OUT */
export function writerOf(file: string, asked: string | undefined): RequestWriter {
  const writer = WRITERS.find(({ name, endings }) =>
    asked === undefined ? endings.some((ending) => file.toLowerCase().endsWith(ending)) : name === asked,
  );
  if (writer !== undefined) return writer;
  const what = asked === undefined ? "the name does not tell the format" : `there is no format "${asked}" to write`;
  const fix = `end it with .csv, .jsonl or .parquet, or say --as ${WRITERS.map(({ name }) => name).join(", ")}`;
  throw new MeridianError("usage", { code: "TRAFFIC_OUT", where: `--out ${file}`, what, fix });
}

export function openRequestWriter(writer: RequestWriter, file: string, names: RequestNames): OpenWriter {
  return writer.open(file, names);
}

/** A row as its pieces: puts them into the lines. */
type PutRow = (lines: ByteLines, chunk: TrafficChunk, row: number) => void;

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

const CSV_HEADER = "time_ms,class,origin,input_tokens,output_tokens,max_tokens,prefix_tokens,prefix_id\n";
const [COMMA, NEW_LINE] = [bytesOf(","), bytesOf("\n")];
const COUNTS = ["inputTokens", "outputTokens", "maxTokens", "prefixTokens", "prefixId"] as const;

function csvRow({ classes, origins }: RequestNames): PutRow {
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

function jsonRow({ classes, origins }: RequestNames): PutRow {
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

/** Blocks of a shared prefix have ids of their own; the others are new in each request. */
function mooncakeRow(): PutRow {
  let unique = 2 ** 48;
  return (lines, { arrivalMs, inputTokens, outputTokens, prefixTokens, prefixId }, row) => {
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
    for (let block = 0; block < blocks; block++) {
      if (block > 0) lines.text(COMMA);
      lines.whole(block < shared ? prefix * BLOCKS_OF_PREFIX + block : unique++);
    }
    lines.text(IDS_END);
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

/** Chunks are put together to row groups: small ones cost more than their rows. */
function parquetWriter(file: string, { classes, origins }: RequestNames): OpenWriter {
  const target = createParquet(file, PARQUET_COLUMNS);
  const times = new Float64Array(GROUP_ROWS);
  const labels = [new Array<string>(GROUP_ROWS), new Array<string>(GROUP_ROWS)] as const;
  const counts = COUNTS.map(() => new Int32Array(GROUP_ROWS));
  let rows = 0;
  const flush = () => {
    const columns = [times, ...labels, ...counts];
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
