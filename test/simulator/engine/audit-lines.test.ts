import assert from "node:assert/strict";
import { test } from "node:test";
import { AUDIT_COLUMNS, auditJsonLine, auditRows } from "../../../simulator/engine/audit-lines.ts";
import { planOf } from "../scenario/base.ts";
import { eventful, watch } from "./watched.ts";

const { records } = watch(planOf(eventful({ duration: "3m" } as never)));
const column = (name: (typeof AUDIT_COLUMNS)[number]) => AUDIT_COLUMNS.indexOf(name);

test("a line of JSON holds the whole record and ends with the only line break", () => {
  for (const record of records) {
    const line = auditJsonLine(record);
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(JSON.parse(line), record);
  }
});

test("one row per attempt, whose costs and tokens add up to the request's", () => {
  for (const record of records) {
    const rows = auditRows(record);
    assert.equal(rows.length, record.attempts.length);
    for (const row of rows) assert.equal(row.length, AUDIT_COLUMNS.length);
    const output = rows.reduce((sum, row) => sum + Number(row[column("output_tokens")]), 0);
    assert.equal(output, record.tokens.output);
    const usd = rows.reduce((sum, row) => sum + Number(row[column("attempt_cost_usd")]), 0);
    assert.ok(Math.abs(usd - Number(record.costUsd)) < 1e-12);
    assert.deepEqual(
      rows.map((row) => row[column("target")]),
      record.attempts.map((attempt) => attempt.target),
    );
  }
});

test("a request that was never sent has one row with nothing about an attempt", () => {
  const [record] = records;
  const [row, ...more] = auditRows({ ...record!, attempts: [] });
  assert.equal(more.length, 0);
  assert.equal(row!.length, AUDIT_COLUMNS.length);
  assert.deepEqual([row![column("attempts")], row![column("attempt")], row![column("target")]], [0, null, null]);
});
