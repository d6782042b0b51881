import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stableJson } from "../../../scripts/io/stable-json.ts";

describe("stableJson", () => {
  it("keeps the order of keys and ends with a line break", () => {
    assert.equal(stableJson({ b: 1, a: [null, "x"] }), '{\n  "b": 1,\n  "a": [\n    null,\n    "x"\n  ]\n}\n');
  });

  it("refuses NaN and infinities, which JSON would turn into null in silence", () => {
    assert.throws(() => stableJson({ p95: Number.NaN }), /RESULT_NOT_FINITE.*"p95"/s);
    assert.throws(() => stableJson([Number.POSITIVE_INFINITY]), /RESULT_NOT_FINITE/);
  });
});
