import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelSummary } from "../../../scripts/bench/summary.ts";
import { benchTable } from "../../../scripts/bench/table.ts";

test("shows speeds, the three ratios and a word per answer", () => {
  const summary: ModelSummary = {
    model: "r1",
    engineRequestsPerS: { min: 8e6, median: 9e6, max: 1e7 },
    peerRequestsPerS: { min: 9e4, median: 1e5, max: 1.1e5 },
    ratio: { min: 80.4, median: 90, max: 101 },
    agreement: [
      { what: "mean", engine: 4_001, peer: 4_003, difference: -0.0005, allowed: 0.005 },
      { what: "throttled", engine: 0.06, peer: 0.04, difference: 0.02, allowed: 0.01 },
    ],
    agrees: false,
  };
  const text = benchTable([summary]);
  for (const part of ["R1", "9000", "100.0", "80 / 90 / 101", "4.001 s", "-0.05 %", "agrees", "6.00 %", "DIFFERS"]) {
    assert.ok(text.includes(part), part);
  }
  assert.ok(text.split("\n").every((line) => line.length <= 100));
});
