import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { invokeBodyOf } from "../../../emulator/bodies/index.ts";
import { converseAnswer, converseEnd } from "../../../emulator/converse/answer.ts";
import { responseFieldsOf } from "../../../emulator/converse/response-fields.ts";
import type { Answer } from "../../../emulator/model/answer.ts";
import { ANSWER } from "../bodies/support.ts";
import { decodeFrames } from "../frame-reader.ts";

const CLAUDE = invokeBodyOf("anthropic.claude-sonnet-4-5-20250929-v1:0").format;
const CHAT = invokeBodyOf("openai.gpt-oss-120b-1:0").format;
const stopped: Answer = { ...ANSWER, stopReason: "stop_sequence", stopSequence: "END" };

function asked(paths: readonly unknown[], answer: Answer = stopped, format = CLAUDE) {
  const fields = responseFieldsOf({ additionalModelResponseFieldPaths: paths }, format);
  return [fields?.(answer, false), fields?.(answer, true)];
}

describe("additionalModelResponseFieldPaths", () => {
  it("select of the model's own answer, nested as there, in a whole answer and in a stream", () => {
    assert.deepEqual(asked(["/stop_sequence"]), [{ stop_sequence: "END" }, { stop_sequence: "END" }]);
    const delta = { delta: { stop_sequence: "END" } };
    assert.deepEqual(asked(["/delta/stop_sequence"]), [delta, delta]);
    assert.deepEqual(asked(["/usage/input_tokens", "/usage/output_tokens", "/type"])[0], {
      usage: { input_tokens: ANSWER.inputTokens, output_tokens: ANSWER.outputTokens },
      type: "message",
    });
    assert.deepEqual(asked(["/stop_sequence"], ANSWER)[0], { stop_sequence: null }, "null is an answer");
  });

  it("go into lists, and take a whole before its parts and after them", () => {
    const choice = { choices: [{ message: { content: " one can see how" } }] };
    assert.deepEqual(asked(["/choices/0/message/content"], ANSWER, CHAT)[0], choice);
    const usage = { usage: { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 } };
    assert.deepEqual(asked(["/usage/prompt_tokens", "/usage"], ANSWER, CHAT)[0], usage);
    assert.deepEqual(asked(["/usage", "/usage/prompt_tokens"], ANSWER, CHAT)[0], usage);
  });

  it("are ignored where the answer has no such field, and read with their escapes", () => {
    for (const path of [
      "/nothing",
      "/content/7",
      "/content/00",
      "/content/length",
      "/stop_reason/x",
      "/a~1b~0c",
      "/",
    ]) {
      assert.deepEqual(asked([path]), [undefined, undefined], path);
    }
    assert.equal(responseFieldsOf({}, CLAUDE), undefined);
    const odd = { ...CLAUDE, answer: () => ({ "a/b~c": 1, "": 2 }) };
    assert.deepEqual(asked(["/a~1b~0c", "/"], ANSWER, odd)[0], { "a/b~c": 1, "": 2 });
  });

  it("that are no JSON Pointers are refused", () => {
    for (const path of ["stop_sequence", "$.stop_sequence", "/a~2", "/a~"]) {
      assert.throws(() => asked([path]), { name: "ValidationException", message: /not a valid JSON Pointer/ }, path);
    }
  });

  it("are answered beside Converse's own members and with messageStop", () => {
    const fields = responseFieldsOf({ additionalModelResponseFieldPaths: ["/stop_sequence"] }, CLAUDE);
    const reflected = { serviceTier: undefined, latency: undefined, fields };
    const whole = converseAnswer(stopped, 1, reflected) as Record<string, unknown>;
    assert.deepEqual(whole.additionalModelResponseFields, { stop_sequence: "END" });
    const stop = decodeFrames(Buffer.concat(converseEnd(stopped, 1, reflected))).find(
      ({ type }) => type === "messageStop",
    );
    assert.deepEqual(stop?.payload, {
      stopReason: "stop_sequence",
      additionalModelResponseFields: { stop_sequence: "END" },
    });
  });
});
