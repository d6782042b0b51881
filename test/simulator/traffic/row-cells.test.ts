import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tokenCount } from "../../../simulator/traffic/row-cells.ts";

describe("checked cells", () => {
  const place = { source: "day.csv", lineNumber: 18 };

  it("token counts: whole, not negative, within 32 bits", () => {
    assert.equal(tokenCount("12", "output_tokens", place), 12);
    assert.equal(tokenCount(0, "output_tokens", place), 0);
    assert.throws(
      () => tokenCount("-3", "output_tokens", place),
      /TRACE_NEGATIVE_TOKENS {2}day\.csv:18: output_tokens is -3\n {2}fix: token counts must be 0 or more/,
    );
    for (const wrong of ["1.5", "abc", "", undefined, null, Number.NaN, 2 ** 31, {}]) {
      assert.throws(() => tokenCount(wrong, "x", place), /TRACE_BAD_NUMBER.*day\.csv:18/, String(wrong));
    }
  });
});
