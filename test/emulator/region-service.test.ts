import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Fleet } from "../../emulator/fleet.ts";
import { TEST_CREDENTIALS } from "../../emulator/http/authentication.ts";
import { ORIGIN_HEADER } from "../../emulator/region-service.ts";
import { CLAUDE, CLAUDE_BASE, jsonOf, send, TITAN, testFleet, userMessage } from "./support.ts";

/** What a caller without an SDK receives: statuses, headers, bodies. */
const GPT_OSS = "openai.gpt-oss-120b-1:0";
const NESTED = `${"[".repeat(40_000)}${"]".repeat(40_000)}`;

describe("region service", { timeout: 60_000 }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await testFleet({ auth: "off", limits: { maxBodyBytes: 100_000 } });
  });
  after(() => fleet.close(0));
  beforeEach(() => fleet.faults.clear());

  const path = (id: string, operation = "converse") => `/model/${encodeURIComponent(id)}/${operation}`;
  const body = { messages: [userMessage()] };

  const refusals: readonly (readonly [string, Parameters<typeof send>[1], number, string])[] = [
    ["an unknown model", { path: path("unknown.model"), body }, 400, "ValidationException"],
    ["a model sold through profiles only", { path: path(CLAUDE_BASE), body }, 400, "ValidationException"],
    ["no messages", { path: path(CLAUDE), body: { messages: [] } }, 400, "ValidationException"],
    ["broken JSON", { path: path(CLAUDE), body: "{" }, 400, "SerializationException"],
    ["an empty body", { path: path(CLAUDE), body: "" }, 400, "SerializationException"],
    ["broken JSON to invoke", { path: path(TITAN, "invoke"), body: "{" }, 400, "ValidationException"],
    [
      "JSON nested beyond the stack",
      { path: path(GPT_OSS, "invoke"), body: `{"messages":[{"role":"user","content":"x"}],"a":${NESTED}}` },
      200,
      "",
    ],
    [
      "a deep tool schema",
      {
        path: path(CLAUDE),
        body: `{"messages":[{"role":"user","content":[{"toolUse":${'{"a":'.repeat(16_000)}1${"}".repeat(16_000)}}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"t"}}]}}`,
      },
      400,
      "ValidationException",
    ],
    ["an oversize body", { path: path(CLAUDE), body: "x".repeat(100_001) }, 413, "RequestEntityTooLargeException"],
    ["an unknown operation", { path: path(CLAUDE, "chat"), body }, 404, "UnknownOperationException"],
    ["a wrong method", { path: path(CLAUDE), method: "PUT", body }, 404, "UnknownOperationException"],
    ["the root", { path: "/" }, 404, "UnknownOperationException"],
  ];
  for (const [what, request, status, name] of refusals) {
    it(`answers ${what} with ${status}`, async () => {
      const answer = await send(fleet, request);
      assert.equal(answer.status, status);
      assert.match(String(answer.headers["x-amzn-requestid"]), /^[0-9a-f-]{36}$/);
      if (status === 200) return;
      assert.equal(String(answer.headers["x-amzn-errortype"]).split(":")[0], name);
      assert.equal(answer.headers["content-type"], "application/json");
      assert.equal(typeof jsonOf(answer).message, "string");
    });
  }

  it("accepts ids raw, encoded and as ARNs, in all twelve ways to invoke", async () => {
    const arn = `arn:aws:bedrock:us-east-1:123456789012:inference-profile/${CLAUDE}`;
    for (const target of [`/model/${CLAUDE}/converse`, path(CLAUDE), path(arn), `/model/${arn}/converse`]) {
      assert.equal((await send(fleet, { path: target, body })).status, 200, target);
    }
    const invocations = [
      [CLAUDE, { anthropic_version: "bedrock-2023-05-31", max_tokens: 5, messages: [{ role: "user", content: "x" }] }],
      ["us.amazon.nova-pro-v1:0", body],
      ["us.meta.llama3-3-70b-instruct-v1:0", { prompt: "x" }],
      ["mistral.mistral-7b-instruct-v0:2", { prompt: "x" }],
      [TITAN, { inputText: "x" }],
      ["cohere.command-r-v1:0", { message: "x" }],
    ] as const;
    for (const [id, content] of invocations) {
      assert.equal((await send(fleet, { path: path(id, "invoke"), body: content })).status, 200, id);
      const streamed = await send(fleet, { path: path(id, "invoke-with-response-stream"), body: content });
      assert.equal(streamed.headers["content-type"], "application/vnd.amazon.eventstream", id);
      assert.ok(streamed.body.length > 100);
    }
  });

  it("counts refusals and successes in log and metrics", async () => {
    await send(fleet, { path: path(CLAUDE), body: { messages: [] } });
    fleet.faults.add({ effect: { name: "ThrottlingException" }, times: 1 });
    assert.equal((await send(fleet, { path: path(CLAUDE), body })).status, 429);
    const [refused, throttled] = fleet.log.recent.last(2);
    assert.deepEqual([refused?.error, throttled?.error], ["ValidationException", "ThrottlingException"]);
    const text = (await send(fleet, { path: "/_meridian/metrics" })).body.toString();
    assert.match(text, /bedrock_invocation_throttles_sum\{region="us-east-1",model_id="us\.anthropic/);
  });

  it("resets the connection for an injected reset", async () => {
    fleet.faults.add({ effect: "reset", times: 1 });
    await assert.rejects(send(fleet, { path: path(CLAUDE), body }), { code: "ECONNRESET" });
  });

  it("adds the round trip of the caller's origin", async () => {
    const far = await testFleet({ auth: "off", roundTripMs: (origin) => (origin === "eu-west-1" ? 120 : 0) });
    // The fastest of three: a busy machine adds to some, the way to all.
    const timed = async (headers: Record<string, string>) => {
      const timesMs: number[] = [];
      for (let i = 0; i < 3; i++) {
        const startMs = performance.now();
        await send(far, { path: path(CLAUDE), body, headers });
        timesMs.push(performance.now() - startMs);
      }
      return Math.min(...timesMs);
    };
    await timed({});
    const near = await timed({});
    const distant = await timed({ [ORIGIN_HEADER]: "eu-west-1" });
    await far.close(0);
    assert.ok(distant >= 119 && distant - near > 60, `${near} and ${distant} ms`);
  });

  it("answers its own faults with 500 and notifies the operator", async () => {
    const errors: unknown[] = [];
    const broken = await testFleet({
      auth: "off",
      onInternalError: (error) => errors.push(error),
      backend: () => ({
        begin() {
          throw new Error("secret detail");
        },
      }),
    });
    const answer = await send(broken, { path: path(CLAUDE), body });
    await broken.close(0);
    assert.equal(answer.status, 500);
    assert.equal(answer.body.includes("secret"), false);
    assert.equal((errors[0] as Error).message, "secret detail");
  });

  it("keeps credentials out of answers, logs, metrics and errors", async () => {
    const checked = await testFleet();
    const canaries = ["AKIACANARYCANARY1234", "ABSKcanarycanary", "bedrock-api-key-canary", "FwoCANARYSESSION"];
    const attempts = [
      { authorization: `Bearer ${canaries[1]}` },
      { authorization: `Bearer ${canaries[2]}` },
      {
        authorization: `AWS4-HMAC-SHA256 Credential=${canaries[0]}/20261121/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0`,
        "x-amz-security-token": canaries[3]!,
      },
    ];
    const outputs: string[] = [];
    for (const headers of attempts) {
      const answer = await send(checked, { path: path(CLAUDE), body, headers });
      assert.equal(answer.status, 403);
      outputs.push(JSON.stringify(answer.headers), answer.body.toString());
    }
    for (const page of ["metrics", "invocations", "audit", "health", "faults"]) {
      outputs.push((await send(checked, { path: `/_meridian/${page}` })).body.toString());
    }
    await checked.close(0);
    for (const canary of canaries) assert.equal(outputs.join().includes(canary), false, canary);
  });
});

describe("streams that break over HTTP/1.1", () => {
  it("bring three tokens, then end without a last chunk", async () => {
    const fleet = await testFleet({ auth: "off" });
    fleet.faults.add({ effect: "reset", times: 1, afterTokens: 3 });
    const { socket, received } = rawRequest(fleet, `/model/${CLAUDE}/converse-stream`, { messages: [userMessage()] });
    await once(socket, "close");
    const text = received();
    await fleet.close(0);
    assert.equal(text.match(/"delta":\{"text"/g)?.length, 3);
    assert.doesNotMatch(text, /messageStop/);
  });
  it("bring three tokens, then nothing until the caller gives up", async () => {
    const fleet = await testFleet({ auth: "off" });
    fleet.faults.add({ effect: "silence", times: 1, afterTokens: 3 });
    const { socket, received } = rawRequest(fleet, `/model/${CLAUDE}/converse-stream`, { messages: [userMessage()] });
    while (!received().includes(" see")) await once(socket, "data");
    socket.destroy();
    while (fleet.log.recent.total === 0) await new Promise((resolve) => setImmediate(resolve));
    const [outcome] = fleet.log.recent.last(1);
    await fleet.close(0);
    assert.equal(received().match(/"delta":\{"text"/g)?.length, 3);
    assert.deepEqual([outcome?.error, outcome?.outputTokens], ["ClientClosed", 3]);
  });
});

function rawRequest(fleet: Fleet, path: string, body: object) {
  const bytes = JSON.stringify(body);
  const socket = connect(fleet.endpoints[0]!.port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});
  socket.write(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${bytes.length}\r\n\r\n${bytes}`);
  return { socket, received: () => Buffer.concat(chunks).toString("latin1") };
}

describe("strangers", () => {
  it("are refused before their bodies are read", async () => {
    const fleet = await testFleet();
    const socket = connect(fleet.endpoints[0]!.port, "127.0.0.1");
    const head = "host: 127.0.0.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    socket.write(`POST /model/${CLAUDE}/converse HTTP/1.1\r\n${head}1\r\na\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    await fleet.close(0);
    assert.match(answer.toString(), /^HTTP\/1\.1 403 .*MissingAuthenticationToken/s);
  });
  it("who point a name of their own at loopback reach neither models nor pages", async () => {
    const fleet = await testFleet({ auth: "off", allowedHosts: ["host.docker.internal"] });
    const body = { messages: [userMessage()] };
    const path = `/model/${CLAUDE}/converse`;
    const headers = { host: "evil.example" };
    const statuses = [
      await send(fleet, { path, body, headers }),
      await send(fleet, { path: "/_meridian/faults", body: { error: "reset" }, headers }),
      await send(fleet, { path, body, headers: { host: "host.docker.internal:7400" } }),
    ].map(({ status }) => status);
    await fleet.close(0);
    assert.deepEqual(statuses, [403, 403, 200]);
  });
});

describe("Expect: 100-continue", () => {
  const PATH = `/model/${CLAUDE}/converse`;
  const KEY = `Bearer ${TEST_CREDENTIALS.bearerToken}`;
  const OK = JSON.stringify({ messages: [userMessage()] });

  /** Statuses in the order in which they come, for a caller that sends its body only when it is asked for it. */
  async function statusesOf(fleet: Fleet, authorization: string, lengthBytes: number): Promise<readonly number[]> {
    const statuses: number[] = [];
    const headers = { authorization, expect: "100-continue", "content-length": lengthBytes };
    const outgoing = request({ port: fleet.endpoints[0]!.port, method: "POST", path: PATH, headers, agent: false });
    outgoing.on("continue", () => {
      statuses.push(100);
      outgoing.end(OK);
    });
    outgoing.flushHeaders();
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    statuses.push(incoming.statusCode ?? 0);
    incoming.resume();
    outgoing.destroy();
    return statuses;
  }

  it("asks for a body only after what the headers say has been judged", async () => {
    const fleet = await testFleet({ limits: { maxBodyBytes: 100_000 } });
    assert.deepEqual(await statusesOf(fleet, KEY, Buffer.byteLength(OK)), [100, 200]);
    assert.deepEqual(await statusesOf(fleet, "Bearer wrong", Buffer.byteLength(OK)), [403]);
    assert.deepEqual(await statusesOf(fleet, KEY, 100_001), [413]);
    await fleet.close(0);
  });

  it("does so on HTTP/2, too", async () => {
    const fleet = await testFleet();
    const session = connectHttp2(fleet.endpoints[0]!.url);
    const ask = async (authorization: string): Promise<readonly number[]> => {
      const statuses: number[] = [];
      const stream = session.request({ ":method": "POST", ":path": PATH, authorization, expect: "100-continue" });
      stream.on("continue", () => {
        statuses.push(100);
        stream.end(OK);
      });
      const [headers] = (await once(stream, "response")) as [{ ":status": number }];
      stream.resume();
      stream.close();
      return [...statuses, headers[":status"]];
    };
    assert.deepEqual(await ask(KEY), [100, 200]);
    assert.deepEqual(await ask("Bearer wrong"), [403]);
    session.destroy();
    await fleet.close(0);
  });
});
