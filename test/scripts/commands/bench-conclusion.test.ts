import assert from "node:assert/strict";
import { it } from "node:test";
import { concludeBench } from "../../../scripts/commands/bench-conclusion.ts";
import { MeridianError } from "../../../simulator/errors.ts";

// What it saves and prints of whole runs is in bench.test.ts and bench-import.test.ts.
it("a bench without all of its rows is no run: it says why and saves nothing", async () => {
  const report = {
    strategy: "one",
    requests: 1,
    attempts: 1,
    lagMs: { p50: 0, p99: 0, max: 0 },
    serverLateMsP99: null,
    e2eMsP50: 1,
    attemptsWithoutUsage: 0,
    isComplete: false,
    faults: ["1 of 2 requests have no row"],
  };
  const conclusion = {
    experiment: undefined as never,
    benched: [{ run: undefined as never, report, records: new Map(), rowsText: new Uint8Array(0) }],
    place: "here",
    notes: [],
    startedAt: new Date(0),
    k6Version: "1.8.1",
    input: { args: [], options: {}, terminal: undefined as never, signal: new AbortController().signal },
  };
  await assert.rejects(concludeBench(conclusion), (error: unknown) => {
    assert.ok(error instanceof MeridianError);
    assert.equal(error.exitCode, 99);
    assert.match(error.message, /BENCH_INVALID {2}one: 1 of 2 requests have no row/);
    return true;
  });
});
