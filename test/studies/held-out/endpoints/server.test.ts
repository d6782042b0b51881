import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mean, sampleCorrelation, standardDeviation } from "simple-statistics";
import { createCall, createDraws, createDrift } from "../../../../studies/held-out/endpoints/server.ts";

it("a call reports its first token and its end once, and writes no more than requested", () => {
  const heard: string[] = [];
  const call = createCall({
    inputTokens: 1,
    outputTokens: 5,
    key: "",
    onFirstToken: (ms) => heard.push(`first ${ms}`),
    onEnd: (ms) => heard.push(`end ${ms}`),
  });
  for (const [tokens, ms] of [
    [0, 1],
    [2, 2],
    [2, 3],
    [4, 4],
    [1, 5],
  ] as const)
    call.write(tokens, ms);
  assert.deepEqual(heard, ["first 2", "end 4"]);
  assert.equal(call.written, 5);
});

const N = 40_000;
const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found - expected) < within, `${found} is not ${expected}`);

describe("noise draws of servers", () => {
  it("is the same for the same seed and another for another", () => {
    const draws = (seed: number) => Array.from({ length: 5 }, createDraws(seed).uniform);
    assert.deepEqual(draws(1), draws(1));
    assert.notDeepEqual(draws(1), draws(2));
  });

  it("is uniform, normal, and lognormal around 1", () => {
    const { uniform, normal, around1 } = createDraws(7);
    const u = Array.from({ length: N }, uniform);
    near(mean(u), 0.5, 0.006);
    near(standardDeviation(u), Math.sqrt(1 / 12), 0.004);
    near(sampleCorrelation(u.slice(1), u.slice(0, -1)), 0, 0.02);
    const z = Array.from({ length: N }, normal);
    near(mean(z), 0, 0.02);
    near(standardDeviation(z), 1, 0.015);
    const x = Array.from({ length: N }, () => around1(0.4));
    near(mean(x), 1, 0.01);
    near(standardDeviation(x), 0.4, 0.015);
    assert.equal(around1(0), 1);
  });

  it("drifts with its spread and its memory", () => {
    const drift = createDrift({ sd: 0.2, timeMs: 10_000, draws: createDraws(3) });
    const logs = Array.from({ length: N }, (_, second) => Math.log(drift(second * 1000)));
    near(standardDeviation(logs), 0.2, 0.02);
    near(sampleCorrelation(logs.slice(10), logs.slice(0, -10)), Math.exp(-1), 0.06);
    assert.equal(drift(N * 1000), drift(N * 1000 + 999));
  });
});
