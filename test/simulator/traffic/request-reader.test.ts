import assert from "node:assert/strict";
import test from "node:test";
import { SeenIds } from "../../../simulator/traffic/request-reader.ts";
import { readText } from "./read-trace.ts";

test("each id is new once, also ids that differ in one character", () => {
  const seen = new SeenIds();
  const ids = Array.from({ length: 50_000 }, (_, i) => `req-${i.toString(36)}`);
  assert.ok(ids.every((id) => seen.add(id)));
  assert.ok(ids.every((id) => !seen.add(id)));
  assert.equal(seen.size, ids.length);
});

test("a bill is told apart from an unknown log, with the command that reads it", () => {
  const headers = [
    "TimePeriodStart,Region,UnblendedCost",
    "line_item_usage_type,line_item_unblended_cost",
    "lineItem/UsageType,lineItem/UnblendedCost",
    "BilledCost,ChargeCategory",
    "team,search($),Total costs($)",
  ];
  for (const header of headers)
    assert.throws(
      () => readText(`${header}\nx,1,1\n`, "bill"),
      /TRACE_UNKNOWN_FORMAT[\s\S]*meridian bill reads it/,
      header,
    );
  assert.throws(() => readText("a,b\nx,1\n", "log"), /TRACE_UNKNOWN_FORMAT(?![\s\S]*meridian bill)/);
});
