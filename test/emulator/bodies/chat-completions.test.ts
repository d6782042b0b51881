import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chatCompletionsBody, forcedFunction, meterContent } from "../../../emulator/bodies/chat-completions.ts";
import { PromptMeter } from "../../../emulator/model/prompt.ts";
import { shapesOf } from "./support.ts";

describe("chat-completions body", () => {
  it("refuses roles that there are not, and more answers than one", () => {
    const messages = [{ role: "user", content: "x" }];
    assert.throws(() => chatCompletionsBody.parse({ messages: [{ role: "robot", content: "x" }] }), {
      message: /#\/messages\/0\/role: robot is not a valid enum value/,
    });
    assert.throws(() => chatCompletionsBody.parse({ messages, n: 2 }), {
      message: /#\/n: 2 is not less or equal to 1/,
    });
    chatCompletionsBody.parse({ messages, n: 1 });
  });

  it("answers with choices and usage", () => {
    const request = { messages: [{ role: "user", content: "12345678" }], max_completion_tokens: 9, stop: "END" };
    const { whole, chunks, prompt } = shapesOf(chatCompletionsBody, request);
    assert.deepEqual([prompt.inputTokens, prompt.maxTokens, prompt.stopSequences], [2, 9, ["END"]]);
    assert.deepEqual(whole.usage, { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 });
    assert.equal(whole.choices[0].finish_reason, "stop");
    const text = chunks
      .map((chunk: { choices: { delta: { content: string } }[] }) => chunk.choices[0]!.delta.content)
      .join("");
    assert.equal(text, whole.choices[0].message.content);
  });
  it("refuses an empty list and messages without a role", () => {
    for (const body of [{}, { messages: [] }, { messages: ["x"] }, { messages: [{ content: "x" }] }]) {
      assert.throws(() => chatCompletionsBody.parse(body), {
        name: "ValidationException",
        message: /^Malformed input request/,
      });
    }
  });
});

it("pictures and files in messages count as such, not as the text of their bytes", () => {
  const tokens = (content: unknown) => {
    const meter = new PromptMeter();
    meterContent(content, meter);
    return meter.tokens;
  };
  const said = { type: "text", text: "What is this?" };
  const url = `data:image/png;base64,${"A".repeat(1_000_000)}`;
  const pages = `data:application/pdf;base64,${Buffer.from("/Type /Page ".repeat(3)).toString("base64")}`;
  const alone = tokens([said]);
  assert.equal(tokens([said, { type: "image_url", image_url: { url } }]), alone + 1600);
  assert.equal(tokens([said, { type: "input_image", image_url: url }]), alone + 1600);
  assert.equal(tokens([said, { type: "file", file: { file_data: pages } }]), alone + 7000);
  assert.equal(tokens([said, { type: "input_file", file_data: pages }]), alone + 7000);
});

it("functions take turns where any is required, in chats and in items of Responses", () => {
  const functions = ["look", "answer"].map((name) => ({ name, parameters: { type: "object" } }));
  const chosen = (...messages: object[]) => forcedFunction("required", functions, messages)?.name;
  const asked = { role: "user", content: "x" };
  const calls = [{ id: "c", type: "function", function: { name: "look", arguments: "{}" } }];
  assert.equal(chosen(asked), "look");
  assert.equal(
    chosen(asked, { role: "assistant", tool_calls: calls }, { role: "tool", tool_call_id: "c", content: "ok" }),
    "answer",
  );
  assert.equal(chosen(asked, { type: "function_call", call_id: "c" }, { type: "function_call_output" }), "answer");
  assert.equal(forcedFunction("auto", functions, [asked]), undefined);
});
