import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { novaBody } from "../../../emulator/bodies/nova.ts";
import { shapesOf } from "./support.ts";

const messages = [{ role: "user", content: [{ text: "12345678" }] }];

describe("Nova body", () => {
  it("accepts both names of the limit", () => {
    assert.equal(novaBody.parse({ messages, inferenceConfig: { maxTokens: 7 } }).prompt.maxTokens, 7);
    assert.equal(novaBody.parse({ messages, inferenceConfig: { max_new_tokens: 9 } }).prompt.maxTokens, 9);
  });
  it("answers and streams with Nova's own names", () => {
    const { whole, chunks } = shapesOf(novaBody, { messages });
    assert.equal(whole.output.message.role, "assistant");
    assert.deepEqual(Object.keys(whole.usage), [
      "inputTokens",
      "outputTokens",
      "totalTokens",
      "cacheReadInputTokenCount",
      "cacheWriteInputTokenCount",
    ]);
    assert.deepEqual(
      chunks.map((chunk: object) => Object.keys(chunk)[0]),
      ["messageStart", ...Array(4).fill("contentBlockDelta"), "contentBlockStop", "messageStop", "metadata"],
    );
  });
  for (const [body, found] of [
    [{ messages: "hello" }, "#/messages: expected type: JSONArray, found: String"],
    [
      { messages: [{ role: "user", content: "hello" }] },
      "#/messages/0/content: expected type: JSONArray, found: String",
    ],
    [
      { messages: [{ role: "user", content: [{ text: 3 }] }] },
      "#/messages/0/content/0/text: expected type: String, found: Number",
    ],
    [
      { messages, inferenceConfig: { maxTokens: "9" } },
      "#/inferenceConfig/maxTokens: expected type: Integer, found: String",
    ],
    [{ messages, inferenceConfig: [] }, "#/inferenceConfig: expected type: JSONObject, found: JSONArray"],
    [{ messages, top_p: 0.9 }, "#: extraneous key [top_p] is not permitted"],
    [
      { messages: [{ role: "user", content: [{ type: "text", text: "x" }] }] },
      "#/messages/0/content/0: extraneous key [type] is not permitted",
    ],
    [
      { messages: [{ role: "user", content: [{ text: "x" }], name: "u" }] },
      "#/messages/0: extraneous key [name] is not permitted",
    ],
    [{ messages, system: "be brief" }, "#/system: expected type: JSONArray, found: String"],
  ] as const) {
    it(`refuses ${found}`, () => {
      const message = `Malformed input request: ${found}, please reformat your input and try again.`;
      assert.throws(() => novaBody.parse(body), { name: "ValidationException", message });
    });
  }
  it("refuses every other wrong type as malformed input, too", () => {
    const content = [{ text: "x" }, { cachePoint: 3 }];
    assert.throws(() => novaBody.parse({ messages: [{ role: "user", content }] }), {
      name: "ValidationException",
      message: /^Malformed input request: /,
    });
  });
  it("refuses as Converse does", () => {
    assert.throws(() => novaBody.parse({ messages: [] }), { name: "ValidationException" });
  });
});
