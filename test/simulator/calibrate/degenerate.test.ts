import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { endpointCalls, type Observation } from "../../../simulator/calibrate/calls.ts";
import { fitEndpoint } from "../../../simulator/calibrate/fit-endpoint.ts";
import { driftOf } from "../../../simulator/calibrate/intervals.ts";

const base: Observation = {
  axis: "a",
  region: "r",
  model: "m",
  sentMs: 0,
  endMs: 500,
  ttftMs: 100,
  inputTokens: 100,
  cacheReadTokens: 0,
  outputTokens: 20,
  maxTokens: 100,
  outcome: "served",
  roundTripMs: 0,
  axisStartMs: 0,
};
const calls = (count: number, of: (i: number) => Partial<Observation>) =>
  Array.from({ length: count }, (_, i): Observation => ({ ...base, ...of(i) }));
const after = (sentMs: number, e2eMs: number) => ({ sentMs, endMs: sentMs + e2eMs });

/** Measurements that only a broken endpoint or log produces. */
const ODD: Readonly<Record<string, readonly Observation[]>> = {
  "all at one instant": calls(60, () => ({})),
  "all alike, one after the other": calls(60, (i) => after(i * 1000, 500)),
  "no time at all": calls(60, (i) => ({ ...after(i * 10, 0), ttftMs: 0 })),
  "first token after the end": calls(60, (i) => ({ ...after(i * 100, 50), ttftMs: 80 })),
  "no tokens": calls(60, (i) => ({ ...after(i * 100, 300), inputTokens: 0, outputTokens: 0 })),
  "one token": calls(60, (i) => ({ ...after(i * 100, 100 + i), outputTokens: 1 })),
  "huge tokens": calls(60, (i) => ({ ...after(i * 100, 300 + i), inputTokens: 1e9 * i, outputTokens: 1e6 })),
  "a day apart": calls(60, (i) => after(i * 86_400_000, 300 + i)),
  "none answered after the beginning": calls(120, (i) => ({
    ...after(i * 50, 300 + i),
    outcome: i < 50 ? "served" : "left",
    ttftMs: i < 50 ? 100 : Number.NaN,
  })),
  "ends that were not observed": calls(120, (i) =>
    i % 2 === 0 ? after(i * 50, 300) : { sentMs: i * 50, endMs: Number.NaN, outcome: "left" },
  ),
  "mostly throttled": calls(200, (i) => ({ ...after(i * 50, 300), outcome: i % 4 === 0 ? "served" : "throttled" })),
  "a round trip longer than the call": calls(60, (i) => ({ ...after(i * 100, 50), roundTripMs: 400 })),
  "instants before the axis": calls(60, (i) => after(-1e6 + i * 100, 300 + (i % 7))),
};

function assertNumbers(value: unknown, path: string): void {
  if (typeof value === "number") assert.ok(!Number.isNaN(value), `${path} is ${value}`);
  else if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    [...(value as number[])].forEach((each, i) => {
      assertNumbers(each, `${path}[${i}]`);
    });
  } else if (typeof value === "object" && value !== null) {
    for (const [key, each] of Object.entries(value)) assertNumbers(each, `${path}.${key}`);
  }
}

describe("degenerate inputs neither throw, hang nor produce NaN", () => {
  for (const [name, observations] of Object.entries(ODD)) {
    it(name, () => {
      const fit = fitEndpoint({ region: "r", model: "m", observations });
      if (fit === undefined) return;
      assertNumbers(fit, "fit");
      assertNumbers(driftOf(fit.spec, endpointCalls(observations), false, 0.1), "drift");
    });
  }
});
