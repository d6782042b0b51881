import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isEmptyContainer, jsonRow } from "../../../simulator/traffic/json-records.ts";

describe("one record", () => {
  it("objects only, one per line", () => {
    const place = { source: "f.jsonl", lineNumber: 2 };
    assert.deepEqual(jsonRow('{"a":1}', place), { a: 1 });
    for (const wrong of ["{", "[1]", "5", "null", '"text"']) {
      assert.throws(() => jsonRow(wrong, place), /TRACE_BAD_JSON {2}f\.jsonl:2/, wrong);
    }
  });

  it("a page without records is none; a record with an empty list is one", () => {
    const shown = [{ MetricDataResults: [] }, { Records: [], x: 1 }, { name: "chat", events: [] }, { Records: [{}] }];
    assert.deepEqual(shown.map(isEmptyContainer), [true, true, false, false]);
  });
});
