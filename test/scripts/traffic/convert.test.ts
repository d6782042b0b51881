import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { convert } from "../../../scripts/traffic/convert.ts";
import { pseudonymsOf, readTraffic } from "../../../scripts/traffic/read.ts";
import { writeRecording } from "../../../scripts/traffic/recording-writer.ts";
import { writerOf } from "../../../scripts/traffic/request-writers.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-convert-"));
const at = (name: string) => join(folder, name);
const LOG = "docs/examples/s3-logs";
const bad = { onBadRow: "stop", maxBadRows: 0 };
const columnsOf = async (name: string) => (await readTraffic([name], bad)).columns;
writeFileSync(at("key.txt"), "a key of twenty-four letters");

async function run(args: readonly string[], options: Readonly<Record<string, unknown>>) {
  const lines: string[] = [];
  const notes: string[] = [];
  const terminal = { out: (text: string) => lines.push(text), note: (text: string) => notes.push(text) };
  const input = { args, options: { ...bad, ...options }, terminal, signal: new AbortController().signal };
  assert.equal(await convert(input as never), 0);
  return { lines, notes };
}

describe("meridian traffic convert", () => {
  it("keeps every column in every format of its own: what is read back is what was written", async () => {
    const recorded = await columnsOf(LOG);
    const labels = (index: Uint16Array | undefined, names: readonly string[] | undefined) =>
      Array.from(index!, (i) => names![i]);
    for (const out of ["all.csv", "all.jsonl", "all.parquet"]) {
      await run([LOG], { out: at(out) });
      const { prefixId: _, prefixTokens: __, ...read } = await columnsOf(at(out));
      for (const name of ["arrivalMs", "outputTokens", "maxTokens", "cacheReadTokens", "outcome"] as const) {
        assert.deepEqual(read[name], recorded[name], `${name} of ${out}`);
      }
      assert.deepEqual(labels(read.tenantIndex, read.tenantNames), labels(recorded.tenantIndex, recorded.tenantNames));
      assert.deepEqual(labels(read.modelIndex, read.modelNames), labels(recorded.modelIndex, recorded.modelNames));
      assert.equal(read.startEpochMs, recorded.startEpochMs);
    }
  });

  it("never writes over what it reads", async () => {
    const log = at("own.csv");
    const text = "time,input_tokens,output_tokens\n2026-05-04T09:00:00Z,1,2\n";
    writeFileSync(log, text);
    await assert.rejects(run([log], { out: log }), /TRAFFIC_OVER_INPUT {2}--out .*own\.csv: this file is read/);
    await assert.rejects(run([LOG, log], { out: join(folder, ".", "own.csv") }), /TRAFFIC_OVER_INPUT/);
    assert.equal(readFileSync(log, "utf8"), text);
    await run([log], { out: at("other.csv") });
    await run([log], { out: at("other.csv") });
  });

  it("says what a factor and a label are", async () => {
    await assert.rejects(run([LOG], { scaleRate: "150%", out: at("f.csv") }), /--scale-rate: .*150%.*write 1\.5/s);
    await assert.rejects(run([LOG], { scaleRate: "fast", out: at("f.csv") }), /--scale-rate: "fast" is not a number/);
    await assert.rejects(
      run([LOG], { only: ["chat"], out: at("f.csv") }),
      /--only chat: .*label=value\n.*--only class=chat/,
    );
  });

  it("counts and says what is dropped", async () => {
    const { lines, notes } = await run([LOG], {
      only: ["tenant=search"],
      slice: "10m..40m",
      scaleRate: "2",
      out: at("search.csv"),
    });
    assert.deepEqual(lines, ["200 requests read, 124 written (csv)", `  ${at("search.csv")}: 124`]);
    assert.deepEqual(notes, [
      "note: 81 requests lack the labels that --only asks for",
      "note: 57 requests lie outside --slice",
    ]);
  });

  it("splits by tag, renames models and hides who called: the same key gives the same names", async () => {
    const options = {
      splitBy: "tenant",
      anonymise: at("key.txt"),
      mapModel: ["claude-haiku-4-5=haiku"],
      maxTokens: "quantile:99%",
      json: true,
      out: at("part.jsonl"),
    };
    const { lines } = await run([LOG], options);
    const { rows, files } = JSON.parse(lines[0]!) as { rows: number; files: { file: string; rows: number }[] };
    assert.equal(
      files.reduce((sum, each) => sum + each.rows, 0),
      rows,
    );
    const text = readdirSync(folder)
      .filter((name) => name.startsWith("part-"))
      .map((name) => readFileSync(at(name), "utf8"));
    assert.equal(text.length, files.length);
    assert.doesNotMatch(text.join(""), /search|support|claude-haiku-4-5|\d{12}:/);
    const of = await pseudonymsOf(at("key.txt"));
    assert.ok(files.some(({ file }) => file.includes(of("tenant", "search"))));
    assert.notEqual(of("tenant", "search"), of("class", "search"));
  });

  it("puts recordings of different formats together, and writes traces of other tools", async () => {
    await run([LOG], { out: at("one.csv") });
    const { lines, notes } = await run([at("one.csv"), LOG, "azure-code-2023"], { as: "mooncake", out: at("m.jsonl") });
    assert.match(lines[0]!, /^9,219 requests read, 9,219 written/);
    assert.match(notes.join(), /mooncake holds times, lengths and prefixes/);
    assert.equal((await columnsOf(at("m.jsonl"))).arrivalMs.length, 9219);
  });

  it("tells all that is wrong with its options at once", async () => {
    const wrong = { scaleRate: "x", thin: "200%", maxTokens: "abc", only: ["foo=bar"], out: at("x.csv") };
    await assert.rejects(run([LOG], wrong), ({ problems }: { problems: { where: string }[] }) => {
      assert.deepEqual(
        problems.map(({ where }) => where),
        ["--scale-rate", "--thin", "--only", "--max-tokens"],
      );
      return true;
    });
    await assert.rejects(run([LOG], { splitBy: "class", mapModel: ["gpt=a"], out: at("x.csv") }), /TRAFFIC_NO_MODEL/);
    await assert.rejects(run(["azure-code-2023"], { splitBy: "tenant", out: at("x.csv") }), /TRAFFIC_SPLIT/);
    writeFileSync(at("short.txt"), "abc");
    await assert.rejects(run([LOG], { anonymise: at("short.txt"), out: at("x.csv") }), /KEY_FILE_SHORT/);
  });

  it("numbers sessions where they have no names", async () => {
    const columns = {
      arrivalMs: Float64Array.of(0, 1),
      inputTokens: Int32Array.of(1, 2),
      outputTokens: Int32Array.of(1, -1),
      sessionId: Int32Array.of(4, -1),
    };
    writeRecording(writerOf("a.jsonl", undefined), at("s.jsonl"), columns);
    assert.equal(
      readFileSync(at("s.jsonl"), "utf8"),
      '{"time_ms":0,"session_id":"s4","input_tokens":1,"output_tokens":1}\n{"time_ms":1,"session_id":"","input_tokens":2,"output_tokens":null}\n',
    );
  });
});
