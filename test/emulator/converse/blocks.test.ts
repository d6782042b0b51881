import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meterBlock, meterCachePoint } from "../../../emulator/converse/blocks.ts";
import { PromptMeter } from "../../../emulator/model/prompt.ts";

const metered = (...blocks: readonly Record<string, unknown>[]) => {
  const meter = new PromptMeter();
  for (const block of blocks) meterBlock(block, "messages.0.content.0", meter);
  return meter;
};
const tokensOf = (block: Record<string, unknown>) => metered(block).tokens;
/** A picture of a megabyte: as text it would be a quarter of a million tokens. */
const PICTURE = { image: { format: "png", source: { bytes: "A".repeat(1_000_000) } } };

describe("meterBlock", () => {
  it("counts text, images, documents and JSON", () => {
    assert.equal(tokensOf({ text: "12345678" }), 2);
    assert.equal(tokensOf({ image: { format: "png", source: { bytes: "AAAA" } } }), 1600);
    // 400 base64 characters are 300 bytes, 75 tokens at four bytes each.
    assert.equal(tokensOf({ document: { format: "txt", name: "d", source: { bytes: "A".repeat(400) } } }), 75);
    assert.equal(tokensOf({ document: { name: "d", source: { text: "12345678" } } }), 2);
    assert.equal(tokensOf({ toolUse: { a: 1 } }), 2);
  });

  it("counts a picture in the result of a tool, or guarded, as one elsewhere", () => {
    const result = (...content: object[]) => ({ toolResult: { toolUseId: "t1", content } });
    const said = { text: "A screenshot." };
    assert.equal(tokensOf(result(said, PICTURE)), tokensOf(result(said)) + 1600);
    assert.equal(tokensOf({ guardContent: PICTURE }), 1600);
    const plain = { format: "txt", name: "d", source: { bytes: "QUJDREVGRw==" } };
    assert.equal(tokensOf(result(said, { document: plain })), tokensOf(result(said)) + 2);
  });

  it("counts a PDF by its pages: the text of it, or the pages where they may be cited", () => {
    const bytes = Buffer.from("<< /Type /Pages >> << /Type /Page >> <</Type/Page>> << /Type /Page >>").toString(
      "base64",
    );
    const pdf = { format: "pdf", name: "d", source: { bytes } };
    assert.equal(tokensOf({ document: pdf }), 1000);
    assert.equal(tokensOf({ document: { ...pdf, citations: { enabled: true } } }), 7000);
  });

  it("distinguishes images in a cached prefix", () => {
    const prefixOf = (bytes: string) =>
      metered({ image: { source: { bytes } } }, { cachePoint: { type: "default" } }).cachePoints[0]!.prefixId;
    assert.notEqual(prefixOf("AAAA"), prefixOf("BBBB"));
  });

  it("refuses a block without a known member", () => {
    assert.throws(() => tokensOf({ hologram: {} }), { name: "ValidationException" });
  });
});

it("a cache checkpoint has the lifetime that it states", () => {
  const meter = new PromptMeter();
  meterCachePoint({ type: "default", ttl: "1h" }, "system.0", meter);
  assert.equal(meter.cachePoints[0]!.ttlMs, 3_600_000);
});
