import assert from "node:assert/strict";
import { before, describe, it, test } from "node:test";
import type { ScheduleRow } from "../../../simulator/bench/rows.ts";
import { KNOWN_LAW, lawOf, quantilesOf, trueLatencies } from "../../../studies/performance/executors.ts";
import { k6ForTests } from "../../scenarios/k6/k6.ts";
import { runHere } from "../run-here.ts";

const entry = new URL("../../../studies/performance/index.ts", import.meta.url).pathname;

const executors = (...args: readonly string[]) => runHere(entry, ["executors", ...args]);

before(k6ForTests, { timeout: 900_000 });

for (const args of [["--only", "warp"], ["--only", "ramping-vus"], ["--seconds", "0"], ["--law", "soon"], ["--fast"]]) {
  test(`npm run perf -- executors ${args.join(" ")}: refused with exit code 2 and no stack trace`, async () => {
    const { status, stderr } = await executors(...args);
    assert.equal(status, 2);
    assert.match(stderr, /EXECUTORS_(USAGE|LAW)/);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
}

test("npm run perf -- executors measures one against the exact answer", { timeout: 120_000 }, async () => {
  const { status, stdout, stderr } = await executors(
    "--only",
    "dispatcher",
    "--seconds",
    "3",
    "--rate",
    "20",
    "--json",
  );
  assert.equal(status, 0, stderr);
  const { rows, truth, requests } = JSON.parse(stdout) as {
    readonly rows: readonly { readonly sent: number; readonly fromIntendedMs: { readonly p50: number } }[];
    readonly truth: { readonly p50: number };
    readonly requests: number;
  };
  assert.equal(rows[0]!.sent, requests);
  assert.ok(rows[0]!.fromIntendedMs.p50 >= truth.p50 - 2, "nothing is faster than the law");
});

const arrivals = (...instants: readonly number[]): readonly ScheduleRow[] =>
  instants.map((ms) => [ms, 0, 0, 100, 5, 0, 0, -1]);

describe("the exact answer", () => {
  it("is the queue's by hand: one server of 100 ms that stands still for 200 ms of each second", () => {
    const law = lawOf("mdc:servers=1,mean=100ms,stall=200ms/1s");
    // 0-100; waits 50; 750-800 and 1000-1050 across the freeze; arrives frozen and waits for that one.
    assert.deepEqual(trueLatencies(arrivals(0, 50, 750, 900), law), [100, 150, 300, 250]);
  });

  it("is that of a queue without freezes far from them", () => {
    const instants = Array.from({ length: 170 }, (_, i) => i * 100);
    const still = trueLatencies(arrivals(...instants), lawOf("mmc:servers=8,mean=100ms"));
    assert.deepEqual(trueLatencies(arrivals(...instants), lawOf(KNOWN_LAW)), still);
  });

  it("has the tail of a fluid that is dammed up for 2 s of every 20 s", () => {
    const instants = Array.from({ length: 1600 }, (_, i) => i * 25);
    const { p50, p95, p99 } = quantilesOf(trueLatencies(arrivals(...instants), lawOf(KNOWN_LAW)));
    assert.ok(p50 < 100, `${p50}`);
    // As a fluid: 40/s come, 80/s can go. Who comes t seconds after a freeze began waits 2 - t/2 s, for four seconds. In
    // 40 s are two freezes, the second without what follows it: 4 (2 - x) s of them have waits above x of 1 s and more.
    assert.ok(Math.abs(p95 - 1500) < 150, `5 % of 40 s: ${p95}`);
    assert.ok(Math.abs(p99 - 1900) < 200, `1 % of 40 s: ${p99}`);
  });

  it("needs a law", () => assert.throws(() => lawOf("soon"), /EXECUTORS_LAW/));
});
