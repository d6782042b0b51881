import assert from "node:assert/strict";
import { test } from "node:test";
import { ArrivalCounter, arrivalCell } from "../../../simulator/experiment/arrived-tokens.ts";
import { chunkOf } from "../engine/run.ts";
import { classInput, planOf, scenarioInput } from "../scenario/base.ts";

const HOUR = 3_600_000;
const plan = (over: object) =>
  planOf(
    scenarioInput({
      duration: "4h",
      requests: undefined,
      traffic: [classInput({ slo: { e2e: "90m" }, ...over })],
    } as never),
  );

test("tokens count by hour of arrival, apart those whose deadline falls into a later hour than the hour's first", () => {
  const counter = new ArrivalCounter(plan({ deferrable: true }), 0);
  // 90 minutes from 0:20 end in hour 1, from 0:40 in hour 2.
  counter.add(
    chunkOf([
      { atMs: HOUR / 3, input: 10, output: 5 },
      { atMs: (2 * HOUR) / 3, input: 20, output: 500 },
    ]),
  );
  counter.add(chunkOf([{ atMs: 1.1 * HOUR, input: 40, output: 7 }]));
  const { tokens } = counter.found;
  const at = (epoch: number, isLate: number) => [...tokens.slice(arrivalCell(1, epoch, 0, isLate)).slice(0, 2)];
  assert.deepEqual(
    [at(0, 0), at(0, 1), at(1, 0)],
    [
      [10, 5],
      [20, 200],
      [40, 7],
    ],
    "200: its max_tokens",
  );
});

test("a class without an objective may wait to the end: nothing of it is late", () => {
  const counter = new ArrivalCounter(plan({ deferrable: true, slo: undefined }), 0);
  counter.add(chunkOf([{ atMs: HOUR / 3, input: 10, output: 5 }]));
  const { tokens } = counter.found;
  assert.equal(tokens[arrivalCell(1, 0, 0, 0)], 10);
});

test("nothing is counted where nothing may wait", () => {
  const counter = new ArrivalCounter(plan({}), 3);
  counter.add(chunkOf([{ atMs: 0 }]));
  assert.deepEqual([counter.found.replication, counter.found.tokens.length], [3, 0]);
});
