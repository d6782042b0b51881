import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConverseSettings } from "../../../emulator/converse/settings.ts";

const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));

describe("parseConverseSettings", () => {
  it("reads tier, latency and metadata", () => {
    assert.deepEqual(
      parseConverseSettings({
        serviceTier: { type: "flex" },
        performanceConfig: { latency: "optimized" },
        requestMetadata: { team: "a b:c_1@$#=/+,.-" },
      }),
      { serviceTier: "flex", latency: "optimized", requestMetadata: { team: "a b:c_1@$#=/+,.-" } },
    );
    assert.deepEqual(parseConverseSettings({}), { serviceTier: undefined, latency: undefined, requestMetadata: {} });
  });
  for (const [what, body] of [
    ["an unknown tier", { serviceTier: { type: "gold" } }],
    ["an unknown latency", { performanceConfig: { latency: "fast" } }],
    ["an empty map", { requestMetadata: {} }],
    ["17 pairs", { requestMetadata: pairs(17) }],
    ["a long key", { requestMetadata: { ["k".repeat(257)]: "v" } }],
    ["a long value", { requestMetadata: { k: "v".repeat(257) } }],
    ["a character outside the set", { requestMetadata: { k: "a<b" } }],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => parseConverseSettings(body), { name: "ValidationException" }));
  }
  it("takes 16 pairs and refuses values that are no texts", () => {
    assert.equal(Object.keys(parseConverseSettings({ requestMetadata: pairs(16) }).requestMetadata).length, 16);
    assert.throws(() => parseConverseSettings({ requestMetadata: { k: 1 } }), { name: "SerializationException" });
  });
  it("keeps a key named __proto__ a plain entry", () => {
    const { requestMetadata } = parseConverseSettings(JSON.parse('{"requestMetadata":{"__proto__":"x"}}'));
    assert.equal(Object.getPrototypeOf(requestMetadata), Object.prototype);
    assert.deepEqual(Object.keys(requestMetadata), ["__proto__"]);
  });
});
