import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { correlation } from "../../../simulator/traffic/describe.ts";
import { type TokenSpec, tokensSchema } from "../../../simulator/traffic/tokens.ts";
import { classOf, recordingOf, rowsOf } from "./pull.ts";

test("YAML forms", () => {
  assert.deepEqual(
    tokensSchema.parse({
      input: { lognormal: { mean: 1200, cv: 1.2 }, clamp: { max: "200k" } },
      output: { recorded: "servegen-m-large-output" },
      maxTokens: { outputTimes: 2 },
      prefix: { tokens: 800, share: "60%", distinct: 40 },
    }),
    {
      input: { kind: "lognormal", mean: 1200, cv: 1.2, clamp: { max: 200_000 } },
      output: { kind: "recorded", name: "servegen-m-large-output" },
      maxTokens: { kind: "outputTimes", factor: 2 },
      prefix: { tokens: { kind: "constant", value: 800 }, share: 0.6, distinct: 40, zipf: 1 },
    },
  );
  assert.deepEqual(tokensSchema.parse({ maxTokens: "unset" }), { maxTokens: { kind: "unset" } });
  assert.deepEqual(tokensSchema.parse({ maxTokens: "4k" }), { maxTokens: { kind: "constant", value: 4000 } });
});

test("mistakes are named", () => {
  const message = (yaml: unknown) => String(tokensSchema.safeParse(yaml).error?.issues.map((issue) => issue.message));
  assert.match(message({ maxTokens: "unst" }), /"unst" is not a number/);
  assert.match(message({ maxTokens: { outputTimes: 0.5 } }), /outputTimes must be at least 1/);
  assert.match(message({ prefix: { tokens: 10, share: "150%" } }), /share must be between 0% and 100%/);
  assert.match(message({ inputs: 5 }), /Unrecognized key: "inputs"/);
  assert.ok(JSON.stringify(z.toJSONSchema(tokensSchema, { io: "input" })).includes("outputTimes"));
});

const POISSON = { process: "poisson", ratePerS: 10 } as const;
const rowsWith = (tokens: unknown, count = 20_000) =>
  rowsOf([classOf("a", POISSON, { tokens: tokensSchema.parse(tokens) as TokenSpec })], { requestsMax: count });
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

test("lengths follow their laws as whole numbers of at least 1", () => {
  const rows = rowsWith({ input: { lognormal: { mean: 1000, cv: 1 } }, output: { exponential: { mean: 3 } } }, 50_000);
  assert.ok(Math.abs(mean(rows.map((r) => r.inputTokens)) / 1000 - 1) < 4 / Math.sqrt(50_000));
  assert.ok(rows.every((r) => Number.isInteger(r.inputTokens) && r.inputTokens >= 1 && r.outputTokens >= 1));
  // Rounded exponential: P(1) = P(X < 1.5), as everything below goes to 1.
  const ones = rows.filter((r) => r.outputTokens === 1).length / 50_000;
  assert.ok(Math.abs(ones - (1 - Math.exp(-0.5))) < 0.01, `share of ones ${ones}`);
});

test("a law with 0 gives 0", () => {
  const rows = rowsWith({ input: 5, output: { empirical: { values: [0, 100] } } }, 1000);
  assert.deepEqual([...new Set(rows.map((r) => r.outputTokens))].sort(), [0, 100]);
  assert.ok(rowsWith({ input: 0, output: 0 }, 10).every((r) => r.inputTokens === 0 && r.outputTokens === 0));
});

test("max tokens: unset, a number, a margin over the output", () => {
  const output = { uniform: { min: 1, max: 100 } };
  assert.ok(rowsWith({ input: 1, output }, 100).every((r) => r.maxTokens === 0));
  assert.ok(rowsWith({ input: 1, output, maxTokens: "unset" }, 100).every((r) => r.maxTokens === 0));
  assert.ok(rowsWith({ input: 1, output, maxTokens: 4096 }, 100).every((r) => r.maxTokens === 4096));
  const margin = rowsWith({ input: 1, output, maxTokens: { outputTimes: 1.5 } }, 100);
  assert.ok(margin.every((r) => r.maxTokens === Math.ceil(1.5 * r.outputTokens)));
});

test("prefixes: their share, their popularity by Zipf's law, one length each, never beyond the input", () => {
  const rows = rowsWith({
    input: { uniform: { min: 100, max: 2000 } },
    output: 1,
    prefix: { tokens: { uniform: { min: 500, max: 900 } }, share: "60%", distinct: 10, zipf: 1 },
  });
  const carried = rows.filter((r) => r.prefixId >= 0);
  assert.ok(Math.abs(carried.length / rows.length - 0.6) < 0.015);
  const harmonic = Array.from({ length: 10 }, (_, i) => 1 / (i + 1)).reduce((sum, w) => sum + w, 0);
  for (let rank = 0; rank < 10; rank++) {
    const mine = carried.filter((r) => r.prefixId === rank);
    const expected = 1 / (rank + 1) / harmonic;
    assert.ok(Math.abs(mine.length / carried.length - expected) < 0.02, `rank ${rank}`);
    const full = new Set(mine.filter((r) => r.inputTokens >= 900).map((r) => r.prefixTokens));
    assert.equal(full.size, 1);
  }
  assert.ok(carried.every((r) => r.prefixTokens <= r.inputTokens && r.prefixTokens > 0));
  assert.ok(rows.every((r) => r.prefixId >= 0 || r.prefixTokens === 0));
});

test("a new option shifts no other column's draws", () => {
  const input = { lognormal: { mean: 1000, cv: 1 } };
  const output = { exponential: { mean: 300 } };
  const strip = (tokens: unknown) => rowsWith(tokens, 500).map((r) => [r.arrivalMs, r.inputTokens, r.outputTokens]);
  const withMore = { input, output, maxTokens: { uniform: { min: 1, max: 9 } }, prefix: { tokens: 10, distinct: 5 } };
  assert.deepEqual(strip({ input, output }), strip(withMore));
});

test("recorded prefixes of large ids stay apart between classes, and tokens without an id are no prefix", () => {
  const recording = recordingOf([0, 10, 20], {
    prefixTokens: Int32Array.of(512, 700, 600),
    prefixId: Int32Array.of(2_000_000_000, -1, 1_900_000_000),
  });
  const spec = { process: "trace", trace: "r", scale: 1, timeScale: 1, fromMs: 0, toMs: null, tile: false } as const;
  const arrivals = { ...spec, shiftMs: 0, spreadMs: 0, thin: 1, only: null, unit: null, shape: null };
  const base = { arrivals, originShares: [{ originIndex: 0, share: 1, shapeShiftMs: 0 }] };
  const rows = rowsOf(["a", "b", "c"].map((name) => ({ ...base, name, recordings: { r: recording } })));
  const ids = rows.filter(({ prefixTokens }) => prefixTokens > 0).map(({ prefixId }) => prefixId);
  assert.deepEqual(
    ids.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5],
  );
  assert.equal(rows.length, 9);
});

test("recorded lengths, recorded limits, and options over them", () => {
  const recording = recordingOf([0, 10, 20], {
    maxTokens: Int32Array.of(0, 50, 60),
    prefixTokens: Int32Array.of(0, 512, 9999),
    prefixId: Int32Array.of(-1, 0, 1),
  });
  const spec = { process: "trace", trace: "r", scale: 1, timeScale: 1, fromMs: 0, toMs: null, tile: false } as const;
  const arrivals = { ...spec, shiftMs: 0, spreadMs: 0, thin: 1, only: null, unit: null, shape: null };
  const base = { name: "a", arrivals, originShares: [{ originIndex: 0, share: 1, shapeShiftMs: 0 }] };
  const plain = rowsOf([{ ...base, recordings: { r: recording } }]);
  assert.deepEqual(
    plain.map((r) => [r.inputTokens, r.outputTokens, r.maxTokens, r.prefixTokens, r.prefixId]),
    [
      [1000, 10, 0, 0, -1],
      [1001, 11, 50, 512, 0],
      [1002, 12, 60, 1002, 1],
    ],
  );
  const tokens = tokensSchema.parse({ output: 7, maxTokens: { outputTimes: 2 } }) as TokenSpec;
  const laid = rowsOf([{ ...base, tokens, recordings: { r: recording } }]);
  assert.deepEqual(
    laid.map((r) => [r.inputTokens, r.outputTokens, r.maxTokens]),
    [
      [1000, 7, 14],
      [1001, 7, 14],
      [1002, 7, 14],
    ],
  );
});

test("lengths by a recording's name; what is missing is named", () => {
  const lengths = {
    kind: "lengths",
    quantiles: [
      [0, 10],
      [1, 30],
    ],
  } as const;
  const tokens = tokensSchema.parse({ input: { recorded: "mine" }, output: 1 }) as TokenSpec;
  const rows = rowsOf([classOf("a", POISSON, { tokens, recordings: { mine: lengths } })], { requestsMax: 20_000 });
  assert.ok(Math.abs(mean(rows.map((r) => r.inputTokens)) - 20) < 0.2);
  assert.throws(() => rowsWith({ input: { recorded: "none" }, output: 1 }, 1), /TRAFFIC_UNKNOWN_RECORDING.*"none"/s);
  assert.throws(() => rowsWith({ input: 1 }, 1), /TRAFFIC_TOKENS_MISSING.*no output tokens/s);
});

test("correlated lengths keep their own laws and have the correlation that was asked for", () => {
  const law = { kind: "lognormal", mean: 500, cv: 1 } as const;
  const rows = rowsOf([classOf("a", POISSON, { tokens: { input: law, output: law, correlation: -0.6 } })], {
    requestsMax: 40_000,
  });
  const [x, y] = [rows.map((row) => row.inputTokens), rows.map((row) => row.outputTokens)].map((column) =>
    column.map(Math.log),
  );
  const found = correlation(x!, y!);
  assert.ok(Math.abs(found + 0.6) < 0.02, String(found));
  const mean = rows.reduce((sum, { outputTokens }) => sum + outputTokens, 0) / rows.length;
  assert.ok(Math.abs(mean / 500 - 1) < 0.03, String(mean));
});
