import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callsOf, sliceCalls } from "../../../simulator/calibrate/calls.ts";
import { occupancyOf, serviceStarts } from "../../../simulator/calibrate/occupancy.ts";

const row = (atMs: number, firstMs: number, endMs: number, more = {}) => ({
  atMs,
  firstMs,
  endMs,
  inputTokens: 10,
  outputTokens: 5,
  isServed: true,
  ...more,
});

describe("occupancy reconstruction", () => {
  it("calls are in order of arrival, whatever the order of the rows", () => {
    const calls = callsOf([row(20, 25, 30), row(0, 5, 10)]);
    assert.deepEqual([...calls.atMs], [0, 20]);
    assert.deepEqual([...sliceCalls(calls, 1, 2).endMs], [30]);
  });

  it("service begins when fewer than the servers are left of those before", () => {
    const calls = callsOf([row(0, 5, 100), row(10, 15, 60), row(20, 65, 80), row(30, 85, 90), row(200, 205, 210)]);
    assert.deepEqual([...serviceStarts(calls, 2)], [0, 10, 60, 80, 200]);
    assert.deepEqual([...serviceStarts(calls, Number.POSITIVE_INFINITY)], [0, 10, 20, 30, 200]);
  });

  it("each part's time is laid out over the calls beside it", () => {
    const calls = callsOf([row(0, 10, 50), row(20, 30, 40)]);
    const options = { servers: Number.POSITIVE_INFINITY, isSerial: false, isWhole: false };
    const all = occupancyOf(calls, { ...options, counts: "all" });
    assert.deepEqual([...all.binCalls], [1, 1, 2]);
    assert.deepEqual([...all.atStart], [1, 2]);
    // Call 0: prompt alone for 10 ms; output 10 alone, 10 beside a prompt, 10 beside an output, 10 alone.
    assert.deepEqual([...all.promptMs.slice(0, 3)], [0, 10, 0]);
    assert.deepEqual([...all.outputMs.slice(0, 3)], [0, 20, 10]);
    assert.deepEqual([...all.outputBesidePromptMs.slice(0, 3)], [0, 0, 10]);
    const decoding = occupancyOf(calls, { ...options, counts: "decoding" });
    assert.deepEqual([...decoding.outputMs.slice(0, 3)], [0, 20, 10]);
    assert.deepEqual([...decoding.outputBesidePromptMs.slice(0, 3)], [0, 10, 0]);
  });

  it("prompts that are read one at a time wait for the one before", () => {
    const calls = callsOf([row(0, 30, 50), row(10, 45, 60)]);
    const serial = occupancyOf(calls, { servers: 9, isSerial: true, isWhole: false, counts: "all" });
    assert.deepEqual([...serial.startMs], [0, 30]);
  });

  it("of an answer in one piece all is prompt part, and a call that was given up takes a place", () => {
    const calls = callsOf([row(0, 10, 50), row(20, Number.NaN, 40, { isServed: false })]);
    const whole = occupancyOf(calls, { servers: 9, isSerial: false, isWhole: true, counts: "all" });
    assert.deepEqual([...whole.promptMs.slice(0, 3)], [0, 30, 20]);
  });
});
