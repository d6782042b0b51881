import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { trafficCommand } from "../../../scripts/commands/traffic.ts";
import { fit } from "../../../scripts/traffic/fit.ts";
import { generate } from "../../../scripts/traffic/generate.ts";
import { readTraffic } from "../../../scripts/traffic/read.ts";
import { writerOf } from "../../../scripts/traffic/request-writers.ts";
import { describeTraffic } from "../../../simulator/traffic/describe.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-traffic-"));
const at = (name: string) => join(folder, name);

/** Runs the command here; what it prints on stdout. */
async function run(args: readonly string[], options: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const lines: string[] = [];
  const notes: string[] = [];
  const terminal = {
    out: (text: string) => lines.push(text),
    note: (text: string) => notes.push(text),
    problem: () => {},
    colour: false,
    width: 80,
    live: false,
    quiet: false,
  };
  const code = await trafficCommand.run({
    args,
    options: { onBadRow: "stop", maxBadRows: 100, ...options },
    terminal: terminal as never,
    signal: new AbortController().signal,
  });
  assert.equal(code, 0);
  return lines.join("\n");
}

describe("meridian traffic", () => {
  it("describes a folder as text, as a page that loads nothing, and as JSON", async () => {
    const text = await run(["describe", "docs/examples/s3-logs"], { out: at("a.html") });
    assert.match(text, /Requests +200\n/);
    assert.match(text, /Ends +193 served/);
    const page = readFileSync(at("a.html"), "utf8");
    assert.match(page, /How bursty is it/);
    assert.doesNotMatch(page, /src="http|synthetic prompt/);
    const document = JSON.parse(await run(["describe", "docs/examples/s3-logs"], { json: true }));
    assert.deepEqual([document.kind, document.files, document.traffic.input.sum], ["traffic", 8, 392_339]);
  });

  it("skips bad rows, lists them without what they hold, and shows their share", async () => {
    const log = "test/scripts/fixtures/invocation-logs/bedrock-invocation-log-edge-cases.jsonl";
    await assert.rejects(run(["describe", log], { out: at("b.html") }), /TRACE_BAD_JSON .*:4: .*\n.*--on-bad-row skip/);
    const text = await run(["describe", log], { onBadRow: "skip", out: at("b.html"), rejects: at("rejects.jsonl") });
    assert.match(text, /2 of 10 rows \(20 %\) could not be read and were left out/);
    const rejected = readFileSync(at("rejects.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      rejected.map(({ code }) => code),
      ["TRACE_BAD_JSON", "TRACE_NOT_A_CALL"],
    );
    await assert.rejects(run(["describe", log], { onBadRow: "skip", maxBadRows: 1 }), /at most 1 may be skipped/);
  });

  it("generates sessions turn by turn, in every format with the same prompts", async () => {
    const yaml = `traffic:
  - class: chat
    arrivals: { deterministic: { interval: 10s } }
    tokens: { input: 1000, output: 100, prefix: { tokens: 600 } }
    sessions: { turns: 3, thinkTime: 20s, message: 50 }
  - class: single
    arrivals: { deterministic: { interval: 25s } }
    tokens: { input: 7, output: 2 }
`;
    writeFileSync(at("chat.yaml"), yaml);
    const options = { requests: 40, answerTime: "1s+10ms/token" };
    for (const out of ["c.csv", "c.jsonl", "c.parquet"]) {
      await run(["generate", at("chat.yaml")], { ...options, out: at(out) });
      const { columns } = await readTraffic([at(out)], {});
      // A session begins at 10 s; an answer takes 1 s + 100 · 10 ms.
      const first = [...columns.sessionId!.keys()].filter((row) => columns.sessionId![row] === 0);
      assert.deepEqual(
        first.map((row) => [columns.arrivalMs[row]! - columns.arrivalMs[first[0]!]!, columns.inputTokens[row]]),
        [
          [0, 1000],
          [22_000, 1150],
          [44_000, 1300],
        ],
        out,
      );
      assert.equal(columns.arrivalMs.length, 40);
    }
    await run(["generate", at("chat.yaml")], { ...options, as: "aiperf", out: at("c.aiperf.jsonl") });
    const [aiperf, own] = [await readTraffic([at("c.aiperf.jsonl")], {}), await readTraffic([at("c.csv")], {})];
    const sum = (tokens: Int32Array) => tokens.reduce((total, each) => total + each, 0);
    assert.equal(sum(aiperf.columns.inputTokens), sum(own.columns.inputTokens));
    assert.match(readFileSync(at("c.aiperf.jsonl"), "utf8"), /\{"session_id":"s0","delay":20000,"input_length":50,/);
    await run(["generate", at("chat.yaml")], { ...options, as: "mooncake", out: at("c.mooncake.jsonl") });
    const { columns } = await readTraffic([at("c.mooncake.jsonl")], {});
    // 1,150 tokens begin with the two blocks of 512 that stood in the prompt before; 1,000 with one of them.
    assert.deepEqual(new Set(columns.prefixTokens), new Set([0, 512, 1024]));
    await assert.rejects(run(["generate", at("chat.yaml")], { ...options, answerTime: "soon" }), /TRAFFIC_ANSWER_TIME/);
  });

  it("fits, generates in every format, and reads back the same requests", async () => {
    const printed = await run(["fit", "docs/examples/s3-logs"], { out: at("fit.yaml") });
    assert.match(printed, /arrivals: /);
    const outs = ["g.csv", "g.jsonl", "g.parquet"];
    for (const out of outs) await run(["generate", at("fit.yaml")], { requests: 5000, out: at(out) });
    const read = await Promise.all(outs.map((out) => readTraffic([at(out)], { onBadRow: "stop", maxBadRows: 0 })));
    for (const { columns } of read) {
      assert.equal(columns.arrivalMs.length, 5000);
      assert.deepEqual(columns.inputTokens, read[0]!.columns.inputTokens);
      assert.ok(columns.arrivalMs.every((ms, i) => Math.abs(ms - read[0]!.columns.arrivalMs[i]!) < 0.001));
    }
    for (const as of ["aiperf", "guidellm", "mooncake"]) {
      await run(["generate", at("fit.yaml")], { requests: 500, as, out: at(`${as}.jsonl`) });
      const { columns, format } = await readTraffic([at(`${as}.jsonl`)], { onBadRow: "stop", maxBadRows: 0 });
      assert.equal(format, as === "guidellm" ? "guidellm" : "mooncake");
      assert.deepEqual(columns.inputTokens, read[0]!.columns.inputTokens.slice(0, 500));
    }
    const fitted = describeTraffic(read[0]!.columns);
    const recorded = describeTraffic(
      (await readTraffic(["docs/examples/s3-logs"], { onBadRow: "stop", maxBadRows: 0 })).columns,
    );
    assert.ok(Math.abs(fitted.input.mean / recorded.input.mean - 1) < 0.05);
  });

  it("has a format for each ending, and its actions stand alone", async () => {
    assert.deepEqual(
      ["a.CSV", "b.jsonl", "c.parquet"].map((file) => writerOf(file, undefined).name),
      ["csv", "jsonl", "parquet"],
    );
    assert.equal(writerOf("d.txt", "aiperf").name, "aiperf");
    const input = { args: [], options: {}, terminal: {} as never, signal: new AbortController().signal };
    await assert.rejects(fit(input), /TRAFFIC_NO_FILES/);
    await assert.rejects(generate(input), /TRAFFIC_NO_FILES/);
  });

  it("says what is missing or unknown", async () => {
    await assert.rejects(run([]), /TRAFFIC_ACTION/);
    await assert.rejects(run(["describe"]), /TRAFFIC_NO_FILES/);
    await assert.rejects(run(["describe", "none.csv"]), /TRACE_NOT_FOUND/);
    await assert.rejects(run(["describe", "x.csv"], { format: "nope" }), /TRACE_FORMAT.*\n.*bedrock-log/);
    await assert.rejects(run(["generate", at("fit.yaml")], {}), /TRAFFIC_NO_END/);
    await assert.rejects(run(["generate", at("fit.yaml")], { requests: 5, out: at("a.doc") }), /TRAFFIC_OUT/);
    await assert.rejects(run(["describe", "x.csv"], { columns: ["tim=ts"] }), /TRAFFIC_COLUMNS/);
  });
});
