import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meterToolConfig } from "../../../emulator/converse/tools.ts";
import { PromptMeter } from "../../../emulator/prompt.ts";

const spec = (name: string) => ({
  toolSpec: { name, inputSchema: { json: { type: "object", required: ["q"], properties: { q: { type: "string" } } } } },
});
const read = (config: Record<string, unknown>, meter = new PromptMeter()) => meterToolConfig(config, meter);

describe("meterToolConfig", () => {
  const tools = [spec("first"), spec("second")];
  it("forces a tool only where the choice does", () => {
    assert.equal(read({ tools }), undefined);
    assert.equal(read({ tools, toolChoice: { auto: {} } }), undefined);
    assert.deepEqual(read({ tools, toolChoice: { any: {} } }), { name: "first", input: { q: "sample" } });
    assert.equal(read({ tools, toolChoice: { tool: { name: "second" } } })?.name, "second");
  });
  it("counts the tools and takes a checkpoint among them", () => {
    const meter = new PromptMeter();
    read({ tools: [...tools, { cachePoint: { type: "default" } }] }, meter);
    assert.equal(meter.cachePoints[0]?.tokens, meter.tokens);
    assert.ok(meter.tokens > 40);
  });
  it("refuses no tools, bad names and a choice that is not there", () => {
    for (const config of [
      { tools: [] },
      { tools: [spec("bad name")] },
      { tools, toolChoice: { tool: { name: "third" } } },
    ]) {
      assert.throws(() => read(config), { name: "ValidationException" });
    }
  });
});
