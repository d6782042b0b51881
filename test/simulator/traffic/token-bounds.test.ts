import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { smallestCall } from "../../../simulator/traffic/token-bounds.ts";
import { type TokenSpec, tokensSchema } from "../../../simulator/traffic/tokens.ts";
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
