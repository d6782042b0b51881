import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../../emulator/backends/queue.ts";
import { parseCall } from "../../../emulator/inference/call.ts";
import { serveInference } from "../../../emulator/inference/serve.ts";
import type { Admission, InferenceBackend, InferenceObserver } from "../../../emulator/model/backend.ts";
import { createCatalog, DEFAULT_CATALOG } from "../../../emulator/model/catalog.ts";
import type { InvocationOutcome } from "../../../emulator/monitoring/invocation-log.ts";
import { FakeResponse } from "../fake-wire.ts";
import { decodeFrames } from "../frame-reader.ts";
import { CLAUDE, manualClock, userMessage } from "../support.ts";

const catalog = createCatalog(DEFAULT_CATALOG);

interface Options {
  readonly operation?: "Converse" | "ConverseStream";
  readonly oneWayMs?: number;
  readonly body?: object;
  readonly admission?: Admission;
}

function serve({ operation = "Converse", oneWayMs = 0, body = {}, admission }: Options = {}) {
  const { clock, advanceTo } = manualClock();
  const real = createFixedLatencyBackend(clock, { firstTokenMs: 100, perTokenMs: 10, outputTokens: 5 });
  const began: number[] = [];
  let observed: InferenceObserver | undefined;
  const backend: InferenceBackend = {
    begin(call, nowMs, observer) {
      began.push(nowMs);
      observed = observer;
      return admission ?? real.begin(call, nowMs, observer);
    },
  };
  const response = new FakeResponse();
  const outcomes: InvocationOutcome[] = [];
  const parsed = parseCall({
    requestId: "r",
    region: "us-east-1",
    accountId: "1",
    operation,
    resolved: catalog.resolve(CLAUDE, "us-east-1", () => undefined),
    headers: {},
    body: Buffer.from(JSON.stringify({ messages: [userMessage()], ...body })),
  });
  const report = (outcome: InvocationOutcome) => outcomes.push(outcome);
  serveInference({ clock, backend, response, parsed, shownId: CLAUDE, burndown: 5, arrivedMs: 0, oneWayMs, report });
  return { advanceTo, response, outcomes, began, breakAt: (ms: number) => observed!.onBreak(ms) };
}

describe("serveInference", () => {
  it("answers at the end of the answer, with its latency in whole ms", () => {
    const { advanceTo, response, outcomes } = serve();
    advanceTo(139);
    assert.equal(response.headersSent, false);
    advanceTo(140);
    const body = JSON.parse(response.bytes.toString());
    assert.equal(body.metrics.latencyMs, 140);
    assert.equal(body.stopReason, "end_turn");
    assert.deepEqual(
      [outcomes.length, outcomes[0]?.latencyMs, outcomes[0]?.firstTokenMs, outcomes[0]?.error],
      [1, 140, 100, undefined],
    );
  });

  it("adds the round trip, which the service's own latency excludes", () => {
    const { advanceTo, response, began } = serve({ oneWayMs: 40 });
    advanceTo(219);
    assert.deepEqual(began, [40]);
    assert.equal(response.headersSent, false);
    advanceTo(220);
    assert.equal(JSON.parse(response.bytes.toString()).metrics.latencyMs, 140);
  });

  const reasons = [
    ["max_tokens", { inferenceConfig: { maxTokens: 5 } }],
    ["stop_sequence", { inferenceConfig: { stopSequences: ["see"] } }],
    [
      "tool_use",
      { toolConfig: { tools: [{ toolSpec: { name: "t", inputSchema: { json: {} } } }], toolChoice: { any: {} } } },
    ],
    ["end_turn", { inferenceConfig: { maxTokens: 6 } }],
  ] as const;
  for (const [reason, body] of reasons) {
    it(`ends with ${reason}`, () => {
      const { advanceTo, response } = serve({ body });
      advanceTo(10_000);
      assert.equal(JSON.parse(response.bytes.toString()).stopReason, reason);
    });
  }

  it("sends a refusal after its own delay", () => {
    const { advanceTo, response, outcomes } = serve({
      admission: { kind: "refused", fault: { name: "ThrottlingException" }, afterMs: 5 },
    });
    advanceTo(4);
    assert.equal(response.headersSent, false);
    advanceTo(5);
    assert.equal(response.status, 429);
    assert.deepEqual([outcomes[0]?.error, outcomes[0]?.inferenceRegion], ["ThrottlingException", undefined]);
  });

  it("resets the connection or stays silent when the backend drops the call", () => {
    assert.equal(serve({ admission: { kind: "dropped", how: "reset" } }).response.destroyed, true);
    const silent = serve({ admission: { kind: "dropped", how: "silence" } });
    silent.advanceTo(1e6);
    assert.equal(silent.response.headersSent || silent.response.destroyed, false);
  });

  it("reports a disconnected caller once, and writes nothing more", () => {
    const { advanceTo, response, outcomes } = serve({ operation: "ConverseStream" });
    advanceTo(115);
    const written = response.bytes.length;
    response.destroy();
    advanceTo(1000);
    assert.equal(response.bytes.length, written);
    assert.deepEqual(
      outcomes.map(({ error, outputTokens }) => [error, outputTokens]),
      [["ClientClosed", 2]],
    );
  });

  it("resets the stream when the endpoint fails, and reports it", () => {
    const { advanceTo, response, outcomes, breakAt } = serve({ operation: "ConverseStream" });
    advanceTo(115);
    breakAt(115);
    assert.equal(response.destroyed, true);
    advanceTo(1000);
    assert.deepEqual(
      outcomes.map(({ error, outputTokens }) => [error, outputTokens]),
      [["ServiceUnavailableException", 2]],
    );
  });

  it("estimates quota use after the call: output counts times the model's burndown", () => {
    const { advanceTo, outcomes } = serve();
    advanceTo(1000);
    const [outcome] = outcomes;
    assert.equal(outcome!.estimatedQuotaTokens, outcome!.inputTokens + 5 * 5);
  });

  it("reports the full answer length for a caller that disconnected", () => {
    const { advanceTo, response, outcomes } = serve({ operation: "ConverseStream" });
    advanceTo(115);
    response.destroy();
    assert.deepEqual(
      outcomes.map(({ error, outputTokens, wholeOutputTokens }) => [error, outputTokens < 5, wholeOutputTokens]),
      [["ClientClosed", true, 5]],
    );
  });

  it("streams the usage of the whole answer", () => {
    const { advanceTo, response } = serve({ operation: "ConverseStream" });
    advanceTo(1000);
    const metadata = decodeFrames(response.bytes).at(-1);
    assert.deepEqual(metadata?.payload.metrics, { latencyMs: 140 });
    assert.equal((metadata!.payload.usage as { outputTokens: number }).outputTokens, 5);
  });
});
