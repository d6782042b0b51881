import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { titanBody } from "../../../emulator/bodies/titan.ts";
import { shapesOf } from "./support.ts";

describe("Titan body", () => {
  it("has the documented members", () => {
    const config = { maxTokenCount: 9, stopSequences: ["User:"] };
    const { whole, chunks, prompt } = shapesOf(titanBody, { inputText: "12345678", textGenerationConfig: config });
    assert.deepEqual([prompt.inputTokens, prompt.maxTokens, prompt.stopSequences], [2, 9, ["User:"]]);
    assert.equal(whole.inputTextTokenCount, 10);
    assert.deepEqual([whole.results[0].tokenCount, whole.results[0].completionReason], [4, "FINISH"]);
    assert.equal(chunks.map((chunk: { outputText: string }) => chunk.outputText).join(""), whole.results[0].outputText);
    assert.deepEqual([chunks.at(-1).totalOutputTextTokenCount, chunks.at(-1).completionReason], [4, "FINISH"]);
  });
  it("gives the completion reason", () => {
    const reason = (stopReason: "max_tokens" | "stop_sequence") =>
      shapesOf(titanBody, { inputText: "x" }, { stopReason }).whole.results[0].completionReason;
    assert.equal(reason("max_tokens"), "LENGTH");
    assert.equal(reason("stop_sequence"), "STOP_CRITERIA_MET");
  });
  it("refuses an empty text and an invalid configuration", () => {
    assert.throws(() => titanBody.parse({ inputText: "" }), { name: "ValidationException" });
    assert.throws(() => titanBody.parse({ inputText: "x", textGenerationConfig: [] }), { message: /found: JSONArray/ });
  });
});
