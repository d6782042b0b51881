import assert from "node:assert/strict";
import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../../../emulator/backends/queue.ts";
import { startFleet } from "../../../../emulator/fleet.ts";
import {
  boundAnswers,
  type CountOptions,
  measurePrompts,
  promptLengths,
} from "../../../../scripts/bench/bedrock/count-tokens.ts";
import type { BedrockCredentials } from "../../../../scripts/bench/bedrock/credentials.ts";
import { MeridianError } from "../../../../simulator/base/errors.ts";
import { planOf, scenarioInput } from "../../../simulator/scenario/base.ts";

const MODEL = "anthropic.claude-3-haiku-20240307-v1:0";
const servers: Http2Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

const keys = (secret: string): BedrockCredentials => ({
  kind: "access key",
  source: "test",
  expiresAtMs: null,
  variables: { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: secret },
});

const order = (over: Partial<CountOptions>): CountOptions => ({
  modelId: MODEL,
  region: "us-east-1",
  url: "",
  credentials: keys("some-secret-key"),
  lengths: [50, 300, 2000],
  salt: "5a17",
  signal: new AbortController().signal,
  ...over,
});

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** A service whose counts the test sets. */
async function service(answer: (text: string, path: string, authorization: string) => Answer): Promise<string> {
  const server = createServer();
  servers.push(server);
  server.on("stream", async (stream, headers) => {
    let body = "";
    for await (const part of stream) body += part;
    const { input } = JSON.parse(body) as { input: { converse: { messages: [{ content: [{ text: string }] }] } } };
    const path = decodeURIComponent(String(headers[":path"]));
    const { status, body: said } = answer(
      input.converse.messages[0].content[0].text,
      path,
      String(headers.authorization),
    );
    stream.respond({ ":status": status, "content-type": "application/json" });
    stream.end(JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("prompts measured with CountTokens", () => {
  it("come within two per cent of the wanted tokens, whatever the tokenizer and the template", async () => {
    for (const [charsPerToken, template] of [
      [5.3, 9],
      [3.1, 0],
      [4.9, 40],
    ] as const) {
      const url = await service((text) => ({
        status: 200,
        body: { inputTokens: template + Math.ceil(text.length / charsPerToken) },
      }));
      const measure = await measurePrompts(order({ url }));
      assert.ok("charsPerToken" in measure, JSON.stringify(measure));
      assert.ok(Math.abs(measure.charsPerToken / charsPerToken - 1) < 0.01, `${measure.charsPerToken}`);
      assert.ok(Math.abs(measure.templateTokens - template) <= 1, `${measure.templateTokens} of ${template}`);
      assert.ok(measure.errorMax <= 0.02, `${measure.errorMax}`);
    }
  });

  it("ask for the foundation model, signed, or with an API key", async () => {
    const seen: string[] = [];
    const url = await service((text, path, authorization) => {
      seen.push(`${path} ${authorization.slice(0, 16)}`);
      return { status: 200, body: { inputTokens: text.length / 4 } };
    });
    await measurePrompts(order({ url, lengths: [100] }));
    const bearer = { ...keys(""), kind: "API key" as const, variables: { AWS_BEARER_TOKEN_BEDROCK: "ABSKtoken" } };
    await measurePrompts(order({ url, lengths: [100], credentials: bearer }));
    assert.deepEqual(
      [...new Set(seen)],
      [`/model/${MODEL}/count-tokens AWS4-HMAC-SHA256`, `/model/${MODEL}/count-tokens Bearer ABSKtoken`],
    );
  });

  it("agree with the emulator to the token", async () => {
    const fleet = await startFleet({
      regions: ["us-east-1"],
      backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 1, perTokenMs: 1 }),
    });
    try {
      const credentials = keys(fleet.credentials!.secretAccessKey);
      const { url } = fleet.endpoints[0]!;
      const measure = await measurePrompts(order({ url, credentials }));
      assert.deepEqual(measure, { charsPerToken: 4, templateTokens: 0, errorMax: 0 });
      const nova = await measurePrompts(order({ url, credentials, modelId: "us.amazon.nova-pro-v1:0" }));
      assert.match("reason" in nova ? nova.reason : "", /ValidationException/, "a profile does not count");
      await assert.rejects(measurePrompts(order({ url })), (error) => {
        assert.ok(error instanceof MeridianError);
        assert.equal(error.problems[0]!.code, "CREDENTIALS_REJECTED");
        return true;
      });
    } finally {
      await fleet.close(0);
    }
  });

  it("are not to be had where counts make no sense or the account may not count", async () => {
    const constant = await service(() => ({ status: 200, body: { inputTokens: 7 } }));
    assert.deepEqual(await measurePrompts(order({ url: constant })), {
      reason: "its counts do not grow with the text",
    });
    const denied = await service(() => ({
      status: 403,
      body: { __type: "AccessDeniedException", message: "not for AKIAIOSFODNN7EXAMPLE" },
    }));
    const found = await measurePrompts(order({ url: denied }));
    assert.deepEqual(found, { reason: "AccessDeniedException: not for [hidden]" });
    const stopped = await measurePrompts(order({ url: denied, signal: AbortSignal.abort() }));
    assert.deepEqual(stopped, { reason: "it was stopped" });
  });
});

it("an answer without a limit gets the wanted length as one", () => {
  const { schedule, bounded } = boundAnswers([
    [0, 0, 0, 9, 50, 200, 3, 1],
    [1, 0, 0, 9, 50, 0, 3, 1],
    [2, 0, 0, 9, 0, 0, 3, 1],
  ]);
  assert.deepEqual(
    schedule.map((row) => row[5]),
    [200, 50, 1],
  );
  assert.equal(bounded, 2);
  assert.deepEqual(schedule[1], [1, 0, 0, 9, 50, 50, 3, 1]);
});

it("prompts are measured at lengths that the traffic has", () => {
  const plan = planOf(scenarioInput());
  const rows = Array.from({ length: 101 }, (_, i) => [i, 0, 0, 1000 - 10 * i || 1, 1, 1, 0, -1] as const);
  assert.deepEqual(promptLengths(plan, rows, 0), [100, 500, 900]);
  assert.deepEqual(promptLengths(plan, [[0, 0, 0, 7, 1, 1, 0, -1]], 0), [7]);
  assert.deepEqual(promptLengths(plan, rows, 1), [], "nothing of this model");
});
