import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  damaged,
  decodeRecords,
  decodeRows,
  decodeSimulated,
  encodeRecords,
  encodeSimulated,
  endpointRecords,
  packSchedule,
  packText,
  recordedRegions,
  unpackSchedule,
  unpackText,
} from "../../../scripts/validate/folder.ts";
import { planOf } from "../../simulator/scenario/base.ts";
import { simulated, tightScenario } from "../../simulator/validate/two-sides.ts";

describe("files of rows", () => {
  it("give back what was written", () => {
    const { rows, run } = simulated(planOf(tightScenario()));
    const text = encodeSimulated(rows);
    assert.deepEqual(decodeSimulated(text, "f"), rows);
    assert.equal(encodeSimulated(decodeSimulated(text, "f")), text);
    const records = endpointRecords(rows.records);
    assert.deepEqual(decodeRecords(encodeRecords(records), "f"), rows.records);
    const served = run.attempts.find(({ k }) => k === "ok")!;
    assert.equal(recordedRegions(records)(served), run.ranIn(served));
    const schedule = unpackSchedule(packSchedule(run.schedule), "f");
    assert.equal(schedule.length, run.schedule.length);
    assert.ok(schedule.every((row, i) => Math.abs(row[0] - run.schedule[i]![0]) <= 0.0005));
    assert.deepEqual(unpackSchedule(packSchedule(schedule), "f"), schedule, "to the microsecond once and for all");
  });

  it("take lines of other kinds for what they are, and say where they are damaged", () => {
    const beat = '{"t":"b","router":0,"sent":1,"open":1}\n{"t":"s","at":0,"ready":0}\n';
    assert.deepEqual(decodeRows(beat, "f"), { attempts: [], requests: [] });
    for (const read of [
      () => decodeRows("half a li", "rows-1.jsonl.gz"),
      () => decodeRecords('{"t":"w","id":', "rows-1.jsonl.gz"),
      () => unpackText(Buffer.from("no gzip"), "rows-1.jsonl.gz"),
      () => unpackSchedule(packText("{"), "rows-1.jsonl.gz"),
    ]) {
      assert.throws(read, /VALIDATION_DAMAGED.*rows-1\.jsonl\.gz/s);
    }
    assert.equal(damaged("f", "x").kind, "data");
  });
});
