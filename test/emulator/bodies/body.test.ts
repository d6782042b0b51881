import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkBody,
  malformedInput,
  optionalInteger,
  optionalObject,
  optionalTexts,
  requiredText,
} from "../../../emulator/bodies/body.ts";
import { invokeBodyOf } from "../../../emulator/bodies/index.ts";

describe("body readers", () => {
  it("refuse with the messages of the service's schema check", () => {
    const wrapped = "Malformed input request: why, please reformat your input and try again.";
    assert.equal(malformedInput("why").message, wrapped);
    assert.throws(() => requiredText({ a: null }, "a"), { message: /#\/a: expected type: String, found: Null/ });
    assert.throws(() => optionalInteger({ a: 1.5 }, "a", 1), { message: /expected type: Integer, found: Number/ });
    assert.throws(() => optionalTexts({ a: [1] }, "a"), { message: /expected type: JSONArray/ });
    assert.throws(() => optionalObject({ a: "x" }, "a"), { message: /expected type: JSONObject, found: String/ });
  });
  it("accept absent members", () => {
    assert.deepEqual(
      [optionalInteger({}, "a", 1), optionalTexts({}, "a"), optionalObject({ a: null }, "a")],
      [undefined, [], {}],
    );
  });
});

const LLAMA = "meta.llama3-3-70b-instruct-v1:0";
const TITAN = "amazon.titan-text-express-v1";
const COHERE = "cohere.command-r-v1:0";
const MISTRAL = "mistral.mistral-7b-instruct-v0:2";
const malformed = (reason: string) => `Malformed input request: ${reason}, please reformat your input and try again.`;

describe("flat bodies", () => {
  for (const [modelId, body, reason] of [
    [LLAMA, { prompt: "x", stop_sequences: ["y"] }, "#: extraneous key [stop_sequences] is not permitted"],
    [LLAMA, { prompt: "x", temperature: 2 }, "#/temperature: 2 is not less or equal to 1"],
    [LLAMA, { prompt: "x", temperature: null }, "#/temperature: expected type: Number, found: Null"],
    [LLAMA, { prompt: "x", top_p: -0.5 }, "#/top_p: -0.5 is not greater or equal to 0"],
    [LLAMA, { Prompt: "x" }, "2 schema violations found"],
    [TITAN, { inputText: "x", foo: 1 }, "#: extraneous key [foo] is not permitted"],
    [
      TITAN,
      { inputText: "x", textGenerationConfig: { maxTokens: 5 } },
      "#/textGenerationConfig: extraneous key [maxTokens] is not permitted",
    ],
    [TITAN, { inputText: "x", textGenerationConfig: { temperature: "a", topP: 2 } }, "2 schema violations found"],
    [COHERE, { message: "x", p: 1 }, "#/p: 1 is not less or equal to 0.99"],
    [COHERE, { message: "x", max_tokens: 1.5 }, "#/max_tokens: expected type: Integer, found: Number"],
    [MISTRAL, { prompt: "x", stop: "END" }, "#/stop: expected type: JSONArray, found: String"],
  ] as const) {
    it(`${modelId} refuses ${JSON.stringify(body)}`, () => {
      const parse = () => invokeBodyOf(modelId).parse(body as never);
      assert.throws(parse, { name: "ValidationException", message: malformed(reason) });
    });
  }

  it("take what is documented", () => {
    invokeBodyOf(LLAMA).parse({ prompt: "x", temperature: 0, top_p: 1, max_gen_len: 10 });
    invokeBodyOf(MISTRAL).parse({ prompt: "x", temperature: 0.7, top_p: 0.9, top_k: 50, stop: [], max_tokens: 10 });
    invokeBodyOf(COHERE).parse({ message: "x", chat_history: [], k: 0, p: 0.75, seed: 3, preamble: "y" });
    invokeBodyOf(TITAN).parse({ inputText: "x", textGenerationConfig: { temperature: 0, topP: 1, maxTokenCount: 9 } });
    assert.throws(() => checkBody({ constructor: 1 }, {}), /extraneous key \[constructor\]/);
  });
});
