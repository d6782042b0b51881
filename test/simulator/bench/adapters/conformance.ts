/**
 * What every registered endpoint adapter must do, whatever its protocol. `SERVED` holds the same answer in each
 * protocol, whole and as a stream; an adapter that is not there fails the suite, so that a new one cannot slip through.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { converseFrame } from "../../../../emulator/http/wire.ts";
import type { AdapterSettings, EndpointAdapter, PromptOrder } from "../../../../simulator/bench/adapters/adapter.ts";

/** An answer with 120 tokens of prompt, none from a cache, and 34 of output. */
const SERVED: Readonly<Record<string, { readonly whole: string; readonly stream: string | ArrayBuffer }>> = {
  bedrock: {
    whole: '{"usage":{"inputTokens":120,"outputTokens":34,"totalTokens":154}}',
    stream: joined(
      converseFrame("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "a" } }),
      converseFrame("messageStop", { stopReason: "end_turn" }),
      converseFrame("metadata", { usage: { inputTokens: 120, outputTokens: 34, totalTokens: 154 } }),
    ),
  },
  openai: {
    whole: '{"id":"c1","choices":[],"usage":{"prompt_tokens":120,"completion_tokens":34}}',
    stream: [
      'data: {"id":"c1","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n',
      'data: {"id":"c1","choices":[],"usage":{"prompt_tokens":120,"completion_tokens":34}}\n\n',
      "data: [DONE]\n\n",
    ].join(""),
  },
};

const USAGE = [120, 34, 0, 0];

const PROMPT: PromptOrder = {
  requestId: "17.0",
  className: "chat",
  inputTokens: 120,
  outputTokens: 34,
  maxTokens: 200,
  prefixTokens: 0,
  prefixId: -1,
  tier: "standard",
  charsPerToken: 4,
  salt: "",
};

export function conforms(adapter: EndpointAdapter): void {
  const { name } = adapter;
  describe(`adapter ${name}`, () => {
    const served = SERVED[name];
    if (served === undefined) {
      it("has a sample", () => assert.fail(`tell the conformance suite a served answer of ${name}: SERVED in ${HERE}`));
      return;
    }
    isDescribed(adapter);
    asks(adapter);
    readsAnswers(adapter, served);
    readsRefusals(adapter);
  });
}

const HERE = "test/simulator/bench/adapters/conformance.ts";

function isDescribed(adapter: EndpointAdapter): void {
  it("says how calls are let in, and describes its settings", () => {
    assert.ok(adapter.auths.length > 0, "auths: list at least one way");
    assert.match(adapter.keyVariable, /^[A-Z][A-Z0-9_]+$/);
    for (const [key, setting] of Object.entries(adapter.settings))
      assert.match(setting.description, /^[A-Z].{20,}/, `setting ${key} needs a description of what it does`);
  });

  it("has a test of its own, and a row on TTFT in docs/bench.md", () => {
    const test = `test/simulator/bench/adapters/${adapter.name}.test.ts`;
    assert.ok(existsSync(new URL(`../../../../${test}`, import.meta.url)), `write ${test}`);
    const page = readFileSync(new URL("../../../../docs/bench.md", import.meta.url), "utf8");
    assert.ok(page.includes(`\`${adapter.name}\``), `docs/bench.md: say what \`${adapter.name}\` does`);
  });
}

function asks(adapter: EndpointAdapter): void {
  it("asks by a path below the endpoint and JSON, with the text of the prompt, streamed or not", () => {
    for (const isStream of [true, false]) {
      const settings: AdapterSettings = {};
      const { path, headers, body } = adapter.request({
        model: 'a/"b"',
        prompt: PROMPT,
        isStream,
        settings,
        origin: undefined,
      });
      assert.match(path, /^\/[\w/.~%-]+$/, "path: percent-encode its segments");
      for (const [header, value] of Object.entries(headers)) assert.match(`${header}: ${value}`, /^[a-z0-9-]+: .*$/);
      const longest = Math.max(...textsIn(JSON.parse(body)).map((text) => text.length));
      assert.equal(
        longest,
        PROMPT.inputTokens * PROMPT.charsPerToken,
        "body: the prompt's text as promptTexts made it",
      );
    }
  });
}

function readsAnswers(adapter: EndpointAdapter, { whole, stream }: (typeof SERVED)[string]): void {
  const read = (body: string | ArrayBuffer, isStream: boolean) => answerTo(adapter, 200, body, isStream);

  it("counts a served answer, whole or streamed", () => {
    for (const verdict of [read(whole, false), read(stream, true)]) {
      const { kind, isFinal, error, usage } = verdict;
      assert.deepEqual({ kind, isFinal, error, usage }, { kind: "ok", isFinal: false, error: "", usage: USAGE });
    }
    assert.equal(typeof stream === "string" ? "text" : "binary", adapter.streamBody);
  });

  it("takes a stream that is cut short before its counts for an error to try again", () => {
    const length = typeof stream === "string" ? stream.length : stream.byteLength;
    let errors = 0;
    for (let end = 0; end < length; end++) {
      const { kind, isFinal, usage } = read(stream.slice(0, end), true);
      assert.deepEqual(usage, kind === "ok" ? USAGE : null, `cut at ${end}`);
      if (kind !== "ok") errors += 1;
      assert.ok(!isFinal, `cut at ${end}: it may be tried again`);
    }
    assert.ok(errors > length / 3, "most of the stream comes before its counts");
  });

  it("takes what is no answer for an error, and never throws", () => {
    for (const body of ["", "{", "null", "[]", "<html>", '{"usage":null}'])
      for (const isStream of [true, false]) assert.equal(read(body, isStream).kind, "error", body);
  });
}

/** What a status alone means, in every protocol. */
const STATUSES: readonly (readonly [status: number, kind: string, isFinal: boolean])[] = [
  [400, "error", true],
  [403, "error", true],
  [429, "throttled", false],
  [500, "error", false],
  [503, "unavailable", false],
];

function readsRefusals(adapter: EndpointAdapter): void {
  it("tells refusals for load from wrong calls: only these are final", () => {
    for (const isStream of [true, false])
      for (const [status, kind, isFinal] of STATUSES) {
        const verdict = answerTo(adapter, status, "{}", isStream);
        assert.deepEqual([verdict.kind, verdict.isFinal, verdict.usage], [kind, isFinal, null], `HTTP ${status}`);
      }
  });
}

function answerTo(adapter: EndpointAdapter, status: number, body: string | ArrayBuffer, isStream: boolean) {
  return adapter.read({ status, header: () => undefined, body, nowMs: 0 }, isStream);
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function joined(...frames: readonly Uint8Array[]): ArrayBuffer {
  return new Uint8Array(frames.flatMap((frame) => [...frame])).buffer;
}
