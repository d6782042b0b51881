import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TIME_UNITS, type TimeUnit, toMs } from "../../../simulator/base/instants.ts";
import { FORMATS } from "../../../simulator/traffic/formats/index.ts";
import { RecordedTimes, type TimeColumn } from "../../../simulator/traffic/recorded-times.ts";
import { readTrace } from "./read-trace.ts";

/** Times of one column as a reader gives them; rows may stand in any order. */
function timesOf(values: readonly unknown[], column: TimeColumn, asked: TimeUnit | null = null): number[] {
  const times = new RecordedTimes(asked);
  const read = values.map((value, i) => times.read(value, column, { source: "f", lineNumber: i + 2 }));
  return [...times.settle(Float64Array.from(read).sort())];
}

const OPEN = { name: "timestamp", unit: null };
const MS = { name: "time_ms", unit: "ms" } as const;
const SECONDS = { name: "time_s", unit: "s" } as const;
const WHOLE = { name: "timestamp", unit: "ms", isWhole: true } as const;

describe("times of rows", () => {
  it("dates and epochs count from the earliest row, wherever it stands", () => {
    assert.deepEqual(
      timesOf(["2023-11-16 18:15:48", "2023-11-16 18:15:46", "2023-11-16 18:15:47"], OPEN),
      [0, 1000, 2000],
    );
    assert.deepEqual(timesOf([1_700_000_001_500, 1_700_000_000_000], WHOLE), [0, 1500]);
    assert.deepEqual(timesOf(["1777888800.233", "1777888800.216"], OPEN), [0, 17]);
  });

  it("one row alone is its own origin if it is an instant, and keeps its place if it counts from a start", () => {
    assert.deepEqual(timesOf([1_700_000_000_123], MS), [0]);
    assert.deepEqual(timesOf([7200], SECONDS), [7_200_000]);
  });

  it("epochs in s, ms, us and ns give the same gaps", () => {
    const start = 1_777_888_800;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 86_400_000 }), { minLength: 1, maxLength: 20 }), (gapsMs) => {
        const expected = gapsMs.map((ms) => ms - Math.min(...gapsMs)).sort((a, b) => a - b);
        for (const unit of ["s", "ms", "us"] as const) {
          const values = gapsMs.map((ms) => (start * 1000 + ms) / toMs(1, unit));
          assert.deepEqual(timesOf(values, OPEN), expected, unit);
        }
      }),
    );
  });

  it("times from a start in any unit give the same gaps, where the unit is stated or asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 1, maxLength: 20 }), (ms) => {
        const expected = [0, ...ms].sort((a, b) => a - b);
        for (const unit of TIME_UNITS) {
          const values = [0, ...ms].map((each) => each / toMs(1, unit));
          const stated = timesOf(values, { name: `time_${unit}`, unit });
          assert.ok(
            stated.every((time, i) => Math.abs(time - expected[i]!) < 1e-6),
            unit,
          );
          assert.deepEqual(timesOf(values, WHOLE, unit), stated, `asked for ${unit}`);
        }
      }),
    );
  });
});

describe("times that are refused, with file and line", () => {
  const refused = (values: readonly unknown[], column: TimeColumn, pattern: RegExp, asked: TimeUnit | null = null) =>
    assert.throws(() => timesOf(values, column, asked), pattern);

  it("epoch times that a spreadsheet has rounded; in full they are read, with an exponent or without", () => {
    for (const rounded of ["1.78E+12", "1.781e12"]) {
      assert.throws(() => timesOf([rounded], MS), /TRACE_BAD_TIME {2}f:2: time_ms is /);
    }
    assert.throws(() => timesOf(["1.78E+12"], MS), /rounded.*\n.*without an exponent/);
    assert.deepEqual(timesOf(["1.7803008E+12", "1780300800500"], MS), [0, 500]);
    assert.deepEqual(timesOf([1.78e12, 1.78e12 + 5], MS), [0, 5], "a number of JSON has been written in full");
    assert.deepEqual(timesOf(["1.5e3"], MS), [1500], "a time from the start");
  });

  it("impossible dates", () => {
    const february = ["2023-02-28 23:59:59.0", "2023-02-30 00:00:00.0"];
    refused(february, OPEN, /TRACE_BAD_TIME {2}f:3: timestamp is "2023-02-30 00:00:00\.0", which names a day/);
  });

  it("numbers of no unit: none is stated, and they are no epoch times", () => {
    refused([0, 0.5], OPEN, /f:2: timestamp is 0, of no known unit\n.*time_s or time_ms, or write unit: s/);
    assert.deepEqual(timesOf([0, 0.5], OPEN, "s"), [0, 500]);
  });

  it("fractions where the format has whole ms", () => {
    refused([0, 0.5], WHOLE, /f:3: timestamp is 0\.5, and this format counts whole ms\n.*unit: s/);
    assert.deepEqual(timesOf([0, 0.5], WHOLE, "s"), [0, 500]);
    assert.deepEqual(timesOf([0, 0.5], WHOLE, "ms"), [0, 0.5]);
  });

  it("epoch times in another unit than is stated; asked for, they are read so", () => {
    refused(
      [1_777_888_801, 1_777_888_800],
      MS,
      /f:3: time_ms is 1777888800, in ms 20\.6 days .* 2026-05-04T10:00:00\.000Z in s\n.*unit: s or unit: ms/,
    );
    assert.deepEqual(timesOf([1_777_888_801, 1_777_888_800], MS, "s"), [0, 1000]);
    assert.deepEqual(timesOf([1_777_888_801], MS, "ms"), [1_777_888_801]);
    refused([1_777_888_800_000], SECONDS, /f:2: time_s is 1777888800000, in s .* days after the start, but .* in ms/);
    // A long recording from its own start comes there by itself.
    assert.deepEqual(timesOf([0, 1_209_600_000], MS), [0, 1_209_600_000]);
  });

  it("nonsense, and rows of another kind than those before", () => {
    for (const value of [-1, "-1", 1e308, "1e308", Number.NaN, "", null, undefined, true, {}, "soon"]) {
      refused([value], MS, /TRACE_BAD_TIME {2}f:2/);
    }
    refused([0, 1_777_888_800_000], MS, /f:3: .*an epoch time in ms, while the rows before have a time from the start/);
    refused(["2026-05-04T10:00:00Z", 5], MS, /f:3: .*while the rows before have a date and time/);
  });
});

describe("a permutation of the rows of a trace gives the same recording", () => {
  const START_MS = Date.UTC(2026, 4, 4);
  const iso = (ms: number) => new Date(START_MS + ms).toISOString();
  const HEADERS: Record<string, readonly [string, (ms: number, tokens: number) => string][]> = {
    "azure-llm": [["TIMESTAMP,ContextTokens,GeneratedTokens", (ms, tokens) => `${iso(ms)},${tokens},1`]],
    csv: [
      ["time_ms,input_tokens,output_tokens", (ms, tokens) => `${ms},${tokens},1`],
      ["timestamp,input_tokens,output_tokens", (ms, tokens) => `${(START_MS + ms) / 1000},${tokens},1`],
    ],
    jsonl: [["", (ms, tokens) => JSON.stringify({ time: iso(ms), input_tokens: tokens, output_tokens: 1 })]],
    mooncake: [
      [
        "",
        (ms, tokens) =>
          JSON.stringify({ timestamp: START_MS + ms, input_length: tokens, output_length: 1, hash_ids: [tokens % 7] }),
      ],
    ],
    burstgpt: [["Timestamp,Model,Request tokens,Response tokens", (ms, tokens) => `${ms / 1000},GPT-4,${tokens},1`]],
    bailian: [
      [
        "",
        (ms, tokens) =>
          JSON.stringify({ chat_id: ms, timestamp: ms / 1000, input_length: tokens, output_length: 1, type: "text" }),
      ],
    ],
    guidellm: [["", (ms, tokens) => JSON.stringify({ timestamp: ms / 1000, input_length: tokens, output_length: 1 })]],
    litellm: [
      ["", (ms, tokens) => JSON.stringify({ startTime: iso(ms), prompt_tokens: tokens, completion_tokens: 1 })],
    ],
    cloudtrail: [
      [
        "",
        (ms, tokens) =>
          JSON.stringify({
            eventTime: iso(ms),
            eventSource: "bedrock.amazonaws.com",
            eventName: "Converse",
            requestID: `${ms} ${tokens}`,
          }),
      ],
    ],
  };
  const distinct = fc.uniqueArray(fc.integer({ min: 0, max: 1e8 }), { minLength: 1, maxLength: 30 });

  for (const format of FORMATS) {
    it(format.name, () => {
      for (const [header, rowOf] of HEADERS[format.name] ?? []) {
        const read = (order: readonly number[]) => {
          const rows = order.map((ms) => rowOf(ms, (ms % 1000) + 1));
          return readTrace(format, header === "" ? rows : [header, ...rows], "f");
        };
        fc.assert(
          fc.property(
            distinct.chain((ms) => fc.tuple(fc.constant(ms), fc.shuffledSubarray(ms, { minLength: ms.length }))),
            ([ms, other]) => {
              assert.deepEqual(read(other), read(ms));
            },
          ),
          { numRuns: 50 },
        );
      }
    });
  }
});
