import assert from "node:assert/strict";
import test, { describe, it } from "node:test";
import { traceSpec } from "../../../simulator/traffic/arrivals/trace.ts";
import { outputQuantile, settleMaxTokens, smallestCall } from "../../../simulator/traffic/token-bounds.ts";
import { type TokenSpec, tokensSchema } from "../../../simulator/traffic/tokens.ts";
import type { RecordedColumns } from "../../../simulator/traffic/traffic.ts";
import { classOf, recordingOf, rowsOf } from "./pull.ts";

const POISSON = { process: "poisson", ratePerS: 10 } as const;
const classWith = (tokens: unknown) => classOf("a", POISSON, { tokens: tokensSchema.parse(tokens) as TokenSpec });

describe("the smallest call of a class", () => {
  it("is a bound that no drawn row is below, and that rows come near", () => {
    for (const tokens of [
      { input: { uniform: { min: 100, max: 900 } }, output: 5, maxTokens: { uniform: { min: 40, max: 60 } } },
      { input: { lognormal: { mean: 50, cv: 1 }, clamp: { min: 20 } }, output: 5, maxTokens: 7 },
      {
        input: { exponential: { mean: 3 } },
        output: { uniform: { min: 10, max: 90 } },
        maxTokens: { outputTimes: 1.5 },
      },
      { input: { empirical: { values: [30, 40] } }, output: 5, maxTokens: { pareto: { alpha: 2, min: 20, max: 500 } } },
    ]) {
      const each = classWith(tokens);
      const call = smallestCall(each)!;
      const rows = rowsOf([each], { requestsMax: 20_000 });
      const least = (pick: (row: (typeof rows)[number]) => number) => Math.min(...rows.map(pick));
      const [input, limit] = [least((row) => row.inputTokens), least((row) => row.maxTokens)];
      assert.ok(call.inputTokens <= input && call.inputTokens >= input - 1, `${call.inputTokens}, ${input}`);
      assert.ok(call.maxTokens <= limit && call.maxTokens >= limit - 1, `${call.maxTokens}, ${limit}`);
      assert.deepEqual([call.isUnset, call.isOnlySize], [false, false]);
    }
  });

  it("knows whether max_tokens is left out, whether all calls are alike and whether prompts share a beginning", () => {
    const of = (tokens: object) => smallestCall(classWith({ input: 5, output: 5, ...tokens }));
    const unset = { inputTokens: 5, maxTokens: Number.POSITIVE_INFINITY, isUnset: true, isOnlySize: true };
    assert.deepEqual(of({}), { ...unset, hasPrefixes: false });
    assert.deepEqual(of({ maxTokens: "unset", prefix: { tokens: 3 } }), { ...unset, hasPrefixes: true });
    assert.deepEqual(of({ maxTokens: 9 }), { ...unset, maxTokens: 9, isUnset: false, hasPrefixes: false });
    assert.equal(of({ maxTokens: { empirical: { values: [0, 9] } } })!.isUnset, true);
    assert.equal(smallestCall(classWith({ output: 5 })), undefined, "no input is given");
  });

  it("reads recorded rows", () => {
    const recording = recordingOf([0, 1, 2], {
      inputTokens: Int32Array.of(30, 20, 50),
      maxTokens: Int32Array.of(9, 0, 7),
    });
    const arrivals = { process: "trace", trace: "t" } as never;
    const call = smallestCall(classOf("a", arrivals, { tokens: {}, recordings: { t: recording } }))!;
    assert.deepEqual([call.inputTokens, call.maxTokens, call.isUnset, call.isOnlySize], [20, 7, true, false]);
  });
});

const tokens = tokensSchema.parse({ maxTokens: { outputQuantile: "75%" } });

test("the smallest number that the share of the answers stays within", () => {
  const values = Int32Array.of(40, 10, 30, 20);
  assert.deepEqual(
    [0.25, 0.26, 0.75, 0.99].map((share) => outputQuantile(values, share)),
    [10, 20, 30, 40],
  );
  assert.throws(() => outputQuantile(new Int32Array(0), 0.5), /no answers/);
});

test("of recorded answers, those of the class's own rows; of a law, its quantile; others stay as they are", () => {
  const columns: RecordedColumns = {
    arrivalMs: Float64Array.of(0, 1, 2, 3, 4),
    inputTokens: new Int32Array(5),
    outputTokens: Int32Array.of(1, 2, 3, 4, 900),
    classIndex: Uint16Array.of(0, 0, 0, 0, 1),
    classNames: ["a", "b"],
  };
  const recordings = { t: { kind: "trace", columns } } as const;
  const limitOf = (only: string) =>
    settleMaxTokens({ name: "c", arrivals: traceSpec("t", { only }), tokens, recordings }).maxTokens;
  assert.deepEqual(
    [limitOf("a"), limitOf("b")],
    [
      { kind: "constant", value: 3 },
      { kind: "constant", value: 900 },
    ],
  );
  const arrivals = { process: "poisson", ratePerS: 1 } as const;
  const drawn = { ...tokens, output: { kind: "uniform", min: 0, max: 1000 } } as const;
  const settled = settleMaxTokens({ name: "c", arrivals, tokens: drawn, recordings: {} });
  assert.deepEqual(settled.maxTokens, { kind: "constant", value: 750 });
  const fixed = { maxTokens: { kind: "constant", value: 9 } } as const;
  assert.deepEqual(settleMaxTokens({ name: "c", arrivals, tokens: fixed, recordings: {} }), fixed);
  assert.throws(() => settleMaxTokens({ name: "c", arrivals, tokens, recordings: {} }), /TRAFFIC_TOKENS_MISSING/);
});
