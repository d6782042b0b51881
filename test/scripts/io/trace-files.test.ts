import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { readTraceFile } from "../../../scripts/io/trace-file.ts";
import { traceFiles } from "../../../scripts/io/trace-files.ts";

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
  place("z.csv", "time_ms,input_tokens,output_tokens\n0,1,1\n");
  await assert.rejects(
    readTraceFile(folder, "t"),
    /TRACE_TWO_FORMATS {2}t\/z\.csv: this is csv.*before are bedrock-log/,
  );
  await assert.rejects(traceFiles(mkdtempSync(join(tmpdir(), "none-")), "none"), /TRACE_EMPTY {2}none/);
});
