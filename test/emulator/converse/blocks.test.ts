import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meterBlock } from "../../../emulator/converse/blocks.ts";
import { PromptMeter } from "../../../emulator/prompt.ts";

const tokensOf = (block: Record<string, unknown>) => {
  const meter = new PromptMeter();
  meterBlock(block, "messages.0.content.0", meter);
  return meter.tokens;
};

describe("meterBlock", () => {
  it("counts text, pictures, documents and structures", () => {
    assert.equal(tokensOf({ text: "12345678" }), 2);
    assert.equal(tokensOf({ image: { format: "png", source: { bytes: "AAAA" } } }), 1600);
    // 400 base64 characters are 300 bytes, 75 tokens at four bytes each.
    assert.equal(tokensOf({ document: { format: "txt", name: "d", source: { bytes: "A".repeat(400) } } }), 75);
    assert.equal(tokensOf({ toolUse: { a: 1 } }), 2);
  });
  it("tells pictures apart in a cached prefix", () => {
    const prefixOf = (bytes: string) => {
      const meter = new PromptMeter();
      meterBlock({ image: { source: { bytes } } }, "x", meter);
      meterBlock({ cachePoint: { type: "default" } }, "x", meter);
      return meter.cachePoints[0]!.prefixId;
    };
    assert.notEqual(prefixOf("AAAA"), prefixOf("BBBB"));
  });
  it("refuses a block without a known member, and an unknown time to live", () => {
    assert.throws(() => tokensOf({ hologram: {} }), { name: "ValidationException" });
    assert.throws(() => tokensOf({ cachePoint: { type: "default", ttl: "9m" } }), { message: /\[1h, 5m\]/ });
  });
});
