import assert from "node:assert/strict";
import test from "node:test";
import { cloudtrail } from "../../../../simulator/traffic/formats/cloudtrail.ts";
import { counted, fixtureText } from "../fixtures.ts";
import { readText } from "../read-trace.ts";

test("events of calls in one long line: who, where, how it ended, no tokens; other events are counted", () => {
  const text = fixtureText("request-logs/cloudtrail.json.gz");
  const { columns, reader } = readText(text, "trail");
  assert.equal(reader.format, cloudtrail.name);
  assert.equal(columns.arrivalMs.length, 200);
  assert.ok(columns.inputTokens.every((tokens) => tokens === -1));
  assert.deepEqual(counted(columns.outcome!, ["served", "throttled", "refused", "failed"]), {
    served: 193,
    throttled: 3,
    refused: 2,
    failed: 2,
  });
  const other = text.replace('"eventName":"ConverseStream"', '"eventName":"ListFoundationModels"');
  const { columns: fewer, reader: second } = readText(other, "trail");
  assert.equal(fewer.arrivalMs.length, 199);
  assert.deepEqual(second.notes, ["1 events are not calls of models, and were left out"]);
});

test("answers of LookupEvents hold each event as text, EventBridge under a key", () => {
  const event = {
    eventTime: "2026-09-03T14:00:09Z",
    eventSource: "bedrock.amazonaws.com",
    eventName: "Converse",
    awsRegion: "us-east-1",
    requestParameters: { modelId: "amazon.nova-lite-v1:0" },
    requestID: "a",
  };
  const answer = { Events: [{ EventId: "e", EventTime: 1, CloudTrailEvent: JSON.stringify(event) }] };
  const bus = { version: "0", source: "aws.bedrock", time: event.eventTime, detail: event };
  for (const text of [JSON.stringify(answer), JSON.stringify(answer, null, 4), JSON.stringify(bus)]) {
    const { columns, reader } = readText(text, "lookup.json");
    assert.deepEqual([reader.format, columns.modelNames], ["cloudtrail", ["amazon.nova-lite-v1:0"]]);
  }
});
