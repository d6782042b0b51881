import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import {
  BedrockClient,
  CreateInferenceProfileCommand,
  DeleteInferenceProfileCommand,
  GetInferenceProfileCommand,
  ListFoundationModelsCommand,
  ListInferenceProfilesCommand,
} from "@aws-sdk/client-bedrock";
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import type { Fleet } from "../../emulator/fleet.ts";
import { CLAUDE, CLAUDE_BASE, testFleet } from "./support.ts";

/** Conformance with the installed AWS SDK for JavaScript: its default client speaks HTTP/2 with prior knowledge. */
describe("AWS SDK for JavaScript", () => {
  let fleet: Fleet;
  let client: BedrockRuntimeClient;

  before(async () => {
    fleet = await testFleet();
    client = runtimeClient(fleet, fleet.credentials!.secretAccessKey);
  });
  after(async () => {
    client.destroy();
    await fleet.close(0);
  });
  beforeEach(() => fleet.faults.clear());

  const messages = [{ role: "user" as const, content: [{ text: "Hello there" }] }];

  it("converses over h2c with SigV4", async () => {
    const answer = await client.send(
      new ConverseCommand({
        modelId: CLAUDE,
        messages,
        inferenceConfig: { maxTokens: 100 },
        requestMetadata: { outputTokens: "7", inputTokens: "1234" },
        serviceTier: { type: "priority" },
      }),
    );
    assert.equal(answer.stopReason, "end_turn");
    assert.equal(answer.usage?.inputTokens, 1234);
    assert.equal(answer.usage?.outputTokens, 7);
    assert.equal(answer.usage?.totalTokens, 1241);
    assert.equal(answer.serviceTier?.type, "priority");
    assert.equal(answer.output?.message?.role, "assistant");
    assert.equal(answer.output?.message?.content?.[0]?.text?.length, 28);
    assert.match(answer.$metadata.requestId ?? "", /^[0-9a-f-]{36}$/);
    assert.equal(Number.isInteger(answer.metrics?.latencyMs), true);
  });

  it("streams events in the documented order", async () => {
    const answer = await client.send(
      new ConverseStreamCommand({ modelId: CLAUDE, messages, inferenceConfig: { maxTokens: 5 } }),
    );
    const events = await collect(answer.stream);
    assert.deepEqual(
      events.map((event) => Object.keys(event)[0]),
      ["messageStart", ...Array(5).fill("contentBlockDelta"), "contentBlockStop", "messageStop", "metadata"],
    );
    const text = events.map((event) => event.contentBlockDelta?.delta?.text ?? "").join("");
    assert.equal(text.length, 20);
    assert.equal(events.at(-2)?.messageStop?.stopReason, "max_tokens");
    assert.equal(events.at(-1)?.metadata?.usage?.outputTokens, 5);
  });

  it("invokes with Anthropic's body, whole and streamed", async () => {
    const body = JSON.stringify({
      anthropic_version: "bedrock-2023-05-31",
      max_tokens: 6,
      messages: [{ role: "user", content: "Hi" }],
    });
    const whole = await client.send(new InvokeModelCommand({ modelId: CLAUDE, body, contentType: "application/json" }));
    const answer = JSON.parse(new TextDecoder().decode(whole.body));
    assert.equal(answer.type, "message");
    assert.equal(answer.stop_reason, "max_tokens");
    assert.equal(answer.usage.output_tokens, 6);

    const streamed = await client.send(
      new InvokeModelWithResponseStreamCommand({ modelId: CLAUDE, body, contentType: "application/json" }),
    );
    const chunks: Record<string, unknown>[] = [];
    for await (const event of streamed.body ?? []) {
      chunks.push(JSON.parse(new TextDecoder().decode(event.chunk?.bytes)));
    }
    assert.deepEqual(
      chunks.map((chunk) => chunk.type),
      [
        "message_start",
        "content_block_start",
        ...Array(6).fill("content_block_delta"),
        "content_block_stop",
        "message_delta",
        "message_stop",
      ],
    );
    const metrics = chunks.at(-1)?.["amazon-bedrock-invocationMetrics"] as Record<string, number>;
    assert.equal(metrics.outputTokenCount, 6);
    assert.ok(metrics.firstByteLatency! <= metrics.invocationLatency!);
  });

  it("counts tokens", async () => {
    const answer = await client.send(
      new CountTokensCommand({ modelId: CLAUDE_BASE, input: { converse: { messages } } }),
    );
    assert.equal(answer.inputTokens, 3);
  });

  it("retries a throttled call to three attempts, then gives up", async () => {
    fleet.faults.add({ effect: { name: "ThrottlingException" } });
    const before = fleet.log.recent.total;
    await assert.rejects(client.send(new ConverseCommand({ modelId: CLAUDE, messages })), (error: Error) => {
      assert.equal(error.name, "ThrottlingException");
      assert.match(error.message, /Too many tokens/);
      return true;
    });
    assert.equal(fleet.log.recent.total - before, 3);
  });

  it("succeeds when the second attempt is admitted", async () => {
    fleet.faults.add({ effect: { name: "ServiceUnavailableException" }, times: 1 });
    const answer = await client.send(new ConverseCommand({ modelId: CLAUDE, messages }));
    assert.equal(answer.$metadata.attempts, 2);
  });

  it("fails one call, without a retry, when its stream is reset", async () => {
    fleet.faults.add({ effect: "reset", times: 1 });
    await assert.rejects(client.send(new ConverseCommand({ modelId: CLAUDE, messages })), {
      code: "ERR_HTTP2_STREAM_ERROR",
    });
    assert.equal((await client.send(new ConverseCommand({ modelId: CLAUDE, messages }))).stopReason, "end_turn");
  });

  for (const [name, status] of [
    ["ModelTimeoutException", 408],
    ["ModelErrorException", 424],
    ["AccessDeniedException", 403],
    ["ResourceNotFoundException", 404],
  ] as const) {
    it(`knows ${name} and does not retry it`, async () => {
      fleet.faults.add({ effect: { name } });
      const before = fleet.log.recent.total;
      await assert.rejects(client.send(new ConverseCommand({ modelId: CLAUDE, messages })), (error: Error) => {
        assert.equal(error.name, name);
        assert.equal((error as Error & { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode, status);
        return true;
      });
      assert.equal(fleet.log.recent.total - before, 1);
    });
  }

  it("raises exceptions in the middle of a stream, without a retry", async () => {
    fleet.faults.add({ effect: { name: "ThrottlingException" }, afterTokens: 3 });
    const answer = await client.send(new ConverseStreamCommand({ modelId: CLAUDE, messages }));
    const events: ConverseStreamOutput[] = [];
    await assert.rejects(
      async () => {
        for await (const event of answer.stream ?? []) events.push(event);
      },
      (error: Error) => error.name === "ThrottlingException",
    );
    assert.equal(events.filter((event) => event.contentBlockDelta !== undefined).length, 3);
  });

  for (const [operation, open] of [
    [
      "ConverseStream",
      async () => (await client.send(new ConverseStreamCommand({ modelId: CLAUDE, messages }))).stream,
    ],
    [
      "InvokeModelWithResponseStream",
      async () => {
        const body = JSON.stringify({
          anthropic_version: "bedrock-2023-05-31",
          max_tokens: 100,
          messages: [{ role: "user", content: "Hi" }],
        });
        return (await client.send(new InvokeModelWithResponseStreamCommand({ modelId: CLAUDE, body }))).body;
      },
    ],
  ] as const) {
    it(`sees three tokens of ${operation} before the stream is cut`, async () => {
      fleet.faults.add({ effect: "reset", times: 1, afterTokens: 3 });
      const deltas: unknown[] = [];
      await assert.rejects(async () => {
        for await (const event of (await open()) ?? []) {
          if (/contentBlockDelta|text_delta/.test(textOf(event))) deltas.push(event);
        }
      });
      assert.equal(deltas.length, 3);
    });
    it(`sees an empty ${operation} end well`, async () => {
      fleet.faults.add({ effect: "empty", times: 1 });
      const events: string[] = [];
      for await (const event of (await open()) ?? []) events.push(textOf(event));
      assert.equal(events.filter((text) => /delta":\{"text|text_delta/.test(text)).length, 0);
      assert.match(events.join(), /end_turn/);
    });
  }

  it("answers a forced tool call, in pieces when streamed", async () => {
    const toolConfig = {
      tools: [
        {
          toolSpec: {
            name: "weather",
            inputSchema: { json: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
          },
        },
      ],
      toolChoice: { tool: { name: "weather" } },
    };
    const whole = await client.send(new ConverseCommand({ modelId: CLAUDE, messages, toolConfig }));
    assert.equal(whole.stopReason, "tool_use");
    const input = whole.output?.message?.content?.[0]?.toolUse?.input;
    assert.match(JSON.stringify(input), /^\{"city":"[^"]+"\}$/);
    const streamed = await client.send(new ConverseStreamCommand({ modelId: CLAUDE, messages, toolConfig }));
    const events = await collect(streamed.stream);
    assert.equal(events[1]?.contentBlockStart?.start?.toolUse?.name, "weather");
    const pieces = events.map((event) => event.contentBlockDelta?.delta?.toolUse?.input ?? "");
    assert.deepEqual(JSON.parse(pieces.join("")), input);
  });

  it("reports cache writes, then reads", async () => {
    const cached = [
      {
        role: "user" as const,
        content: [{ text: "x".repeat(8000) }, { cachePoint: { type: "default" as const } }, { text: "why?" }],
      },
    ];
    const first = await client.send(new ConverseCommand({ modelId: CLAUDE, messages: cached }));
    const second = await client.send(new ConverseCommand({ modelId: CLAUDE, messages: cached }));
    assert.deepEqual([first.usage?.cacheWriteInputTokens, first.usage?.cacheReadInputTokens], [2000, 0]);
    assert.deepEqual([second.usage?.cacheWriteInputTokens, second.usage?.cacheReadInputTokens], [0, 2000]);
    assert.equal(second.usage?.inputTokens, 1);
  });

  it("refuses a wrong secret and a wrong key", async () => {
    const wrong = runtimeClient(fleet, "not-the-secret");
    await assert.rejects(wrong.send(new ConverseCommand({ modelId: CLAUDE, messages })), {
      name: "InvalidSignatureException",
    });
    wrong.destroy();
  });

  it("accepts an API key and refuses a wrong one", async () => {
    const endpoint = fleet.endpoints[0]!.url;
    const options = { region: "us-east-1", endpoint, authSchemePreference: ["httpBearerAuth"] };
    const right = new BedrockRuntimeClient({ ...options, token: { token: fleet.credentials!.bearerToken } });
    assert.equal((await right.send(new ConverseCommand({ modelId: CLAUDE, messages }))).stopReason, "end_turn");
    right.destroy();
    const wrong = new BedrockRuntimeClient({ ...options, token: { token: "ABSKwrong" } });
    await assert.rejects(wrong.send(new ConverseCommand({ modelId: CLAUDE, messages })), {
      name: "AccessDeniedException",
    });
    wrong.destroy();
  });

  it("manages application profiles, and calls through them", async () => {
    const control = new BedrockClient(clientOptions(fleet, fleet.credentials!.secretAccessKey));
    const { inferenceProfileSummaries = [] } = await control.send(new ListInferenceProfilesCommand({}));
    const claude = inferenceProfileSummaries.find((profile) => profile.inferenceProfileId === CLAUDE);
    assert.equal(claude?.models?.length, 3);

    const made = await control.send(
      new CreateInferenceProfileCommand({
        inferenceProfileName: "team a",
        modelSource: { copyFrom: claude!.inferenceProfileArn! },
        tags: [{ key: "team", value: "a" }],
      }),
    );
    assert.equal(made.status, "ACTIVE");
    const arn = made.inferenceProfileArn!;
    const read = await control.send(new GetInferenceProfileCommand({ inferenceProfileIdentifier: arn }));
    assert.equal(read.type, "APPLICATION");
    assert.equal(read.models?.length, 3);
    const listed = await control.send(new ListInferenceProfilesCommand({ typeEquals: "APPLICATION", maxResults: 1 }));
    assert.equal(listed.inferenceProfileSummaries?.[0]?.inferenceProfileArn, arn);
    assert.equal((await client.send(new ConverseCommand({ modelId: arn, messages }))).stopReason, "end_turn");
    assert.equal(fleet.log.recent.last(1)[0]?.modelId, arn);

    await control.send(new DeleteInferenceProfileCommand({ inferenceProfileIdentifier: arn }));
    await assert.rejects(control.send(new GetInferenceProfileCommand({ inferenceProfileIdentifier: arn })), {
      name: "ResourceNotFoundException",
    });
    const { modelSummaries = [] } = await control.send(new ListFoundationModelsCommand({ byProvider: "anthropic" }));
    assert.ok(modelSummaries.length >= 3 && modelSummaries.every((model) => model.modelId?.startsWith("anthropic.")));
    control.destroy();
  });

  it("keeps hundreds of calls in flight on one connection", async () => {
    const command = () => new ConverseCommand({ modelId: CLAUDE, messages, requestMetadata: { outputTokens: "20" } });
    const answers = await Promise.all(Array.from({ length: 300 }, () => client.send(command())));
    assert.ok(answers.every((answer) => answer.usage?.outputTokens === 20));
  });
});

describe("AWS SDK for JavaScript over TLS", () => {
  it("speaks h2 by ALPN with an API key", async () => {
    const fleet = await testFleet({ tls: true });
    const client = new BedrockRuntimeClient({
      region: "us-east-1",
      endpoint: fleet.endpoints[0]!.tlsUrl!,
      token: { token: fleet.credentials!.bearerToken },
      authSchemePreference: ["httpBearerAuth"],
      // Plain options go to the client's own HTTP/2 handler.
      requestHandler: { nodeHttp2ConnectOptions: { ca: fleet.certificate!.certPem } },
    });
    const answer = await client
      .send(new ConverseCommand({ modelId: CLAUDE, messages: [{ role: "user", content: [{ text: "Hi" }] }] }))
      .finally(async () => {
        client.destroy();
        await fleet.close(0);
      });
    assert.equal(answer.stopReason, "end_turn");
  });
});

function clientOptions(fleet: Fleet, secretAccessKey: string) {
  const { accessKeyId } = fleet.credentials!;
  return { region: "us-east-1", endpoint: fleet.endpoints[0]!.url, credentials: { accessKeyId, secretAccessKey } };
}

function runtimeClient(fleet: Fleet, secretAccessKey: string): BedrockRuntimeClient {
  return new BedrockRuntimeClient(clientOptions(fleet, secretAccessKey));
}

async function collect(stream: AsyncIterable<ConverseStreamOutput> | undefined): Promise<ConverseStreamOutput[]> {
  const events: ConverseStreamOutput[] = [];
  for await (const event of stream ?? []) events.push(event);
  return events;
}

/** An event as text, with the chunks of InvokeModelWithResponseStream decoded. */
function textOf(event: object): string {
  const chunk = "chunk" in event ? (event.chunk as { bytes?: Uint8Array }) : undefined;
  return chunk?.bytes === undefined ? JSON.stringify(event) : Buffer.from(chunk.bytes).toString();
}
