import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { END } from "../../../simulator/client/request-rules.ts";
import {
  CELL,
  CELL_FIELDS,
  type EndedRequest,
  FIELD,
  FIELDS,
  HOURS_MAX,
  Recorder,
} from "../../../simulator/engine/recorder.ts";

const HOUR_MS = 3_600_000;

const ended = (over: Partial<EndedRequest> = {}): EndedRequest => ({
  classIndex: 0,
  region: 0,
  arrivalMs: 0,
  end: END.served,
  attempts: 1,
  attemptsThrottled: 0,
  attemptsUnavailable: 0,
  attemptsTimedOut: 0,
  interruptions: null,
  lastInterruption: 0,
  inputTokens: 100,
  outputTokens: 50,
  e2eMs: 800,
  ttftMs: 300,
  waitMs: 0,
  hasWaited: false,
  hasObjective: false,
  isWithinObjective: false,
  isViolation: false,
  ...over,
});

/** A recorder of so many classes and regions that has seen these requests. */
function recorded(classes: number, regions: number, all: readonly EndedRequest[], streams = true) {
  const recorder = new Recorder(classes, regions, streams);
  for (const each of all) recorder.record(each);
  recorder.complete();
  return recorder;
}

describe("the recorder", () => {
  it("counts each request once in its class and region, and once in its hour of arrival", () => {
    const recorder = recorded(2, 3, [
      ended({ classIndex: 1, region: 2, arrivalMs: 2.5 * HOUR_MS, attempts: 3, attemptsThrottled: 2 }),
      ended({ region: -1, end: END.residencyRefused, attempts: 0 }),
    ]);
    const cell = (classIndex: number, region: number, field: number) =>
      recorder.cells[(classIndex * 4 + region) * FIELDS + field];
    assert.deepEqual([cell(1, 2, END.served), cell(1, 2, FIELD.sent), cell(1, 2, FIELD.attempts)], [1, 1, 3]);
    assert.deepEqual([cell(1, 2, FIELD.retried), cell(1, 2, FIELD.attemptsThrottled)], [1, 2]);
    assert.deepEqual([cell(0, 3, END.residencyRefused), cell(0, 3, FIELD.outputTokens)], [1, 0]);
    assert.deepEqual([cell(0, 3, FIELD.sent), cell(0, 3, FIELD.attempts), cell(0, 3, FIELD.retried)], [1, 0, 0]);
    assert.equal(
      recorder.cells.reduce((sum, value, i) => (i % FIELDS === FIELD.sent ? sum + value : sum), 0),
      2,
    );
    assert.equal(recorder.hours.length, 3);
    assert.deepEqual(
      recorder.hours.map((hour) => hour.fields[FIELD.sent]),
      [1, 0, 1],
    );
  });

  it("latencies of the served alone, in total and by hour; hours may come out of order", () => {
    const recorder = recorded(1, 1, [
      ended({ arrivalMs: HOUR_MS + 1, e2eMs: 900, ttftMs: 200, waitMs: 40, hasWaited: true }),
      ended({ arrivalMs: 5, e2eMs: 100, ttftMs: 50 }),
      ended({ end: END.throttled, e2eMs: 1e9 }),
    ]);
    assert.deepEqual([recorder.e2e.samples(0), recorder.e2e.sumMs(0), recorder.e2e.maxMs(0)], [2, 1000, 900]);
    assert.deepEqual([recorder.ttft.sumMs(0), recorder.wait.sumMs(0), recorder.wait.samples(0)], [250, 40, 2]);
    assert.deepEqual(
      recorder.hours.map(({ e2e, ttft, wait }) => [e2e.sumMs(0), ttft.sumMs(0), wait.sumMs(0)]),
      [
        [100, 50, 0],
        [900, 200, 40],
      ],
    );
    assert.deepEqual(
      recorder.hours.map(({ wait }) => [wait.samples(0), wait.merged([0])[0]]),
      [
        [1, 1],
        [1, 0],
      ],
    );
    assert.equal(recorder.cells[FIELD.waited], 1);
  });

  it("objectives and violations", () => {
    const { cells } = recorded(1, 1, [
      ended({ hasObjective: true, isWithinObjective: true }),
      ended({ hasObjective: true, isViolation: true }),
      ended({ hasObjective: true, end: END.failed, isViolation: true }),
      ended(),
    ]);
    assert.deepEqual(
      [cells[FIELD.withObjective], cells[FIELD.withinObjective], cells[FIELD.residencyViolations]],
      [3, 1, 1],
    );
  });

  it("where nothing streams, the first token is the whole answer", () => {
    const recorder = recorded(1, 1, [ended({ e2eMs: 700, ttftMs: 700 })], false);
    assert.equal(recorder.ttft.sumMs(0), 700);
    assert.equal(recorder.hours[0]!.ttft.samples(0), 1);
  });

  it("attempts by region and hour of passing; beyond the last hour only totals", () => {
    const recorder = new Recorder(1, 2);
    recorder.count(1, 10, CELL.attempts, false);
    recorder.count(1, 20, CELL.attemptsThrottled, true);
    recorder.count(0, 2 * HOUR_MS, CELL.attempts, true);
    recorder.count(0, HOURS_MAX * HOUR_MS, CELL.attempts, true);
    const late = ended({ arrivalMs: HOURS_MAX * HOUR_MS });
    recorder.record(late);
    recorder.complete();
    assert.equal(recorder.hoursSeen, 3);
    assert.equal(recorder.regionHour(0)![CELL_FIELDS + CELL.attempts], 1);
    assert.equal(recorder.regionHour(0)![CELL_FIELDS + CELL.attemptsThrottled], 1);
    assert.equal(recorder.regionHour(2)![CELL.attempts], 1);
    assert.equal(recorder.regionHour(3), undefined);
    assert.equal(recorder.cells[END.served], 1);
  });
});
