import assert from "node:assert/strict";
import { test } from "node:test";
import { quantileSorted } from "../../../simulator/base/statistics.ts";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import { type MeasuredMoments, rowsDifference } from "../../../simulator/compare/measured-rows.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import type { RunSample } from "../../../simulator/validate/samples.ts";
import { budget } from "../../budget.ts";
import { runOf } from "./fixtures.ts";

const random = purposeStream(21, "measured");
const exponential = () => -Math.log(1 - random.next());
const REQUESTS = 400;

/** Requests of one class, served within the given times; NaN stands for one that failed. */
function sampleOf(e2eMs: readonly number[]): MeasuredMoments {
  const n = e2eMs.length;
  const ones = () => new Float64Array(n).fill(1);
  const sample: RunSample = {
    requests: n,
    classIndex: new Int32Array(n),
    e2eMs: Float64Array.from(e2eMs),
    ttftMs: Float64Array.from(e2eMs, (ms) => ms / 2),
    region: Int32Array.from(e2eMs, (ms) => (Number.isNaN(ms) ? -1 : 0)),
    attempts: [{ sent: ones(), throttled: new Float64Array(n), unavailable: new Float64Array(n) }],
    costUsd: new Float64Array(n).fill(0.01),
  };
  return { sample };
}

function measured(label: string, times: readonly number[], traffic: string) {
  const served = times.filter((ms) => !Number.isNaN(ms)).sort((x, y) => x - y);
  const value = {
    e2eMsP95: [quantileSorted(served, 0.95)],
    failedShare: [1 - served.length / times.length],
    throttledAttemptShare: [0],
    usdPer1kServed: [10 * (times.length / served.length)],
    goodputShare: [1],
  };
  const run = runOf({
    label,
    traffic,
    strategies: { single: { total: value } },
    over: { kind: "measured", replications: { asked: 1, done: 1 } },
  });
  return { ...run, rows: new Map([["single", sampleOf(times)]]) };
}

const p95Of = ({ result }: ReturnType<typeof measured>) => ({
  value: result.strategies[0]!.samples![0]!.values.e2eMsP95[0]!,
  low: null,
  high: null,
  n: 1,
});
const p95 = (a: ReturnType<typeof measured>, b: ReturnType<typeof measured>) =>
  rowsDifference(a, b, {
    strategies: ["single", "single"],
    key: { scope: "total", name: "", metrics: [] },
    estimates: [p95Of(a), p95Of(b)],
    metric: "e2eMsP95",
  });

test("intervals of a p95 hold the truth in about 95 of 100, on one schedule and on two", () => {
  const truth = -Math.log(0.05) * 300;
  const experiments = budget(400, 40);
  for (const traffic of ["t", "u"]) {
    let covered = 0;
    for (let i = 0; i < experiments; i++) {
      const a = Array.from({ length: REQUESTS }, () => 1000 * exponential());
      const b =
        traffic === "t" ? a.map((ms) => 1.3 * ms) : Array.from({ length: REQUESTS }, () => 1300 * exponential());
      const { difference } = p95(measured("a", a, "t"), measured("b", b, traffic));
      if (difference.low! <= truth && difference.high! >= truth) covered++;
    }
    assert.ok(covered / experiments >= budget(0.92, 0.85) && covered / experiments <= 1, `${traffic}: ${covered}`);
  }
});

test("rare failures have an error even where none happened, and few requests have no interval", () => {
  const fine = Array.from({ length: REQUESTS }, () => 1000 * exponential());
  const three = fine.map((ms, i) => (i % 170 === 9 ? Number.NaN : ms));
  const many = fine.map((ms, i) => (i % 10 === 9 ? Number.NaN : ms));
  const failed = (other: readonly number[]) =>
    compareRuns([measured("a", fine, "t"), measured("b", other, "t")]).rows.find(
      ({ metric }) => metric === "failedShare",
    )!;
  assert.equal(failed(three).verdict, "not shown");
  assert.equal(failed(many).verdict, "worse");
  assert.equal(failed(fine).difference.value, 0);
  const few = p95(measured("a", fine.slice(0, 40), "t"), measured("b", fine.slice(40, 80), "t"));
  assert.ok(few.difference.value !== null && few.difference.low === null && few.p === null);
});

test("what has too few requests says how many it needs: of a p95 as many as have an interval", () => {
  const times = Array.from({ length: 40 }, () => 1000 * exponential());
  const { rows, verdict } = compareRuns([
    measured("a", times, "t"),
    measured(
      "b",
      times.map((ms) => 2 * ms),
      "t",
    ),
  ]);
  const row = rows.find(({ metric }) => metric === "e2eMsP95")!;
  assert.deepEqual([row.verdict, row.needs], ["too few", 59]);
  assert.match(verdict, /too few requests to show any difference/);
  // A simulated side lacks replications, not requests.
  const simulated = runOf({ strategies: { single: { total: { e2eMsP95: [2000] } } } });
  const single = compareRuns([measured("a", [...times, ...times], "t"), simulated]).rows;
  assert.equal(single.find(({ metric }) => metric === "e2eMsP95")!.needs, 2);
});

test("a measured run is compared with a simulated one by the errors of both", () => {
  const times = Array.from({ length: REQUESTS }, () => 1000 * exponential());
  const simulated = runOf({
    label: "s",
    strategies: { single: { total: { e2eMsP95: [3000, 3100, 2900, 3050], failedShare: [0, 0, 0, 0] } } },
  });
  const { rows, pairings } = compareRuns([simulated, measured("m", times, "t")]);
  assert.equal(pairings[0]!.method, "measured requests");
  const row = rows.find(({ metric }) => metric === "e2eMsP95")!;
  assert.ok(row.difference.low! < 0 && row.difference.high! > 0);
  assert.ok(Math.abs(row.difference.value! - (row.b.value! - row.a.value!)) < 1e-9, "of the values beside it");
});
