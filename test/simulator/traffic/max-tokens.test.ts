import assert from "node:assert/strict";
import test from "node:test";
import { traceSpec } from "../../../simulator/traffic/arrivals/trace.ts";
import { outputQuantile, settleMaxTokens } from "../../../simulator/traffic/max-tokens.ts";
import { tokensSchema } from "../../../simulator/traffic/tokens.ts";
import type { RecordedColumns } from "../../../simulator/traffic/traffic.ts";

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
