import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decisionLog } from "../../../../simulator/traffic/formats/decision-log.ts";
import { readTrace } from "../read-trace.ts";

const attempt = (outcome: string, target: string, output: number) => ({
  target,
  sourceRegion: target,
  outcome,
  sentAt: "2026-05-04T10:00:00.250Z",
  ttftMs: 500,
  calledId: "us.m.x",
  tokens: { input: 60, output, cacheRead: 40, cacheWrite: 0 },
});
const record = (over: object) => ({
  strategy: "priority",
  replication: 0,
  request: 0,
  class: "chat",
  tags: { team: "search" },
  arrivedAt: "2026-05-04T10:00:00.000Z",
  endedAt: "2026-05-04T10:00:03.000Z",
  origin: "eu-west-1",
  end: "served",
  servedIn: "us-west-2",
  promptTokens: 100,
  maxTokens: 300,
  costUsd: "0.002",
  attempts: [attempt("throttled", "us-east-1", 0), attempt("ok", "us-west-2", 30)],
  ...over,
});
const read = (records: readonly object[]) =>
  readTrace(
    decisionLog,
    records.map((each) => JSON.stringify(each)),
    "log",
  );

describe("decision-log", () => {
  it("reads a request with all its attempts as one, by the attempt that served it", () => {
    const columns = read([record({})]);
    assert.deepEqual([...columns.inputTokens], [100]);
    assert.deepEqual([...columns.outputTokens], [30]);
    assert.deepEqual([...columns.maxTokens!], [300]);
    assert.deepEqual([...columns.cacheReadTokens!], [40]);
    assert.deepEqual(columns.classNames, ["chat"]);
    assert.deepEqual(columns.originNames, ["eu-west-1"]);
    assert.deepEqual([...columns.e2eMs!], [3000]);
    assert.deepEqual([...columns.ttftMs!], [750], "from the arrival: sent 250 ms later, first token after 500");
  });

  it("knows no answer of a request that was not served, and takes one run of several", () => {
    const failed = record({ end: "throttled", request: 1, attempts: [attempt("throttled", "us-east-1", 0)] });
    const columns = read([record({}), failed, record({ strategy: "random" }), record({ replication: 1 })]);
    assert.equal(columns.arrivalMs.length, 2);
    assert.deepEqual([...columns.outputTokens], [30, -1]);
    assert.deepEqual([...columns.outcome!], [0, 1]);
  });

  it("refuses an end that is none", () => {
    assert.throws(() => read([record({ end: "lost" })]), /"lost" is not the end of a request/);
  });
});
