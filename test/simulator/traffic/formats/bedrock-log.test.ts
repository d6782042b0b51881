import assert from "node:assert/strict";
import test from "node:test";
import { BadRows } from "../../../../simulator/traffic/bad-rows.ts";
import { bedrockLog } from "../../../../simulator/traffic/formats/bedrock-log.ts";
import { UNKNOWN_TOKENS } from "../../../../simulator/traffic/recorded-rows.ts";
import { counted, fixtureText, sum } from "../fixtures.ts";
import { readText } from "../read-trace.ts";

const LOG = fixtureText("invocation-logs/bedrock-invocation-log.jsonl");

test("an hour of a log: rows, tokens of each kind, tags, ends", () => {
  const { columns, reader } = readText(LOG, "log");
  assert.equal(reader.format, bedrockLog.name);
  assert.equal(columns.arrivalMs.length, 200);
  // Input of the log leaves cached tokens out: 219,634 + 158,676 + 14,029.
  assert.equal(sum(columns.inputTokens), 392_339);
  assert.deepEqual([sum(columns.cacheReadTokens!), sum(columns.cacheWriteTokens!)], [158_676, 14_029]);
  const known = columns.outputTokens.filter((tokens) => tokens !== UNKNOWN_TOKENS);
  assert.deepEqual([known.length, sum(known)], [193, 44_696]);
  assert.deepEqual(counted(columns.outcome!, ["served", "throttled", "refused", "failed", "left"]), {
    served: 193,
    throttled: 3,
    refused: 2,
    failed: 2,
  });
  assert.deepEqual(new Set(columns.originNames), new Set(["us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1"]));
  assert.equal(columns.startEpochMs, Date.parse("2026-09-03T14:00:09Z"));
  // One record has no requestMetadata, and its caller's role stands for the team.
  assert.ok(columns.tenantNames!.includes("search"));
});

test("edge cases: duplicates count once, usage of the body fills what is missing, zones are kept", () => {
  const text = fixtureText("invocation-logs/bedrock-invocation-log-edge-cases.jsonl");
  assert.throws(() => readText(text, "log"), /TRACE_BAD_JSON {2}log:4: the line is not JSON/);
  const badRows = new BadRows({ skip: true, max: 10 });
  const { columns, reader } = readText(text, "log", { badRows });
  assert.equal(columns.arrivalMs.length, 7);
  assert.equal(reader.duplicates, 1);
  assert.deepEqual(
    badRows.rejected.map(({ code, where }) => [code, where]),
    [
      ["TRACE_BAD_JSON", "log:4"],
      ["TRACE_NOT_A_CALL", "log:10"],
    ],
  );
  assert.ok(columns.inputTokens.includes(6152));
  // 13:59:59 is the first; 16:03:07.25 in +02:00 is the last.
  assert.equal(columns.startEpochMs, Date.parse("2026-09-03T13:59:59Z"));
  assert.equal(columns.arrivalMs.at(-1), 188_250);
  assert.match(reader.notes.at(-1)!, /^2 of 10 rows \(20 %\) could not be read and were left out$/);
});

test("exports of a log group are the same requests", () => {
  const lines = LOG.trim().split("\n");
  const expected = readText(LOG, "log").columns;
  const events = lines.map((message, i) => ({ id: String(i), timestamp: 1_788_444_000_000 + i, message }));
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const exports = {
    "export to S3": lines.map((line) => `2026-09-03T14:00:09.000Z ${line}`).join("\n"),
    "subscription, not cut into lines": [events.slice(0, 90), events.slice(90)]
      .map((logEvents) => JSON.stringify({ messageType: "DATA_MESSAGE", owner: "1", logEvents }))
      .join(""),
    "filter-log-events": JSON.stringify({ events, searchedLogStreams: [] }, null, 2),
    "console CSV": ["timestamp,message", ...events.map((each) => `${each.timestamp},${quoted(each.message)}`)].join(
      "\n",
    ),
    "Logs Insights JSON": JSON.stringify(lines.map((line) => ({ "@timestamp": "t", "@message": JSON.parse(line) }))),
  };
  for (const [name, text] of Object.entries(exports)) {
    const { columns } = readText(text, name);
    assert.deepEqual(columns, expected, name);
  }
});

test("latency of streams, max_tokens and a tag that is asked for", () => {
  const record = {
    timestamp: "2026-09-03T14:00:09Z",
    region: "eu-west-1",
    requestId: "1",
    modelId: "amazon.nova-pro-v1:0",
    requestMetadata: { team: "search", env: "prod" },
    input: { inputTokenCount: 10, inputBodyJson: { max_tokens: 300 } },
    output: {
      outputTokenCount: 7,
      outputBodyJson: [
        { delta: "x" },
        { "amazon-bedrock-invocationMetrics": { invocationLatency: 800, firstByteLatency: 120 } },
      ],
    },
  };
  const { columns } = readText(JSON.stringify(record), "log", { tag: "env" });
  assert.deepEqual([columns.e2eMs![0], columns.ttftMs![0], columns.maxTokens![0]], [800, 120, 300]);
  assert.deepEqual(columns.classNames, ["prod"]);
});

test("log groups as they are followed in a terminal, and answers of Logs Insights", () => {
  const record = {
    schemaType: "ModelInvocationLog",
    timestamp: "2026-09-03T14:00:09Z",
    region: "us-east-1",
    modelId: "amazon.nova-lite-v1:0",
    input: { inputTokenCount: 12 },
    output: { outputTokenCount: 3 },
  };
  const message = JSON.stringify(record);
  const cells = [
    { field: "@timestamp", value: "2026-09-03 14:00:09.000" },
    { field: "@message", value: message },
    { field: "@ptr", value: "x" },
  ];
  for (const text of [
    `2026-09-03T14:00:09.000Z ${message}\n`,
    `2026-09-03T14:00:09 ${message}\n`,
    `2026-09-03T14:00:09.000000+00:00 aws/bedrock/modelinvocations ${message}\n`,
    JSON.stringify({ results: [cells], status: "Complete" }, null, 2),
  ]) {
    const { columns, reader } = readText(text, "log");
    assert.deepEqual([reader.format, ...columns.inputTokens, ...columns.outputTokens], ["bedrock-log", 12, 3]);
  }
});
