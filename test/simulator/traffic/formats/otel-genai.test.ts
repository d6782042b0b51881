import assert from "node:assert/strict";
import test from "node:test";
import { otelGenai } from "../../../../simulator/traffic/formats/otel-genai.ts";
import { counted, fixtureText, sum } from "../fixtures.ts";
import { readText } from "../read-trace.ts";

const TEXT = fixtureText("request-logs/otel-genai-spans.jsonl.gz");

interface Span {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly intValue?: string } }[];
}

test("spans of exports, one a line or one document: tokens with those of caches, teams, regions", () => {
  const spans = TEXT.trim()
    .split("\n")
    .flatMap((line) => JSON.parse(line).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans: own }) => own as Span[]);
  const of = (name: string) =>
    sum(
      spans.flatMap(({ attributes }) =>
        attributes.filter(({ key }) => key === name).map(({ value }) => Number(value.intValue)),
      ),
    );
  const whole = {
    resourceSpans: TEXT.trim()
      .split("\n")
      .flatMap((line) => JSON.parse(line).resourceSpans),
  };
  for (const text of [TEXT, JSON.stringify(whole, null, 1)]) {
    const { columns, reader } = readText(text, "spans");
    assert.equal(reader.format, otelGenai.name);
    assert.equal(columns.arrivalMs.length, spans.length);
    assert.equal(sum(columns.inputTokens.filter((tokens) => tokens >= 0)), of("gen_ai.usage.input_tokens"));
    assert.equal(sum(columns.outputTokens.filter((tokens) => tokens >= 0)), of("gen_ai.usage.output_tokens"));
    assert.equal(sum(columns.cacheReadTokens!), of("gen_ai.usage.cache_read.input_tokens"));
    assert.equal(counted(columns.outcome!, ["served", "t", "r", "f"]).served, 193);
    assert.deepEqual(new Set(columns.tenantNames), new Set(["support", "search", "platform", "synthetic-gateway"]));
  }
});

test("spans of agents and tools are no calls; older names of attributes are read", () => {
  const attribute = (key: string, value: object) => ({ key, value });
  const spanOf = (spanId: string, ...attributes: object[]) => ({
    spanId,
    startTimeUnixNano: "1788444018489000000",
    endTimeUnixNano: "1788444018989500000",
    attributes,
  });
  const spans = [
    spanOf("a", attribute("gen_ai.operation.name", { stringValue: "invoke_agent" })),
    spanOf(
      "b",
      attribute("gen_ai.system", { stringValue: "aws.bedrock" }),
      attribute("gen_ai.request.model", { stringValue: "m.x" }),
      attribute("gen_ai.usage.prompt_tokens", { intValue: 12 }),
      attribute("gen_ai.usage.completion_tokens", { intValue: "3" }),
    ),
  ];
  const { columns, reader } = readText(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }), "spans");
  assert.deepEqual([columns.inputTokens[0], columns.outputTokens[0], columns.e2eMs![0]], [12, 3, 500.5]);
  assert.deepEqual(reader.notes, ["1 spans are not calls of models, and were left out"]);
});

test("names of OpenLLMetry and OpenInference", () => {
  const read = (attributes: Readonly<Record<string, string | number>>) => {
    const list = Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
    }));
    const span = { spanId: "a", startTimeUnixNano: "1777888800000000000", endTimeUnixNano: "1777888801000000000" };
    return readText(
      JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...span, attributes: list }] }] }] }),
      "o",
    );
  };
  const older = read({ "llm.request.model": "m", "llm.usage.prompt_tokens": 7, "llm.usage.completion_tokens": 2 });
  const phoenix = read({
    "openinference.span.kind": "LLM",
    "llm.model_name": "m",
    "llm.token_count.prompt": 7,
    "llm.token_count.completion": 2,
  });
  for (const { columns } of [older, phoenix]) {
    assert.deepEqual([columns.modelNames, ...columns.inputTokens, ...columns.outputTokens], [["m"], 7, 2]);
  }
});
