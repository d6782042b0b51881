import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { AdapterSettings, PromptOrder } from "../../../../simulator/bench/adapters/adapter.ts";
import { openai } from "../../../../simulator/bench/adapters/openai.ts";

const ORDER: PromptOrder = {
  requestId: "17.2",
  className: "chat",
  inputTokens: 300,
  outputTokens: 60,
  maxTokens: 200,
  prefixTokens: 0,
  prefixId: -1,
  tier: "standard",
  charsPerToken: 4,
  salt: "s1",
};
const NOW_MS = Date.UTC(2026, 4, 4, 12, 0, 0);

function request(order: Partial<PromptOrder> = {}, settings: AdapterSettings = {}, isStream = true) {
  const prompt = { ...ORDER, ...order };
  return openai.request({ model: 'meta/"llama"', prompt, isStream, settings, origin: undefined });
}

function body(...args: Parameters<typeof request>): Record<string, unknown> {
  return JSON.parse(request(...args).body) as Record<string, unknown>;
}

function read(status: number, text: string | null, isStream: boolean, headers: Readonly<Record<string, string>> = {}) {
  return openai.read({ status, header: (name) => headers[name], body: text, nowMs: NOW_MS }, isStream);
}

describe("a chat completion is asked for", () => {
  it("with the members that OpenAI's reference names", () => {
    const { messages, ...rest } = body();
    assert.deepEqual(rest, {
      model: 'meta/"llama"',
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 200,
    });
    const [message] = messages as readonly { readonly role: string; readonly content: string }[];
    assert.equal(message!.role, "user");
    assert.equal(message!.content.length, 1200);
    assert.equal(request().path, "/chat/completions");
    assert.deepEqual(request().headers, { "x-client-request-id": "17.2" });
  });

  it("whole, where it is not to be streamed", () => {
    const whole = body({}, {}, false);
    assert.ok(!("stream" in whole) && !("stream_options" in whole));
  });

  it("with a limit always: a model without one may fill its context", () => {
    assert.equal(body({ maxTokens: 0 }).max_tokens, 60);
    assert.equal(body({ maxTokens: 0, outputTokens: 0 }).max_tokens, 1);
  });

  it("with what the endpoints file sets", () => {
    const set = body({}, { maxTokensField: "max_completion_tokens", temperature: 0 });
    assert.deepEqual([set.max_tokens, set.max_completion_tokens, set.temperature], [undefined, 200, 0]);
  });

  it("of a forced length, in vLLM's words, as long as the schedule and the caller's limit say", () => {
    const forced = (order: Partial<PromptOrder>) => {
      const { ignore_eos, min_tokens, max_tokens } = body(order, { forceLength: "vllm" });
      return [ignore_eos, min_tokens, max_tokens];
    };
    assert.deepEqual(forced({}), [true, 60, 60]);
    assert.deepEqual(forced({ outputTokens: 500 }), [true, 200, 200]);
    assert.deepEqual(forced({ maxTokens: 0, outputTokens: 0 }), [true, 1, 1]);
  });

  it("of a service tier by its name", () => {
    assert.equal(body({ tier: "flex" }).service_tier, "flex");
    assert.ok(!("service_tier" in body()));
  });

  it("with the cacheable prefix first, in a message of its own where there is more", () => {
    const roles = (order: Partial<PromptOrder>) =>
      (body(order).messages as { role: string; content: string }[]).map(({ role, content }) => [role, content.length]);
    assert.deepEqual(roles({ prefixTokens: 200, prefixId: 1 }), [
      ["system", 800],
      ["user", 400],
    ]);
    assert.deepEqual(roles({ prefixTokens: 300, prefixId: 1 }), [["user", 1200]]);
  });
});

/** Chunks as OpenAI's reference shows them. */
const chunk = (over: object): string =>
  JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m", ...over });
const text = (content: string): string => chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const COUNTS = { prompt_tokens: 120, completion_tokens: 34, total_tokens: 154 };
const LAST = chunk({ choices: [], usage: COUNTS });
const events = (...data: readonly string[]): string => data.map((each) => `data: ${each}\n\n`).join("");
const TEXTS = [text("grüße"), text(" 東京"), chunk({ choices: [{ index: 0, delta: {}, finish_reason: "length" }] })];
const OK = { kind: "ok", isFinal: false, error: "" };

function verdict(stream: string) {
  const { kind, isFinal, error } = read(200, stream, true);
  return { kind, isFinal, error };
}

describe("a streamed answer", () => {
  it("is counted by the chunk before its end", () => {
    const { usage, serviceRequestId, ...rest } = read(200, events(...TEXTS, LAST, "[DONE]"), true);
    assert.deepEqual(rest, { ...OK, retryAfterMs: Number.NaN });
    assert.deepEqual(usage, [120, 34, 0, 0]);
    assert.equal(serviceRequestId, "chatcmpl-1");
  });

  it("is counted in the ways of other servers too", () => {
    const usage = { usage: COUNTS };
    for (const [what, stream] of Object.entries({
      "lines end as in HTTP": events(...TEXTS, LAST, "[DONE]").replaceAll("\n", "\r\n"),
      "no blank after the colon, comments between": `data:${TEXTS[0]}\n\n: ping\n\ndata:${LAST}\n\n: bye\n\ndata:[DONE]\n\n`,
      "counts with the finish reason": events(text("a"), chunk({ choices: [{ delta: {} }], ...usage }), "[DONE]"),
      "choices is null": events(text("a"), chunk({ choices: null, ...usage }), "[DONE]"),
      "another chunk behind the counts": events(LAST, chunk({ choices: [], usage: null }), "[DONE]"),
      "no word of its end": events(...TEXTS, LAST),
    })) {
      assert.deepEqual(verdict(stream), OK, what);
    }
  });

  it("is read from its end: what comes before is not looked at", () => {
    assert.deepEqual(verdict(`data: {"broken\n\n${events(LAST, "[DONE]")}`), OK);
  });

  it("that is cut short is an error, wherever it is cut", () => {
    const whole = events(...TEXTS, LAST, "[DONE]");
    const isComplete = whole.indexOf(LAST) + LAST.length;
    for (let length = 0; length < whole.length; length++) {
      const { kind, error, isFinal } = verdict(whole.slice(0, length));
      assert.equal(kind, length < isComplete ? "error" : "ok", `cut at ${length}`);
      if (kind === "error") assert.deepEqual([error, isFinal], ["StreamCutShort", false]);
    }
    const running = chunk({ choices: [{ index: 0, delta: { content: "a" } }], usage: COUNTS });
    assert.equal(verdict(events(running)).error, "StreamCutShort", "counts so far are not the last ones");
  });

  it("without counts is an error: nothing could be billed", () => {
    assert.deepEqual(verdict(events(...TEXTS, "[DONE]")), { kind: "error", isFinal: false, error: "NoUsage" });
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (junk) => void verdict(junk)));
    fc.assert(fc.property(fc.json(), (json) => void verdict(events(json, "[DONE]"))));
  });

  it("counts cached tokens separately, those written where a proxy reports them", () => {
    const counted = (details: object) =>
      read(200, events(chunk({ choices: [], usage: { ...COUNTS, prompt_tokens_details: details } }), "[DONE]"), true)
        .usage;
    assert.deepEqual(counted({ cached_tokens: 64 }), [56, 34, 64, 0]);
    assert.deepEqual(counted({ cached_tokens: 20, cache_creation_tokens: 30 }), [70, 34, 20, 30]);
    assert.deepEqual(counted({ cached_tokens: null }), [120, 34, 0, 0]);
  });

  for (const [what, error, kind, isFinal] of [
    ["a number", { message: "boom", type: "InternalServerError", code: 500 }, "error", false],
    ["a number as text", { message: "slow", type: "None", param: "None", code: "429" }, "throttled", false],
    ["a name", { message: "x", type: "server_error", code: "server_is_overloaded" }, "unavailable", false],
    ["a kind of limit", { message: "x", type: "tokens", code: "rate_limit_exceeded" }, "throttled", false],
    ["a mistake", { message: "x", type: "invalid_request_error", code: null }, "error", true],
    ["nothing known", { message: "x" }, "error", false],
  ] as const) {
    it(`that breaks off with an error of ${what} is ${kind}`, () => {
      for (const end of [[], ["[DONE]"]]) {
        const found = verdict(events(text("a"), JSON.stringify({ error }), ...end));
        assert.deepEqual([found.kind, found.isFinal], [kind, isFinal]);
        const { interruption, receivedTokens } = read(200, events(text("a"), JSON.stringify({ error }), ...end), true);
        assert.deepEqual([interruption, receivedTokens], ["broken", 1], "it had begun");
      }
    });
  }

  it("that breaks off as older vLLM does is known too", () => {
    const error = JSON.stringify({ object: "error", message: "x", type: "BadRequestError", param: null, code: 400 });
    assert.deepEqual(verdict(events(text("a"), error, "[DONE]")), {
      kind: "error",
      isFinal: true,
      error: "BadRequestError",
    });
  });
});

/** Recorded from LiteLLM's proxy 1.106.2 in front of the emulator, shortened. */
describe("LiteLLM's proxy", () => {
  const HEAD = { id: "chatcmpl-f5027559", created: 1795250818, model: "nova", object: "chat.completion.chunk" };
  const word = JSON.stringify({ ...HEAD, choices: [{ index: 0, delta: { content: " see" } }] });
  const counts = {
    completion_tokens: 3,
    prompt_tokens: 6,
    total_tokens: 9,
    prompt_tokens_details: { cache_write_tokens: 0, cached_tokens: 0, text_tokens: 6, cache_creation_tokens: 0 },
    cost: 0.0000144,
  };
  const last = JSON.stringify({ ...HEAD, choices: [{ index: 0, delta: {} }], usage: counts });

  it("counts in a chunk with a choice", () => {
    const { kind, usage } = read(200, events(word, last, "[DONE]"), true);
    assert.deepEqual([kind, usage], ["ok", [6, 3, 0, 0]]);
  });

  it("breaks off with an error and no word of the end", () => {
    const error = { message: "litellm.RateLimitError: ...", type: "throttling_error", param: null, code: "429" };
    assert.deepEqual(verdict(events(word, JSON.stringify({ error }))), {
      kind: "throttled",
      isFinal: false,
      error: "throttling_error",
    });
  });

  it("refuses with numbers as text", () => {
    for (const [status, type, kind] of [
      [429, "throttling_error", "throttled"],
      [503, "internal_server_error", "unavailable"],
      [400, "invalid_request_error", "error"],
    ] as const) {
      const error = { message: "litellm...", type, param: null, code: String(status) };
      const found = read(status, JSON.stringify({ error }), true);
      assert.deepEqual([found.kind, found.error], [kind, type]);
    }
  });
});

describe("a whole answer", () => {
  it("is counted by its own counts", () => {
    const completion = { id: "chatcmpl-9", object: "chat.completion", choices: [{ message: {} }], usage: COUNTS };
    const { usage, serviceRequestId, kind } = read(200, JSON.stringify(completion), false, { "x-request-id": "req-1" });
    assert.deepEqual([kind, usage, serviceRequestId], ["ok", [120, 34, 0, 0], "req-1"]);
  });

  it("without them, or no answer at all, is an error", () => {
    assert.equal(read(200, "{}", false).error, "NoUsage");
    assert.equal(read(200, "<html>", false).error, "NoJson");
    assert.equal(read(200, null, false).error, "NoJson");
  });
});

/** What OpenAI's page on error codes says, and what its own clients try again: 408, 409, 429 and 5xx. */
describe("a refusal", () => {
  for (const [status, code, kind, isFinal] of [
    [429, "rate_limit_exceeded", "throttled", false],
    [429, undefined, "throttled", false],
    [429, "credit_balance_exhausted", "throttled", true],
    [429, "insufficient_quota", "throttled", true],
    [429, "project_spend_limit_exceeded", "throttled", true],
    [503, "server_is_overloaded", "unavailable", false],
    [529, undefined, "unavailable", false],
    [500, "server_error", "error", false],
    [502, undefined, "error", false],
    [504, undefined, "error", false],
    [408, undefined, "error", false],
    [409, undefined, "error", false],
    [400, "context_length_exceeded", "error", true],
    [401, "invalid_api_key", "error", true],
    [403, undefined, "error", true],
    [404, "model_not_found", "error", true],
    [422, undefined, "error", true],
    [307, undefined, "error", true],
  ] as const) {
    it(`${status} ${code ?? "without a code"} is ${kind}${isFinal ? ", for good" : ""}`, () => {
      for (const isStream of [true, false]) {
        const found = read(
          status,
          JSON.stringify({ error: { message: "key sk-1 is wrong", type: "t", code } }),
          isStream,
        );
        assert.deepEqual([found.kind, found.isFinal, found.usage], [kind, isFinal, null]);
        assert.equal(found.error, code ?? "t", "its name, never its message");
        assert.equal(read(status, "<html>", isStream).error, `HTTP ${status}`);
      }
    });
  }

  it("by the type alone may mean that money ran out", () => {
    const error = { error: { message: "x", type: "insufficient_quota", code: "some_new_limit" } };
    assert.equal(read(429, JSON.stringify(error), true).isFinal, true);
  });

  it("may say itself whether to try again", () => {
    assert.equal(read(500, "", true, { "x-should-retry": "false" }).isFinal, true);
    assert.equal(read(400, "", true, { "x-should-retry": "true" }).isFinal, false);
  });

  it("says how long to wait: in ms, in seconds, or until when", () => {
    const waitMs = (headers: Readonly<Record<string, string>>) => read(429, "", true, headers).retryAfterMs;
    assert.equal(waitMs({ "retry-after-ms": "1500", "retry-after": "9" }), 1500);
    assert.equal(waitMs({ "retry-after": "2" }), 2000);
    assert.equal(waitMs({ "retry-after": "0.25" }), 250);
    assert.equal(waitMs({ "retry-after": "Mon, 04 May 2026 12:00:07 GMT" }), 7000);
    for (const headers of [{}, { "retry-after": "soon" }, { "retry-after": "" }])
      assert.ok(Number.isNaN(waitMs(headers)));
  });
});
