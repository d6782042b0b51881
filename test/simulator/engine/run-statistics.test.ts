import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { END } from "../../../simulator/client/request-rules.ts";
import { CELL, FIELD } from "../../../simulator/engine/recorder.ts";
import { beginAttempt, REQUEST_FLAG, writeRequest } from "../../../simulator/engine/request-rows.ts";
import { BatchCount, RunStatistics } from "../../../simulator/engine/run-statistics.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../../../simulator/service/attempt-table.ts";
import { OUTCOME } from "../../../simulator/service/service.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { newAttempts } from "../service/attempts.ts";
import { chunkOf } from "./run.ts";

const plan = planOf(scenarioInput());

function open() {
  const attempts = newAttempts();
  const statistics = new RunStatistics(plan, attempts);
  const each = plan.classes[0]!;
  const arrive = (atMs: number, isCounted = true): number => {
    const request = attempts.allocate();
    writeRequest(attempts, request, chunkOf([{ atMs, input: 1000, output: 50 }]), 0, each, 100);
    attempts.ints[request * ATTEMPT_INTS + ATTEMPT.flags] = isCounted ? REQUEST_FLAG.isCounted : 0;
    statistics.arrived(0, isCounted, atMs);
    return request;
  };
  const send = (request: number, target: number): number => {
    const attempt = beginAttempt(attempts, request, target, each, 0);
    attempts.ints[request * ATTEMPT_INTS + ATTEMPT.lastTarget] = target;
    statistics.sent(request, target, 0, 0);
    return attempt;
  };
  return { attempts, statistics, arrive, send };
}

describe("the statistics of a run", () => {
  it("requests in the system are averaged over time, from the first counted arrival on", () => {
    const { statistics, arrive } = open();
    const warmup = arrive(0, false);
    const first = arrive(100);
    statistics.nowMs = 130;
    statistics.ended(warmup, END.failed, -1);
    arrive(150);
    statistics.nowMs = 160;
    statistics.ended(first, END.failed, -1);
    // 2 for 30 ms, 1 for 20, 2 for 10, 1 for 40.
    assert.equal(statistics.meanInSystem(200), (2 * 30 + 20 + 2 * 10 + 40) / 100);
    assert.equal(statistics.countedFromMs, 100);
    assert.equal(statistics.inSystem, 1);
    assert.ok(Number.isNaN(open().statistics.meanInSystem(10)));
  });

  it("an attempt is a decision, and when it is served a bill: what the cache read or kept is not input", () => {
    const { attempts, statistics, arrive, send } = open();
    const request = arrive(0);
    const a = send(request, 1);
    const { ints, floats } = attempts;
    ints[a * ATTEMPT_INTS + ATTEMPT.endpoint] = 1;
    ints[a * ATTEMPT_INTS + ATTEMPT.placement] = plan.world.routes[1]!.placements[0]!;
    ints[a * ATTEMPT_INTS + ATTEMPT.cacheReadTokens] = 600;
    ints[a * ATTEMPT_INTS + ATTEMPT.cacheWriteTokens] = 300;
    const instants = { offeredMs: 0, startedMs: 40, firstTokenMs: 90, endedMs: 90 } as const;
    for (const [place, ms] of Object.entries(instants)) {
      floats[a * ATTEMPT_FLOATS + ATTEMPT_FLOAT[place as keyof typeof instants]] = ms;
    }
    statistics.answered(a, OUTCOME.ok, 90);
    statistics.nowMs = 100;
    statistics.ended(request, END.served, a);
    statistics.recorder.complete();
    assert.equal(
      statistics.ledger.decisions.reduce((sum, count) => sum + count, 0),
      1,
    );
    assert.deepEqual(
      [...statistics.ledger.tokens].filter((tokens) => tokens > 0),
      [100, 50, 600, 300],
    );
    const region = statistics.recorder.regionHour(0)!;
    assert.deepEqual([region[4 + CELL.attempts], region[4 + CELL.served]], [1, 1]);
    const [hour] = statistics.recorder.hours;
    assert.deepEqual([hour!.e2e.sumMs(0), hour!.wait.sumMs(0), hour!.fields[FIELD.waited]], [100, 40, 1]);
  });

  it("what is in the warm-up is not counted, and refusals are counted where they were sent", () => {
    const { statistics, arrive, send } = open();
    const request = arrive(0, false);
    const a = send(request, 0);
    statistics.answered(a, OUTCOME.throttled, 5);
    statistics.nowMs = 5;
    statistics.ended(request, END.throttled, -1);
    statistics.recorder.complete();
    assert.equal(
      statistics.ledger.decisions.reduce((sum, count) => sum + count, 0),
      0,
    );
    assert.equal(
      statistics.recorder.cells.reduce((sum, count) => sum + count, 0),
      0,
    );
    assert.equal(statistics.recorder.regionHour(0)![CELL.attemptsThrottled], 1);
  });
});

const planWith = (...isAsync: boolean[]) =>
  ({ targets: isAsync.map((each) => ({ isAsync: each })) }) as unknown as Plan;

it("counts the requests at targets that answer in batches, wherever they come from and go to", () => {
  const batch = new BatchCount(planWith(false, true));
  batch.move(-1, 1);
  batch.move(-1, 0);
  batch.move(0, 1);
  assert.equal(batch.waiting, 2);
  batch.move(1, 0);
  batch.move(1, -1);
  assert.equal(batch.waiting, 0);
  assert.deepEqual(batch.isBatch, [false, true]);
});

it("stays at 0 where no target does", () => {
  const batch = new BatchCount(planWith(false, false));
  batch.move(-1, 1);
  batch.move(1, -1);
  assert.equal(batch.waiting, 0);
});
