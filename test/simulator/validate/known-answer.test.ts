import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFcfsQueue } from "../../../emulator/backends/queue.ts";
import type { RequestRow, ScheduleRow } from "../../../simulator/bench/rows.ts";
import {
  againstMargins,
  harnessError,
  harnessFaults,
  knownAnswers,
  queueFor,
} from "../../../simulator/validate/known-answer.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { uniforms } from "./synthetic.ts";

const row = (arrivalMs: number, output = 10, maxTokens = 0): ScheduleRow => [
  arrivalMs,
  0,
  0,
  100,
  output,
  maxTokens,
  0,
  -1,
];

describe("known answers", () => {
  it("follow from the arrivals: two servers, five calls, by hand", () => {
    const schedule = [0, 100, 200, 300, 2000].map((ms) => row(ms, 20, 10));
    const { e2eMs, ttftMs } = knownAnswers(schedule, { servers: 2, serviceMs: 1000 });
    // Starts 0, 100, 1000, 1100, 2000.
    assert.deepEqual([...e2eMs], [1000, 1000, 1800, 1800, 1000]);
    // The limit of ten tokens holds: the first is there after a tenth of the service.
    assert.deepEqual([...ttftMs], [100, 100, 900, 900, 100]);
  });

  it("are those of the endpoint that is measured", () => {
    const u = uniforms(5);
    let ms = 0;
    const schedule = Array.from({ length: 500 }, () => row((ms -= Math.log(1 - u()) * 50)));
    const queue = queueFor(20);
    const endpoint = createFcfsQueue(queue.servers, Number.POSITIVE_INFINITY);
    const { e2eMs } = knownAnswers(schedule, queue);
    schedule.forEach(([arrivalMs], k) => {
      const { endMs } = endpoint.admit(arrivalMs, queue.serviceMs)!;
      assert.ok(Math.abs(endMs - arrivalMs - e2eMs[k]!) < 1e-6);
    });
    assert.ok(
      e2eMs.some((each) => each > queue.serviceMs),
      "some wait",
    );
  });
});

describe("the harness's own error", () => {
  const schedule = Array.from({ length: 400 }, (_, i) => row(i * 100));
  const queue = { servers: 20, serviceMs: 1000 };
  const requests = schedule.map(
    ([arrivalMs], i): RequestRow => ({ t: "r", i, b: arrivalMs, e: arrivalMs + 1004, end: 0, n: 1, w: 0 }),
  );
  const ttftMs = Float64Array.from(schedule, () => 102);
  const error = harnessError({ schedule, queue, requests, ttftMs, lagMsP99: 1, serverLateMsP99: null });

  it("is what was measured less the exact answer, by percentile", () => {
    const byName = Object.fromEntries(error.rows.map((each) => [`${each.metric}.${each.percentile}`, each.errorMs]));
    assert.deepEqual(byName, { "e2e.p50": 4, "e2e.p95": 4, "e2e.p99": 4, "ttft.p50": 2, "ttft.p95": 2, "ttft.p99": 2 });
    assert.equal(error.rows[0]!.errorShare, 0.004);
    assert.deepEqual(harnessFaults(error), [], "nothing was compared");
  });

  it("makes a run invalid when it is a third of a margin of the fastest strategy", () => {
    const { margins } = planOf(scenarioInput()).validation;
    const strategy = (measured: number) =>
      ({ total: { name: "total", blockRequests: 1, quantities: [{ id: "e2e.p50", measured }] } }) as never;
    // 5 % of 300 ms are 15 ms, of which 4 ms are 27 %; of 200 ms they are 40 %.
    const fine = againstMargins(error, [strategy(900), strategy(300)], margins);
    assert.ok(Math.abs(fine.rows[0]!.shareOfMargin! - 4 / 15) < 1e-9);
    assert.deepEqual(harnessFaults(fine), []);
    const coarse = harnessFaults(againstMargins(error, [strategy(900), strategy(200)], margins));
    assert.equal(coarse.length, 1);
    assert.match(coarse[0]!, /errs by 4\.0 ms at p50 E2E, 40 % of the smallest margin/);
  });
});
