import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import fc from "fast-check";
import { MeridianError } from "../../../../simulator/base/errors.ts";
import { FORMATS } from "../../../../simulator/traffic/formats/index.ts";
import { asked } from "../../../members.ts";
import { readText, readTrace } from "../read-trace.ts";

/** The same two requests in every format; a new format adds its own and is held to the same. */
const SAMPLES: Record<string, readonly string[]> = {
  "azure-llm": [
    "TIMESTAMP,ContextTokens,GeneratedTokens",
    "2026-05-04 00:00:00.0000000,100,7",
    "2026-05-04 00:00:01.5000000,200,8",
  ],
  burstgpt: [
    "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type",
    "0,ChatGPT,100,7,107,Conversation log",
    "1.5,GPT-4,200,8,208,API log",
  ],
  mooncake: [
    '{"timestamp": 0, "input_length": 100, "output_length": 7, "hash_ids": [1]}',
    '{"timestamp": 1500, "input_length": 200, "output_length": 8, "hash_ids": [2]}',
  ],
  bailian: [
    '{"chat_id": 1, "parent_chat_id": -1, "timestamp": 0, "input_length": 100, "output_length": 7, "type": "text", "turn": 1, "hash_ids": [1]}',
    '{"chat_id": 2, "parent_chat_id": 1, "timestamp": 1.5, "input_length": 200, "output_length": 8, "type": "text", "turn": 2, "hash_ids": [1, 2]}',
  ],
  guidellm: [
    '{"timestamp": 0, "input_length": 100, "output_length": 7}',
    '{"timestamp": 1.5, "input_length": 200, "output_length": 8}',
  ],
  aiperf: [
    '{"metadata": {"request_start_ns": 1777888800000000000, "x_request_id": "a"}, "metrics": {"input_sequence_length": {"value": 100, "unit": "tokens"}, "output_sequence_length": {"value": 7}}, "error": null}',
    '{"metadata": {"request_start_ns": 1777888801500000000, "x_request_id": "b"}, "metrics": {"input_sequence_length": {"value": 200, "unit": "tokens"}, "output_sequence_length": {"value": 8}}, "error": null}',
  ],
  "bedrock-log": [
    '{"schemaType":"ModelInvocationLog","timestamp":"2026-05-04T10:00:00Z","region":"us-east-1","requestId":"a","modelId":"m.x","input":{"inputTokenCount":60,"cacheReadInputTokenCount":40},"output":{"outputTokenCount":7}}',
    '{"schemaType":"ModelInvocationLog","timestamp":"2026-05-04T10:00:01.5Z","region":"us-east-1","requestId":"b","modelId":"m.x","input":{"inputTokenCount":200},"output":{"outputTokenCount":8}}',
  ],
  "decision-log": [
    '{"strategy":"s","replication":0,"request":0,"class":"c","arrivedAt":"2026-05-04T10:00:00.000Z","endedAt":"2026-05-04T10:00:02.000Z","origin":"o","end":"served","promptTokens":100,"attempts":[{"outcome":"ok","sentAt":"2026-05-04T10:00:00.000Z","tokens":{"input":100,"output":7,"cacheRead":0,"cacheWrite":0}}]}',
    '{"strategy":"s","replication":0,"request":1,"class":"c","arrivedAt":"2026-05-04T10:00:01.500Z","endedAt":"2026-05-04T10:00:02.000Z","origin":"o","end":"served","promptTokens":200,"attempts":[{"outcome":"ok","sentAt":"2026-05-04T10:00:01.500Z","tokens":{"input":200,"output":8,"cacheRead":0,"cacheWrite":0}}]}',
  ],
  litellm: [
    '{"request_id":"a","startTime":"2026-05-04T10:00:00Z","prompt_tokens":100,"completion_tokens":7,"model":"m.x"}',
    '{"request_id":"b","startTime":"2026-05-04T10:00:01.500Z","prompt_tokens":200,"completion_tokens":8,"model":"m.x"}',
  ],
  "otel-genai": [span("a", 0, 100, 7), span("b", 1500, 200, 8)],
  csv: ["time_ms,input_tokens,output_tokens", "0,100,7", "1500,200,8"],
  jsonl: [
    '{"time_ms": 0, "input_tokens": 100, "output_tokens": 7}',
    '{"time_ms": 1500, "input_tokens": 200, "output_tokens": 8}',
  ],
};

function span(id: string, ms: number, input: number, output: number): string {
  const attributes = [
    { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
    { key: "gen_ai.usage.input_tokens", value: { intValue: String(input) } },
    { key: "gen_ai.usage.output_tokens", value: { intValue: String(output) } },
  ];
  const startTimeUnixNano = String(BigInt(1_777_888_800_000 + ms) * 1_000_000n);
  return JSON.stringify({
    resourceSpans: [{ scopeSpans: [{ spans: [{ spanId: id, startTimeUnixNano, attributes }] }] }],
  });
}

/** Formats that tell no single requests, or no tokens, or no text: each has a test of its own. */
const OTHERS = ["cloudtrail", "cloudwatch", "parquet"];

const HERE = "test/simulator/traffic/formats/index.test.ts";

for (const format of FORMATS) {
  const lines = SAMPLES[format.name];

  test(`${format.name}: has a summary, a test of its own and a sample`, () => {
    assert.match(format.summary, /^[A-Z].{20,}[^.]$/, "the summary is one line of meridian list formats, no full stop");
    const file = ["csv", "jsonl", "parquet"].includes(format.name) ? "generic" : format.name;
    const own = `test/simulator/traffic/formats/${file}.test.ts`;
    assert.ok(existsSync(new URL(`../../../../${own}`, import.meta.url)), `write ${own}`);
    assert.ok(
      lines ?? OTHERS.includes(format.name),
      `tell the conformance suite a sample of ${format.name}: SAMPLES in ${HERE}`,
    );
  });
  if (lines === undefined) continue;

  test(`${format.name}: found by its first line, reads the same requests, stops at a bad row`, () => {
    const found = readText(lines.join("\n"), "f").reader.format;
    assert.equal(found, format.name, `the first format that matches is ${found}: list ${format.name} before it`);
    const { arrivalMs, inputTokens, outputTokens } = readTrace(format, lines, "f");
    assert.deepEqual(
      [[...arrivalMs], [...inputTokens], [...outputTokens]],
      [
        [0, 1500],
        [100, 200],
        [7, 8],
      ],
    );
    const broken = [...lines.slice(0, -1), lines.at(-1)!.replace("200", "-200")];
    const place = new RegExp(`TRACE_NEGATIVE_TOKENS {2}f:${lines.length}`);
    assert.throws(() => readTrace(format, broken, "f"), place);
  });
}

for (const format of asked(FORMATS, ({ name }) => name)) {
  const lines = SAMPLES[format.name];
  if (lines === undefined) continue;
  test(`${format.name}: a damaged row is read, or refused with its line, and nothing else`, () => {
    const last = lines.at(-1)!;
    const damaged = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .tuple(fc.nat(last.length), fc.nat(last.length), fc.string({ maxLength: 4 }))
        .map(([from, to, text]) => last.slice(0, from) + text + last.slice(to)),
    );
    const rows = fc.array(damaged, { maxLength: 4 });
    fc.assert(
      fc.property(rows, (more) => {
        try {
          const { arrivalMs } = readTrace(format, [...lines, ...more], "f");
          assert.ok(arrivalMs.length >= 2);
          assert.ok(arrivalMs.every((ms, i) => Number.isFinite(ms) && ms >= (i === 0 ? 0 : arrivalMs[i - 1]!)));
        } catch (error) {
          assert.ok(error instanceof MeridianError && error.kind === "data", String(error));
          assert.match(error.problems[0]!.where ?? "", /^f:\d+$/);
        }
      }),
      { numRuns: 300 },
    );
  });
}

test("what is no trace has no format", () => {
  for (const line of ["hello", '{"foo": 1}', "a,b,c"]) {
    assert.throws(() => readText(`${line}\n`, "f"), /TRACE_UNKNOWN_FORMAT {2}f:1/);
  }
});
