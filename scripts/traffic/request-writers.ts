/** Formats that requests are written in: Meridian's own, and the traces that AIPerf, GuideLLM and Mooncake replay. */
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { TrafficChunk } from "../../simulator/traffic/traffic.ts";
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

function parquetWriter(file: string, { classes, origins }: RequestNames): OpenWriter {
  const schema = [
    { name: "root", num_children: 8 },
    { name: "time_ms", type: "DOUBLE" as const, repetition_type: "REQUIRED" as const },
    ...["class", "origin"].map((name) => ({
      name,
      type: "BYTE_ARRAY" as const,
      converted_type: "UTF8" as const,
      repetition_type: "REQUIRED" as const,
    })),
    ...["input_tokens", "output_tokens", "max_tokens", "prefix_tokens", "prefix_id"].map((name) => ({
      name,
      type: "INT32" as const,
      repetition_type: "REQUIRED" as const,
    })),
  ];
  const target = new ParquetWriter({ writer: fileWriter(file), schema });
  return {
    write(chunk) {
      const { length } = chunk;
      const named = (index: Uint16Array, names: readonly string[]): string[] =>
        Array.from({ length }, (_, i) => names[index[i]!]!);
      const columnData = [
        { name: "time_ms", data: chunk.arrivalMs.slice(0, length) },
        { name: "class", data: named(chunk.classIndex, classes) },
        { name: "origin", data: named(chunk.originIndex, origins) },
        { name: "input_tokens", data: chunk.inputTokens.slice(0, length) },
        { name: "output_tokens", data: chunk.outputTokens.slice(0, length) },
        { name: "max_tokens", data: chunk.maxTokens.slice(0, length) },
        { name: "prefix_tokens", data: chunk.prefixTokens.slice(0, length) },
        { name: "prefix_id", data: chunk.prefixId.slice(0, length) },
      ];
      target.write({ columnData, rowGroupSize: length });
    },
    close: () => target.finish(),
  };
}
