import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PromptMeter } from "../../emulator/prompt.ts";

describe("PromptMeter", () => {
  it("marks growing prefixes with their tokens and times to live", () => {
    const meter = new PromptMeter();
    meter.addText("a".repeat(40));
    meter.mark("1h");
    meter.addText("b".repeat(8));
    meter.addTokens(100, "picture");
    meter.mark(undefined);
    assert.deepEqual(
      meter.cachePoints.map(({ tokens, ttlMs }) => [tokens, ttlMs]),
      [
        [10, 3_600_000],
        [112, 300_000],
      ],
    );
  });
  it("gives equal prefixes equal ids, whatever follows, and other splits other ids", () => {
    const idOf = (parts: readonly string[], after: string) => {
      const meter = new PromptMeter();
      for (const part of parts) meter.addText(part);
      meter.mark("5m");
      meter.addText(after);
      return meter.cachePoints[0]!.prefixId;
    };
    assert.equal(idOf(["ab", "c"], "x"), idOf(["ab", "c"], "y"));
    assert.notEqual(idOf(["ab", "c"], "x"), idOf(["a", "bc"], "x"));
  });
});
