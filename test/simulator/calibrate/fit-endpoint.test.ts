import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { axesOf, byEndpoint, endpointCalls, type Observation, oneWayMs } from "../../../simulator/calibrate/calls.ts";
import { type EndpointFit, fitEndpoint } from "../../../simulator/calibrate/fit-endpoint.ts";
import { driftOf, movedParameters } from "../../../simulator/calibrate/intervals.ts";
import { budget } from "../../budget.ts";
import { asksOf, callsFrom, FOREIGN } from "./foreign.ts";

const workers = FOREIGN[0]!;

/** Calls of the ten workers, as a caller 20 ms away sees them. */
function observed(seed: number, count: number, over: Partial<Observation> = {}, load = 1.2): readonly Observation[] {
  const asks = asksOf(seed, workers.perS * load, count);
  return callsFrom(workers, asks, seed).map((row) => ({
    axis: "a",
    region: "us-east-1",
    model: "m",
    sentMs: row.atMs - 10,
    endMs: row.endMs + 10,
    ttftMs: row.firstMs - row.atMs + 20,
    inputTokens: row.inputTokens,
    cacheReadTokens: 0,
    outputTokens: row.outputTokens,
    maxTokens: 1000,
    outcome: "served",
    roundTripMs: 20,
    axisStartMs: 0,
    ...over,
  }));
}

describe("observations", () => {
  const one = observed(1, 1)[0]!;

  it("are grouped by endpoint and axis, in order of name", () => {
    const mixed = [
      { ...one, region: "us-west-2" },
      { ...one, axis: "b" },
      { ...one, axis: "a" },
    ];
    assert.deepEqual(
      byEndpoint(mixed).map(({ region, observations }) => [region, observations.length]),
      [
        ["us-east-1", 2],
        ["us-west-2", 1],
      ],
    );
    assert.deepEqual(
      axesOf(mixed.slice(1)).map((axis) => axis[0]!.axis),
      ["a", "b"],
    );
  });

  it("become calls at the endpoint: the round trip is subtracted, and axes never overlap", () => {
    const call = { ...one, sentMs: 1000, endMs: 1520, ttftMs: 120 };
    const calls = endpointCalls([call, { ...call, axis: "b", sentMs: 5000, endMs: 5520 }]);
    assert.equal(calls.firstMs[0]! - calls.atMs[0]!, 100);
    assert.equal(calls.endMs[0]! - calls.atMs[0]!, 500);
    assert.ok(calls.atMs[1]! - calls.endMs[0]! > 60_000);
    assert.equal(oneWayMs({ ...one, roundTripMs: Number.NaN }), 0);
  });

  it("that were rejected take no capacity; those given up occupy a place until then", () => {
    const calls = endpointCalls([
      { ...one, outcome: "throttled" },
      { ...one, outcome: "refused" },
      { ...one, outcome: "left", ttftMs: Number.NaN },
    ]);
    assert.deepEqual([calls.count, calls.isServed[0]], [1, 0]);
  });
});

describe("fitEndpoint", () => {
  const [endpoint] = byEndpoint(observed(3, budget(900, 450)));
  const fit = fitEndpoint(endpoint!)!;
  const estimate = (name: string) => fit.estimates.find((each) => each.name === name)!;

  it("finds the workers and their times, with the truth inside its intervals", () => {
    assert.equal(fit.spec.servers, 10);
    assert.deepEqual([estimate("servers").low, estimate("servers").high], [10, 10]);
    for (const [name, truth] of [
      ["prompt.base", 80],
      ["prompt.perToken", 0.15],
      ["output.perToken", 9],
    ] as const) {
      const { low, high, value } = estimate(name);
      assert.ok(low <= truth * 1.02 && high >= truth * 0.98, `${name} ${value} [${low}, ${high}]`);
      assert.ok((high - low) / value < 0.35, `${name} is known to ${high - low}`);
    }
    assert.ok(Math.abs(estimate("output.noise").value - 0.2) < 0.04);
    assert.ok(Math.abs(fit.seen.callsPerS - 6.6) < 0.7);
  });

  it("warns of what was not measured, and not of what was", () => {
    const codes = fit.warnings.map(({ code }) => code);
    assert.ok(codes.includes("CALIBRATE_NO_DAY"), codes.join());
    assert.ok(!codes.includes("CALIBRATE_NEVER_FULL") && !codes.includes("CALIBRATE_NO_ROUND_TRIP"), codes.join());
  });

  it("counts outcomes; places follow from refusals", () => {
    const refused = observed(3, 6).map((each, i) => ({ ...each, outcome: "refused" as const, sentMs: 1000 * i }));
    const served = endpoint!.observations.slice(0, budget(900, 120));
    const withRefusals = fitEndpoint({ ...endpoint!, observations: [...served, ...refused] })!;
    assert.deepEqual([withRefusals.counts.served, withRefusals.counts.refused], [served.length, 6]);
    assert.equal(withRefusals.spec.servers + withRefusals.spec.waitingRoom, withRefusals.seen.insideMax);
  });

  it("fits nothing to a handful", () => {
    assert.equal(fitEndpoint({ ...endpoint!, observations: endpoint!.observations.slice(0, 30) }), undefined);
  });

  it("still holds for new calls of the same endpoint, and not for one that became slower", () => {
    const again = endpointCalls(observed(4, budget(700, 300)));
    assert.ok(driftOf(fit.spec, again, true, 0.1).every(({ isDrift }) => !isDrift));
    const slower = observed(4, budget(700, 300)).map((each) => ({
      ...each,
      endMs: each.sentMs + 1.5 * (each.endMs - each.sentMs),
    }));
    const errors = driftOf(fit.spec, endpointCalls(slower), true, 0.1);
    assert.ok(errors.some(({ measure, isDrift, high }) => measure === "e2e" && isDrift && high < -0.1));
  });

  it("names the parameters that moved", () => {
    assert.deepEqual(movedParameters(fit.spec, fit.spec, fit.estimates), []);
    const stored = { ...fit.spec, perOutputTokenMs: 12 };
    assert.deepEqual(
      movedParameters(stored, fit.spec, fit.estimates).map(({ name, stored: was }) => [name, was]),
      [["output.perToken", 12]],
    );
    assert.deepEqual(movedParameters({ ...stored, prompts: "serial" }, fit.spec, fit.estimates), []);
  });
});

describe("warnings of what cannot be determined", () => {
  /** Every warning that the tests here have produced. */
  const met: EndpointFit["warnings"][number][] = [];
  const codesFor = (observations: readonly Observation[]) => {
    const { warnings } = fitEndpoint({ region: "r", model: "m", observations })!;
    met.push(...warnings);
    return warnings.map(({ code }) => code);
  };
  const codesOf = (over: Partial<Observation>) => codesFor(observed(5, 80, over));

  it("one size of prompt, no first token, no round trip", () => {
    assert.ok(codesOf({ inputTokens: 300 }).includes("CALIBRATE_ONE_PROMPT_SIZE"));
    const codes = codesOf({ ttftMs: Number.NaN, roundTripMs: Number.NaN });
    assert.ok(codes.includes("CALIBRATE_NO_TTFT") && codes.includes("CALIBRATE_NO_ROUND_TRIP"), codes.join());
  });

  it("no overlap, throttles without a law, calls that were lost", () => {
    const apart = observed(5, 60).map((each, i) => ({
      ...each,
      sentMs: 20_000 * i,
      endMs: 20_000 * i + Math.min(9_000, each.endMs - each.sentMs),
    }));
    assert.ok(codesFor(apart).includes("CALIBRATE_NO_LOAD"));
    const lost = observed(5, 80).map((each, i) => (i % 5 === 0 ? { ...each, outcome: "failed" as const } : each));
    const codes = codesFor(lost);
    assert.ok(codes.includes("CALIBRATE_LOST"), codes.join());
  });

  it("a load near the limit, where a little more is far more", () => {
    const codesAt = (load: number) => codesFor(observed(5, 500, {}, load));
    assert.ok(codesAt(1.5).includes("CALIBRATE_STEEP"));
    assert.ok(!codesAt(0.4).includes("CALIBRATE_STEEP"));
  });

  it("a limit that rests on a few throttled calls", () => {
    const calls = observed(6, 300);
    const throttled = (every: number) =>
      codesFor(calls.map((call, i) => (i % every === every - 1 ? { ...call, outcome: "throttled" as const } : call)));
    assert.ok(throttled(200).includes("CALIBRATE_QUOTA_FEW"));
    assert.ok(!throttled(10).includes("CALIBRATE_QUOTA_FEW"));
  });

  it("every warning says what would help", () => {
    assert.ok(met.length >= 6, `${met.length} warnings`);
    assert.ok(met.every(({ what, fix }) => what !== "" && fix !== ""));
  });
});
