import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { invokeBodyOf } from "../../../emulator/bodies/index.ts";
import {
  converseAnswer,
  converseBegin,
  converseDelta,
  converseEnd,
  responseFieldsOf,
  toolInput,
  usageOf,
} from "../../../emulator/converse/answer.ts";
import type { Answer } from "../../../emulator/model/answer.ts";
import { ANSWER } from "../bodies/support.ts";
import { decodeFrames } from "../frame-reader.ts";

const answer: Answer = {
  requestId: "11111111-2222-3333-4444-555555555555",
  modelId: "m",
  inputTokens: 10,
  outputTokens: 3,
  cacheReadTokens: 100,
  cacheWriteTokens: 20,
  stopReason: "end_turn",
  stopSequence: undefined,
  tool: undefined,
  thinkingTokens: 0,
  isThinkingShown: true,
  cacheWrites: [],
};
const plain = { serviceTier: undefined, latency: undefined };

describe("Converse answers", () => {
  it("exclude cached tokens from inputTokens and include all in the total", () => {
    assert.deepEqual(usageOf(answer), {
      cacheReadInputTokens: 100,
      cacheWriteInputTokens: 20,
      inputTokens: 10,
      outputTokens: 3,
      totalTokens: 133,
    });
  });
  it("repeat tier and latency only if they were requested", () => {
    assert.deepEqual(Object.keys(converseAnswer(answer, 12, plain)), ["metrics", "output", "stopReason", "usage"]);
    const full = converseAnswer(answer, 12, { serviceTier: "flex", latency: "optimized" }) as Record<string, unknown>;
    assert.deepEqual([full.serviceTier, full.performanceConfig], [{ type: "flex" }, { latency: "optimized" }]);
  });
  it("stream without a contentBlockStart for text, with one for a tool", () => {
    const typesOf = (frames: readonly Buffer[]) => decodeFrames(Buffer.concat(frames)).map(({ type }) => type);
    assert.deepEqual(typesOf(converseBegin(answer)), ["messageStart"]);
    const tool = { ...answer, tool: { name: "t", input: { a: 1 } } };
    assert.deepEqual(typesOf(converseBegin(tool)), ["messageStart", "contentBlockStart"]);
    assert.deepEqual(typesOf(converseEnd(answer, 5, plain)), ["contentBlockStop", "messageStop", "metadata"]);
    const [delta] = decodeFrames(Buffer.concat(converseDelta(tool, 0, 3)));
    assert.deepEqual(delta?.payload, { contentBlockIndex: 0, delta: { toolUse: { input: '{"a":1}' } } });
  });
  it("say for how long prompt tokens were written to the cache, the longest first", () => {
    const cacheWrites = [
      { ttl: "1h", tokens: 12 },
      { ttl: "5m", tokens: 8 },
    ] as const;
    const { cacheDetails } = usageOf({ ...answer, cacheWrites }) as { cacheDetails: unknown };
    assert.deepEqual(cacheDetails, [
      { ttl: "1h", inputTokens: 12 },
      { ttl: "5m", inputTokens: 8 },
    ]);
  });
  it("think first, with a signature, in a block of its own", () => {
    const thinking: Answer = { ...answer, outputTokens: 4, thinkingTokens: 2 };
    const { output } = converseAnswer(thinking, 1, plain) as {
      output: {
        message: { content: { text?: string; reasoningContent?: { reasoningText: Record<string, string> } }[] };
      };
    };
    const [first, second] = output.message.content;
    const { text, signature } = first?.reasoningContent?.reasoningText ?? {};
    assert.deepEqual([text?.length, second?.text], [8, " one can"]);
    const frames = [
      ...converseBegin(thinking),
      ...[0, 1, 2, 3].flatMap((token) => converseDelta(thinking, token, token + 1)),
    ];
    const events = decodeFrames(Buffer.concat([...frames, ...converseEnd(thinking, 1, plain)]));
    assert.deepEqual(
      events.slice(1, -2).map(({ type, payload }) => [type, payload.contentBlockIndex, payload.delta]),
      [
        ["contentBlockDelta", 0, { reasoningContent: { text: " one" } }],
        ["contentBlockDelta", 0, { reasoningContent: { text: " can" } }],
        ["contentBlockDelta", 0, { reasoningContent: { signature } }],
        ["contentBlockStop", 0, undefined],
        ["contentBlockDelta", 1, { text: " one" }],
        ["contentBlockDelta", 1, { text: " can" }],
        ["contentBlockStop", 1, undefined],
      ],
    );
  });
  it("are empty without tokens", () => {
    const empty: Answer = { ...answer, outputTokens: 0 };
    const frames = [...converseBegin(empty), ...converseDelta(empty, 0, 0), ...converseEnd(empty, 1, plain)];
    assert.deepEqual(
      decodeFrames(Buffer.concat(frames)).map(({ type }) => type),
      ["messageStart", "messageStop", "metadata"],
    );
  });
  it("give no arguments to a tool call that the limit cut off", () => {
    const cut: Answer = { ...answer, tool: { name: "t", input: { a: 1 } }, stopReason: "max_tokens" };
    assert.deepEqual(toolInput(cut), {});
  });
});

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
