import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Answer } from "../../../emulator/model/answer.ts";
import { chatCompletionsApi, responsesApi, tierOf } from "../../../emulator/vendor-apis/openai.ts";
import { ANSWER } from "../bodies/support.ts";

interface Event {
  readonly type: string;
  readonly sequence_number: number;
  readonly delta?: string;
  readonly text?: string;
  readonly arguments?: string;
  readonly response?: { readonly status: string; readonly output: readonly object[] };
}

function events(answer: Answer): readonly Event[] {
  const { format } = responsesApi.parse({ model: "m", input: "x", stream: true }, {});
  const begin = format.begin(answer);
  const deltas = [0, 1, 2, 3].flatMap((token) => format.delta(answer, token, token + 1));
  return [...begin, ...deltas, ...format.end(answer)] as Event[];
}

describe("Responses API", () => {
  it("has its events of a text in the documented order, numbered", () => {
    const seen = events(ANSWER);
    assert.deepEqual(
      seen.map(({ type }) => type.replace("response.", "")),
      [
        ...["created", "in_progress", "output_item.added", "content_part.added", ...Array(4).fill("output_text.delta")],
        ...["output_text.done", "content_part.done", "output_item.done", "completed"],
      ],
    );
    assert.deepEqual(
      seen.map((event) => event.sequence_number),
      seen.map((_, index) => index),
    );
    const text = seen.map(({ delta = "" }) => delta).join("");
    assert.equal(text, " one can see how");
    assert.equal(seen.find(({ type }) => type === "response.output_text.done")?.text, text);
    assert.equal(seen.at(-1)?.response?.output.length, 1);
  });
  it("has the arguments of a function in pieces", () => {
    const seen = events({ ...ANSWER, tool: { name: "f", input: { a: [1, 2] } }, stopReason: "tool_use" });
    assert.equal(seen.map(({ delta = "" }) => delta).join(""), '{"a":[1,2]}');
    assert.deepEqual(
      seen.map(({ type }) => type).filter((type) => type.includes("function")),
      [...Array(4).fill("response.function_call_arguments.delta"), "response.function_call_arguments.done"],
    );
  });
  it("repeats what was asked, and is dated", () => {
    const asked = {
      instructions: "be brief",
      max_output_tokens: 20,
      metadata: { k: "v" },
      temperature: 0.3,
      top_p: 0.9,
    };
    const tools = [{ type: "function", name: "f", parameters: { type: "object" } }];
    const body = { model: "m", input: "x", tools, tool_choice: "required", ...asked };
    const before = Math.floor(Date.now() / 1000);
    const answer = responsesApi.parse(body, {}).format.answer(ANSWER) as Record<string, unknown>;
    for (const [name, value] of Object.entries({ ...asked, tools, tool_choice: "required" })) {
      assert.deepEqual(answer[name], value, name);
    }
    assert.ok(Number(answer.created_at) >= before && Number(answer.created_at) <= before + 2);
    const plain = responsesApi.parse({ model: "m", input: "x" }, {}).format.answer(ANSWER) as Record<string, unknown>;
    assert.deepEqual([plain.instructions, plain.temperature, plain.tools], [null, 1, []]);
  });
  it("fails with the events numbered on, and names the response", () => {
    const { format } = responsesApi.parse({ model: "m", input: "x", stream: true }, {});
    const begun = format.begin(ANSWER) as Event[];
    const [failed] = format.fail!({ code: "server_error", message: "no" }) as Event[];
    assert.deepEqual([failed!.type, failed!.sequence_number], ["response.failed", begun.length]);
    const { id } = begun[0]!.response as { id?: string };
    assert.partialDeepStrictEqual(failed!.response, {
      id,
      status: "failed",
      error: { code: "server_error", message: "no" },
    });
  });
  it("refuses what would have to be kept", () => {
    const refused = (rest: object) => () => responsesApi.parse({ model: "m", input: "x", ...rest }, {});
    assert.throws(refused({ background: true }), { message: /#\/background: background runs are not supported/ });
    assert.throws(refused({ previous_response_id: "resp_1" }), { message: /the response was not found/ });
  });
  it("is empty without tokens", () => {
    const { format } = responsesApi.parse({ model: "m", input: [{ role: "user", content: "x" }] }, {});
    assert.deepEqual((format.answer({ ...ANSWER, outputTokens: 0 }) as { output: unknown }).output, []);
  });
});

describe("Chat Completions API", () => {
  const messages = [{ role: "user", content: "12345678" }];
  it("says its token counts in a chunk of their own if the caller wants them, else nowhere", () => {
    const ends = (options: object | undefined) =>
      JSON.stringify(
        chatCompletionsApi
          .parse({ model: "m", messages, stream: true, stream_options: options }, {})
          .format.end(ANSWER),
      );
    assert.match(ends({ include_usage: true }), /"choices":\[\],"usage":\{"prompt_tokens":10,"completion_tokens":4/);
    assert.doesNotMatch(ends(undefined), /usage/);
  });
  it("has the role in its first chunk alone, and its date in all", () => {
    const { format } = chatCompletionsApi.parse({ model: "m", messages, stream: true }, {});
    for (const answer of [ANSWER, { ...ANSWER, tool: { name: "f", input: {} }, stopReason: "tool_use" as const }]) {
      const chunks = [...format.begin(answer), ...format.delta(answer, 0, 4), ...format.end(answer)] as {
        readonly created: number;
        readonly choices: readonly { readonly delta: { readonly role?: string; readonly content?: string | null } }[];
      }[];
      const deltas = chunks.map(({ choices }) => choices[0]!.delta);
      assert.deepEqual([...new Set(deltas.slice(1).map(({ role }) => role))], [undefined]);
      assert.deepEqual(deltas[0], { role: "assistant", content: answer === ANSWER ? "" : null });
      assert.equal(new Set(chunks.map(({ created }) => created)).size, 1);
      assert.ok(Math.abs(chunks[0]!.created - Date.now() / 1000) < 5);
    }
  });
  it("leaves the tier to the service unless one is named", () => {
    assert.deepEqual([tierOf("auto"), tierOf(undefined), tierOf("flex")], [undefined, undefined, "flex"]);
  });
  it("counts tools and calls of tools, too", () => {
    const tokens = (rest: object) => chatCompletionsApi.parse({ model: "m", messages, ...rest }, {}).prompt.inputTokens;
    const tools = [{ type: "function", function: { name: "f", parameters: {} } }];
    assert.ok(tokens({ tools }) > tokens({}) + 10);
    const calls = [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }];
    assert.ok(tokens({ messages: [...messages, { role: "assistant", content: null, tool_calls: calls }] }) > 15);
  });
});
