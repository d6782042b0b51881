import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import {
  appendJobSummary,
  isFolder,
  JsonPieces,
  makeFolder,
  readTextFile,
  stableJson,
  unpackedBytesMax,
  WHOLE_TEXT_BYTES_MAX,
  withLineFeeds,
  writeReport,
} from "../../../scripts/io/text-files.ts";

const textOf = (document: object) => Buffer.concat([...new JsonPieces(document)]).toString();

it("lines of any file end by LF, those that did before as they were", () => {
  assert.equal(withLineFeeds("a\r\nb\nc\rd\r\n\r\n"), "a\nb\nc\rd\n\n");
});

describe("stableJson", () => {
  it("gives the same bytes piece by piece", () => {
    const leaf = fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.constant("a line\nand −"));
    const value = fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string(), leaf));
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(fc.string(), value), fc.array(value)), (document) => {
        assert.equal(textOf(document), stableJson(document));
      }),
    );
    const long = {
      strategies: Array.from({ length: 40 }, (_, s) => ({
        hours: Array.from({ length: 200 }, (_, h) => ({ s, h, text: "p95 − 40 ms" })),
      })),
    };
    assert.ok([...new JsonPieces(long)].length > 1, "it is long enough for several pieces");
    assert.equal(textOf(long), stableJson(long));
    assert.throws(() => textOf({ a: { p95: Number.NaN } }), /RESULT_NOT_FINITE.*"p95"/s);
    assert.throws(() => textOf({ a: { b: { c: [{ p99: Number.NaN }] } } }), /RESULT_NOT_FINITE.*"p99"/s);
  });

  it("keeps the order of keys and ends with a line break", () => {
    assert.equal(stableJson({ b: 1, a: [null, "x"] }), '{\n  "b": 1,\n  "a": [\n    null,\n    "x"\n  ]\n}\n');
  });

  it("refuses NaN and infinities, which JSON would turn into null in silence", () => {
    assert.throws(() => stableJson({ p95: Number.NaN }), /RESULT_NOT_FINITE.*"p95"/s);
    assert.throws(() => stableJson([Number.POSITIVE_INFINITY]), /RESULT_NOT_FINITE/);
  });
});

it("a packed file may unpack in proportion to its size, and to no more than one text holds", () => {
  assert.equal(unpackedBytesMax(0), 64 * 2 ** 20);
  assert.equal(unpackedBytesMax(1000, 7), 500_007);
  assert.equal(unpackedBytesMax(1e9), WHOLE_TEXT_BYTES_MAX);
});

it("reads a packed file by its name where one may be packed, and says which cannot be unpacked", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meridian-packed-"));
  const file = join(folder, "rows.gz");
  const kind = { code: "ROWS", noun: "file of rows", bytesMax: 1000, kind: "data", mayBePacked: true } as const;
  const read = async (bytes: Uint8Array): Promise<string> => {
    await writeFile(file, bytes);
    return readTextFile(file, kind);
  };
  try {
    assert.equal(await read(gzipSync("a\n".repeat(500))), "a\n".repeat(500));
    await assert.rejects(read(gzipSync("a".repeat(1001))), /ROWS_TOO_LARGE/);
    await assert.rejects(read(gzipSync("a\n".repeat(500)).subarray(0, 20)), /GZIP_DAMAGED/);
    await assert.rejects(readTextFile(file, { ...kind, mayBePacked: false }), /ROWS_NOT_UTF8/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("appends a summary to the job's, and never fails a run", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meridian-"));
  const file = join(folder, "summary.md");
  await writeFile(file, "before\n");
  await appendJobSummary("### Verdict", file);
  await appendJobSummary("x".repeat(1024 * 1024 + 1), file);
  assert.equal(await readFile(file, "utf8"), "before\n### Verdict\n");
  await appendJobSummary("x", undefined);
  await appendJobSummary("x", join(folder, "no", "such", "folder"));
  await rm(folder, { recursive: true });
});

describe("makeFolder", () => {
  it("makes what is missing, once or at the same time, and gives up where none can be", async () => {
    const root = await mkdtemp(join(tmpdir(), "meridian-folders-"));
    try {
      const deep = join(root, "a", "b", "c");
      await Promise.all([makeFolder(deep), makeFolder(deep)]);
      await makeFolder(deep);
      assert.ok(await isFolder(deep));
      await writeFile(join(root, "file"), "");
      await assert.rejects(makeFolder(join(root, "file", "x")), { code: "EEXIST" });
      await assert.rejects(makeFolder("/proc/self/none/of/these"));
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

describe("writeReport", () => {
  it("writes it whole, and says where it could not", async () => {
    const root = await mkdtemp(join(tmpdir(), "meridian-reports-"));
    try {
      await writeReport(join(root, "report.html"), "<p>answer</p>");
      assert.equal(await readFile(join(root, "report.html"), "utf8"), "<p>answer</p>");
      await assert.rejects(
        writeReport(join(root, "none", "report.html"), ""),
        /REPORT_NOT_WRITTEN.*none.report\.html/s,
      );
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
