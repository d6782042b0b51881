import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { axisStartOf, readLogCalls } from "../../../scripts/calibrate/log-calls.ts";
import { probeObservations, readMeasurements, readRunCalls } from "../../../scripts/calibrate/measurements.ts";
import { UNPACK_LIMITS } from "../../../scripts/io/trace-file.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { BadRows } from "../../../simulator/traffic/bad-rows.ts";
import { bareModelId, shortModelName } from "../../../simulator/traffic/labels.ts";
import { outcomeOfStatus } from "../../../simulator/traffic/row-cells.ts";
import { writeRunFolder } from "./run-folder.ts";

/** A made-up log in the form of the service's. */
const invocationLog = (name: string) => join(import.meta.dirname, "../fixtures/invocation-logs", name);
const stop = () => new BadRows();
const folder = mkdtempSync(join(tmpdir(), "meridian-calls-"));
const place = (name: string, content: string | Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
/** Reads a text as the calls of a file. */
const readCalls = (text: string, name: string, badRows: BadRows) => readLogCalls(place(name, text), badRows);
const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof MeridianError)
      return `${error.problems[0]!.code} ${(error.problems[0]!.where ?? "").replace(`${folder}/`, "")}`;
    throw error;
  }
  return "no error";
};

const HEADER = "timestamp,region,model,inputTokens,outputTokens,ttftMs,e2eMs,status";
const GOOD = "2026-05-04T10:00:01.500Z,us-east-1,us.anthropic.claude-haiku-4-5-20251001-v1:0,120,40,210,900,200";

describe("CSV calls", () => {
  it("are read with what is known of them", async () => {
    const throttled = "2026-05-04T10:00:02Z,us-east-1,anthropic.claude-haiku-4-5-20251001-v1:0,10,0,,,429";
    const { observations, modelIds } = await readCalls(`${HEADER}\n${GOOD}\n\n${throttled}\n`, "a.csv", stop());
    assert.deepEqual(modelIds, { "claude-haiku-4-5": "anthropic.claude-haiku-4-5-20251001-v1:0" });
    assert.deepEqual(
      observations.map(({ sentMs, endMs, ttftMs, outcome }) => [sentMs, endMs, ttftMs, outcome]),
      [
        [0, 900, 210, "served"],
        [500, Number.NaN, Number.NaN, "throttled"],
      ],
    );
    assert.equal(observations[0]!.axisStartMs, Date.parse("2026-05-04T10:00:01.500Z"));
  });

  it("are no more than a packed file of its size can hold", async () => {
    const file = place("bomb.csv.gz", gzipSync(`${HEADER}\n${`${GOOD}\n`.repeat(5000)}`));
    assert.equal((await readLogCalls(file, stop())).observations.length, 5000);
    const limits = { ...UNPACK_LIMITS, freeRows: 100, rowRatioMax: 0.5 };
    await assert.rejects(readLogCalls(file, stop(), limits), /TRACE_TOO_LARGE .*bomb\.csv\.gz: .* rows/);
  });

  it("times since 1970 in s, ms or us are the same instants; what is none is refused", async () => {
    const at = ["1777888800.216", "1777888800.233", "1777888801.500"];
    const read = async (times: readonly string[]) => {
      const rows = times.map((time) => GOOD.replace("2026-05-04T10:00:01.500Z", time));
      const { observations } = await readCalls([HEADER, ...rows].join("\n"), "a.csv", stop());
      return observations.map(({ sentMs, axisStartMs }) => [sentMs, axisStartMs]);
    };
    const expected = [0, 17, 1284].map((ms) => [ms, Date.parse("2026-05-04T10:00:00.216Z")]);
    assert.deepEqual(await read(at), expected);
    assert.deepEqual(await read(at.map((time) => time.replace(".", ""))), expected);
    assert.deepEqual(await read(at.map((time) => `${time.replace(".", "")}000`)), expected);
    assert.deepEqual(await read(at.map((time) => new Date(Number(time) * 1000).toISOString())), expected);
    for (const wrong of ["17", "1e308", "2026-02-30T00:00:00Z", "1970-01-21T13:51:28Z"]) {
      assert.equal(await codeOf(() => read([at[0]!, wrong])), "TRACE_BAD_TIME a.csv:3", wrong);
    }
  });

  it("name the line of a bad row, and skip no more than allowed", async () => {
    const bad = GOOD.replace(",900,", ",-3,");
    const text = `${HEADER}\n${GOOD}\n${bad}\n${bad}\n`;
    assert.equal(await codeOf(() => readCalls(text, "a.csv", stop())), "TRACE_BAD_NUMBER a.csv:3");
    const two = new BadRows({ skip: true, max: 2 });
    assert.equal((await readCalls(text, "a.csv", two)).observations.length, 1);
    assert.equal(two.count, 2);
    const one = new BadRows({ skip: true, max: 1 });
    assert.equal(await codeOf(() => readCalls(text, "a.csv", one)), "TRACE_BAD_NUMBER a.csv:4");
    for (const [from, to, code] of [
      ["2026-05-04T10:00:01.500Z", "yesterday", "TRACE_BAD_TIME"],
      ["us-east-1", "", "CALIBRATE_BAD_ROW"],
      [",120,", ",many,", "TRACE_BAD_NUMBER"],
      [",210,", ",1000,", "TRACE_BAD_NUMBER"],
    ] as const) {
      const row = `${HEADER}\n${GOOD.replace(from, to)}`;
      assert.equal(await codeOf(() => readCalls(row, "a.csv", stop())), `${code} a.csv:2`, to);
    }
  });

  it("need their header", async () => {
    assert.equal(await codeOf(() => readCalls("time,region\n1,2\n", "a.csv", stop())), "TRACE_UNKNOWN_FORMAT a.csv:1");
    assert.equal(await codeOf(() => readCalls(`${HEADER}\n"a`, "a.csv", stop())), "TRACE_BAD_CSV a.csv:2");
  });

  it("status codes are outcomes", () => {
    const outcomes = [200, 429, 503, 500, 408, 0].map(outcomeOfStatus);
    assert.deepEqual(outcomes, ["served", "throttled", "refused", "failed", "left", "left"]);
  });
});

describe("invocation logs", () => {
  it("give the calls whose bodies hold a latency, and say how many do not", async () => {
    const file = invocationLog("bedrock-invocation-log.jsonl");
    const { observations, notes } = await readLogCalls(file, stop());
    assert.ok(observations.length > 50);
    const first = observations.find(({ sentMs }) => sentMs === 0)!;
    // Its first record: 162 tokens in, 247 out, latencyMs 2297.
    assert.deepEqual(
      [
        first.region,
        first.model,
        first.inputTokens,
        first.outputTokens,
        first.endMs,
        first.maxTokens,
        first.roundTripMs,
      ],
      ["eu-central-1", "nova-lite", 162, 247, 2297, 4096, 0],
    );
    assert.ok(notes.some((note) => note.includes("hold no latency")));
  });

  it("of a stream give the first byte too; twice the same record counts once", async () => {
    const record = {
      timestamp: "2026-09-03T14:00:09Z",
      region: "eu-west-1",
      inferenceRegion: "eu-north-1",
      requestId: "1",
      modelId: "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-pro-v1:0",
      input: { inputTokenCount: 10, cacheReadInputTokenCount: 90, cacheWriteInputTokenCount: 5 },
      output: {
        outputTokenCount: 7,
        outputBodyJson: [
          { contentBlockDelta: {} },
          { "amazon-bedrock-invocationMetrics": { invocationLatency: 800, firstByteLatency: 120 } },
        ],
      },
    };
    const text = `${JSON.stringify(record)}\n${JSON.stringify(record)}\n`;
    const { observations, notes } = await readCalls(text, "log.jsonl", stop());
    const { region, ttftMs, endMs, inputTokens, cacheReadTokens } = observations[0]!;
    assert.deepEqual([observations.length, region, ttftMs, endMs], [1, "eu-north-1", 120, 800]);
    assert.deepEqual([inputTokens, cacheReadTokens], [15, 90]);
    assert.match(notes[0]!, /1 requests stand there twice, by their ids, and count once/);
  });

  it("edge cases: broken lines are reported by line, the rest is read", async () => {
    const file = invocationLog("bedrock-invocation-log-edge-cases.jsonl");
    assert.match(await codeOf(() => readLogCalls(file, stop())), /^TRACE_BAD_JSON .*:4$/);
    const skipping = new BadRows({ skip: true, max: 10 });
    assert.ok((await readLogCalls(file, skipping)).observations.length > 0);
    assert.ok(skipping.count > 0);
    const throttled = {
      timestamp: "2026-09-03T14:00:09Z",
      region: "r",
      modelId: "m",
      errorCode: "ThrottlingException",
    };
    assert.equal((await readCalls(JSON.stringify(throttled), "t.jsonl", stop())).observations[0]!.outcome, "throttled");
  });
});

describe("probe files", () => {
  it("give their calls", () => {
    const probe = {
      at: "2026-05-04T10:00:00.000Z",
      region: "us-east-1",
      model: "amazon.nova-pro-v1:0",
      inputTokens: 10,
      outputTokens: 20,
      cacheReadTokens: 0,
      connectMs: 30,
      headersMs: 90,
      ttftMs: 100,
      e2eMs: 500,
      serverLatencyMs: 480,
      interTokenMs: [],
      status: 200,
      error: null,
      message: null,
      requestId: null,
      clockSkewMs: null,
    };
    const cut = { ...probe, at: "2026-05-04T10:00:05.000Z", error: "Broken", e2eMs: null };
    const { observations, modelIds } = probeObservations([probe, cut], "p.json");
    assert.deepEqual(
      observations.map(({ sentMs, endMs, outcome }) => [sentMs, endMs, outcome]),
      [
        [0, 500, "served"],
        [5000, Number.NaN, "failed"],
      ],
    );
    assert.deepEqual(modelIds, { "nova-pro": "amazon.nova-pro-v1:0" });
  });
});

it("times count from the first instant of a file", () => {
  assert.equal(axisStartOf([30, 10, 20]), 10);
  assert.equal(axisStartOf([]), Number.POSITIVE_INFINITY);
});

describe("files", () => {
  it("may be packed; round trips fill what a source does not know", async () => {
    const csv = `${HEADER}\n${GOOD}\n${GOOD.replace("us-east-1", "eu-west-1")}\n`;
    const { observations } = await readMeasurements([place("calls.csv.gz", gzipSync(csv))], {
      strategies: [],
      badRows: stop(),
      roundTripMs: new Map([
        ["eu-west-1", 80],
        ["*", 12],
      ]),
    });
    assert.deepEqual(
      observations.map(({ roundTripMs }) => roundTripMs),
      [12, 80],
    );
  });

  it("that cannot be used are reported, and none can hang the command", async () => {
    const read = (path: string) => () =>
      readMeasurements([path], { strategies: [], badRows: stop(), roundTripMs: new Map() });
    const cases = [
      [join(folder, "none.csv"), "CALIBRATE_NOT_FOUND"],
      ["/dev/zero", "TRACE_NOT_A_FILE"],
      [place("cut.csv.gz", gzipSync(GOOD.repeat(50)).subarray(0, 40)), "TRACE_DAMAGED_GZIP"],
      [place("latin.csv", new Uint8Array([0xe9, 0x0a])), "TRACE_NOT_TEXT"],
      [place("calls.txt", "x"), "TRACE_UNKNOWN_FORMAT"],
      [mkdtempSync(join(tmpdir(), "meridian-empty-")), "TRACE_EMPTY"],
    ] as const;
    for (const [path, code] of cases) assert.match(await codeOf(read(path)), new RegExp(`^${code} `), path);
  });

  it("models have short names, whatever form their id has", () => {
    const arn = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0";
    assert.deepEqual([bareModelId(arn), shortModelName(arn)], ["amazon.nova-lite-v1:0", "nova-lite"]);
    assert.equal(shortModelName("global.anthropic.claude-sonnet-4-5-20250929-v1:0"), "claude-sonnet-4-5");
    assert.equal(shortModelName("m"), "m");
  });
});

describe("the attempts of a measured run", () => {
  const folder = join(mkdtempSync(join(tmpdir(), "meridian-run-calls-")), "run");
  const read = (strategies: readonly string[] = []) => readRunCalls(folder, { strategies, badRows: new BadRows() });
  const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
  before(() => writeRunFolder(folder, 2));
  after(() => rmSync(join(folder, ".."), { recursive: true }));

  it("are its rows, one by one, at the place that was called", async () => {
    const { observations, modelIds, notes } = await read();
    const text = gunzipSync(readFileSync(join(folder, "rows-1.jsonl.gz"))).toString();
    const rows = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, number>);
    assert.ok(rows.length > 100);
    assert.deepEqual(
      observations.map(({ sentMs, endMs }) => [sentMs, endMs]),
      rows.map(({ s, e }) => [s, e]),
    );
    assert.ok(observations.every(({ region, outcome }) => region === "us-east-1" && outcome === "served"));
    assert.ok(observations.every(({ roundTripMs, maxTokens }) => roundTripMs === 0 && maxTokens === 2000));
    assert.deepEqual([modelIds, notes], [{ nova: "amazon.nova-pro-v1:0" }, []]);
  });

  it("are of the named strategies, which the run must have", async () => {
    assert.deepEqual((await read(["single"])).observations, (await read()).observations);
    await assert.rejects(read(["cheapest"]), /CALIBRATE_NO_STRATEGY.*"single"/s);
  });

  it("come with a note where the run was invalid, and not at all from a folder that names other files", async () => {
    const bench = JSON.parse(readFileSync(join(folder, "bench.json"), "utf8"));
    write("bench.json", JSON.stringify({ ...bench, valid: false }));
    assert.match((await read()).notes.join(), /the run was invalid/);
    write("bench.json", JSON.stringify({ ...bench, strategies: [{ strategy: "single", rows: "../rows-1.jsonl.gz" }] }));
    await assert.rejects(read(), /CALIBRATE_NO_BENCH.*is not of the run/s);
    write("bench.json", "{");
    await assert.rejects(read(), /CALIBRATE_NO_BENCH.*damaged/s);
  });
});
