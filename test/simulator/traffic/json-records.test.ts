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

  it("no key twice in an object, at any depth", () => {
    const place = { source: "f.jsonl", lineNumber: 3 };
    const twice = (text: string) => () => jsonRow(text, place);
    assert.throws(twice('{"input_tokens":1,"input_tokens":100}'), /f\.jsonl:3: the key "input_tokens" is there twice/);
    assert.throws(twice('{"a":[{"b":1,"c":{},"b":2}]}'), /f\.jsonl:3: the key "b" is there twice/);
    assert.deepEqual(jsonRow('{"a":{"b":":"},"b":[{"b":1},{"b":"\\""}]}', place).b, [{ b: 1 }, { b: '"' }]);
  });
});
