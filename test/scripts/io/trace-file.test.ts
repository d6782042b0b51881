import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { gzipSync } from "node:zlib";
import { readTraceFile, traceFiles } from "../../../scripts/io/trace-file.ts";

const folder = mkdtempSync(join(tmpdir(), "trace-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readTraceFile(path, name);
};

const LINES = "time_ms,input_tokens,output_tokens\n0,10,1\n5,20,2\n";

test("plain and gzipped are the same recording with the same hash", async () => {
  const plain = await file("a.csv", LINES);
  const packed = await file("a.csv.gz", gzipSync(LINES));
  assert.deepEqual(plain, packed);
  assert.equal(plain.sha256, createHash("sha256").update(LINES).digest("hex"));
  assert.deepEqual([...plain.columns.inputTokens], [10, 20]);
});

test("line ends of any kind, a byte order mark, no final line end, long files", async () => {
  const windows = await file("w.csv", `\uFEFF${LINES.replaceAll("\n", "\r\n")}6,30,3`);
  assert.deepEqual([...windows.columns.inputTokens], [10, 20, 30]);
  const many = Array.from({ length: 50_000 }, (_, i) => `${i},${i % 900},1`).join("\n");
  const long = await file("l.csv.gz", gzipSync(`time_ms,input_tokens,output_tokens\n${many}\n`));
  assert.equal(long.columns.arrivalMs.length, 50_000);
  assert.equal(long.columns.arrivalMs[49_999], 49_999);
});

test("UTF-16 with its byte order mark, as PowerShell writes it", async () => {
  const { columns } = await file("wide.csv", Buffer.from(`\uFEFF${LINES}`, "utf16le"));
  const plain = await file("plain.csv", LINES);
  assert.deepEqual(columns, plain.columns);
  const swapped = Buffer.from(`\uFEFF${LINES}`, "utf16le").swap16();
  assert.deepEqual((await file("swapped.csv", swapped)).columns, plain.columns);
});

test("semicolons and tabs separate columns, too", async () => {
  const plain = await file("plain.csv", LINES);
  for (const separator of [";", "\t"])
    assert.deepEqual((await file("other.csv", LINES.replaceAll(",", separator))).columns, plain.columns);
});

test("every kind of damage is one clear error", async () => {
  const packed = gzipSync(`${LINES}${"9,30,3\n".repeat(500)}`);
  await assert.rejects(file("cut.gz", packed.subarray(0, packed.length - 12)), /TRACE_DAMAGED_GZIP {2}cut\.gz/);
  // A browser unpacks what it downloads, and keeps the name.
  assert.equal((await file("plain.gz", LINES)).sha256, (await file("a.csv", LINES)).sha256);
  await assert.rejects(file("db.dump", Buffer.from("PGDMP\0")), /TRACE_NOT_TEXT[\s\S]*pg_restore/);
  const archive = Buffer.concat([Buffer.alloc(257), Buffer.from("ustar\0"), Buffer.alloc(249), Buffer.from(LINES)]);
  for (const [name, bytes] of [
    ["log.tar", archive],
    ["log.tar.gz", gzipSync(archive)],
  ] as const)
    await assert.rejects(file(name, bytes), /TRACE_NOT_TEXT .*tar archive[\s\S]*unpack it/);
  await assert.rejects(file("empty.csv", ""), /TRACE_EMPTY {2}empty\.csv/);
  await assert.rejects(file("empty.csv.gz", gzipSync("")), /TRACE_EMPTY/);
  await assert.rejects(file("head.csv", LINES.split("\n")[0]!), /TRACE_EMPTY/);
  await assert.rejects(file("what.csv", "hello\nworld\n"), /TRACE_UNKNOWN_FORMAT {2}what\.csv:1/);
  const misspelt = LINES.replace("output_tokens", "outptu_tokens");
  await assert.rejects(file("name.csv", misspelt), /lacks output_tokens \(did you mean outptu_tokens\?\)/);
  await assert.rejects(file("latin.csv", Uint8Array.of(...Buffer.from(LINES), 0xff, 0xfe)), /TRACE_NOT_TEXT/);
  await assert.rejects(file("line.csv", `${LINES}${"9".repeat(2 ** 20 + 1)}`), /TRACE_LINE_TOO_LONG {2}line\.csv:4/);
  await assert.rejects(file("row.csv", `${LINES}7,-1,0\n`), /TRACE_NEGATIVE_TOKENS {2}row\.csv:4/);
  await assert.rejects(readTraceFile("/dev/zero", "zero"), /TRACE_NOT_A_FILE/);
  await assert.rejects(readTraceFile(join(folder, "none"), "none"), { code: "ENOENT" });
});

test("a file that unpacks out of all proportion is refused", async () => {
  const rows = `time_ms,input_tokens,output_tokens\n${"0,1,1\n".repeat(200_000)}`;
  const path = join(folder, "bomb.csv.gz");
  writeFileSync(path, gzipSync(rows));
  const wide = { bytesMax: 1e9, ratioMax: 1e6, freeBytes: 0, rowRatioMax: 1e6, freeRows: 0 };
  assert.equal((await readTraceFile(path, "bomb", { limits: wide })).columns.arrivalMs.length, 200_000);
  await assert.rejects(readTraceFile(path, "bomb", { limits: { ...wide, ratioMax: 100 } }), /TRACE_TOO_LARGE {2}bomb/);
  await assert.rejects(readTraceFile(path, "bomb", { limits: { ...wide, bytesMax: 1e5 } }), /TRACE_TOO_LARGE {2}bomb/);
  const few = { ...wide, rowRatioMax: 4, freeRows: 1000 };
  await assert.rejects(
    readTraceFile(path, "bomb", { limits: few }),
    /TRACE_TOO_LARGE {2}bomb: .* bytes unpack to over .* rows/,
  );
});

test("the example tree of a delivery to S3: all records, in order of its files", async () => {
  const path = "docs/examples/s3-logs";
  const { columns, files, format } = await readTraceFile(path, "s3-logs");
  assert.deepEqual([columns.arrivalMs.length, files, format], [200, 8, "bedrock-log"]);
});

test("bodies on their own, hidden files and permission checks are passed over; formats do not mix", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tree-"));
  const line = '{"schemaType":"ModelInvocationLog","timestamp":"2026-09-03T14:00:00Z","region":"r","modelId":"m"}\n';
  const place = (name: string, text: string) => {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  place("AWSLogs/1/x.json", line);
  place("AWSLogs/1/data/body.json", "{}");
  place("AWSLogs/amazon-bedrock-logs-permission-check", "");
  place(".hidden.json", "{}");
  place("notes.md", "# no log");
  assert.deepEqual(
    (await traceFiles(folder, "t")).map(({ source }) => source),
    ["t/AWSLogs/1/x.json"],
  );
  symlinkSync(join(folder, "AWSLogs/1/x.json"), join(folder, "linked.json"));
  const { notes } = await readTraceFile(folder, "t");
  assert.deepEqual(
    notes.filter((note) => note.startsWith("passed over")),
    ["passed over, as links or by their names: t/linked.json, t/notes.md"],
    "what may hold requests is not dropped without a word",
  );
  place("z.csv", "time_ms,input_tokens,output_tokens\n0,1,1\n");
  await assert.rejects(
    readTraceFile(folder, "t"),
    /TRACE_TWO_FORMATS {2}t\/z\.csv: this is csv.*before are bedrock-log/,
  );
  await assert.rejects(traceFiles(mkdtempSync(join(tmpdir(), "none-")), "none"), /TRACE_EMPTY {2}none/);
});
