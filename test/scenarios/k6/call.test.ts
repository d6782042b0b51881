import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { afterEach, describe, it } from "node:test";
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { converseFrame } from "../../../emulator/http/wire.ts";
import type { CryptoFunctions } from "../../../scenarios/k6/sigv4.ts";
import type { ReplayPlan } from "../../../simulator/bench/plan.ts";
import type { AttemptOrder } from "../../../simulator/bench/router-io.ts";
import { replayPlanOf } from "../../simulator/bench/virtual-wire.ts";
import { planOf, scenarioInput } from "../../simulator/scenario/base.ts";

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly params: Readonly<Record<string, unknown>> & { readonly headers: Readonly<Record<string, string>> };
}

/** k6's http module, of which the test says what it answers. */
const wire = globalThis as unknown as { k6Request: (sent: Sent) => unknown };
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "k6/http") return next(specifier, context);
    const source =
      "export const asyncRequest = async (method, url, body, params) => globalThis.k6Request({ method, url, body, params });";
    return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true };
  },
});
const { authorizeFrom, call } = await import("../../../scenarios/k6/call.ts");

const TIMINGS = { blocked: 1, connecting: 2, tls_handshaking: 3, sending: 4, waiting: 150.12345, receiving: 200 };
const USAGE = { usage: { inputTokens: 100, outputTokens: 50 } };
const response = (over: object) => ({
  status: 200,
  error: "",
  error_code: 0,
  headers: {},
  body: "",
  timings: TIMINGS,
  ...over,
});

const plan: ReplayPlan = {
  ...replayPlanOf(planOf(scenarioInput()), 0, [[0, 0, 0, 100, 50, 200, 0, -1]]),
  operation: "converse",
};
const target = { ...plan.targets[0]!, region: "us-east-1", url: "http://127.0.0.1:7400", calledIds: ["a.b-v1:0"] };
const order: AttemptOrder = {
  request: {
    requestId: 7,
    arrivalMs: 0,
    classIndex: 0,
    originIndex: 0,
    inputTokens: 100,
    outputTokens: 50,
    maxTokens: 200,
    prefixTokens: 0,
    prefixId: -1,
  },
  limits: { connectMs: Infinity, firstByteMs: Infinity, idleMs: Infinity },
  ordinal: 1,
  model: 0,
  target: 0,
  sentMs: 1000,
  timeoutMs: Number.POSITIVE_INFINITY,
};

async function send(answer: object, over: Partial<ReplayPlan> = {}, orderOver: Partial<AttemptOrder> = {}) {
  let sent: Sent | undefined;
  let signed: object | undefined;
  wire.k6Request = (request) => {
    sent = request;
    return response(answer);
  };
  const authorize = (auth: object, request: object) => {
    signed = { auth, ...request };
    return { authorization: "signature" };
  };
  const at = { ...plan, targets: [target], ...over };
  const result = await call(at, { ...order, ...orderOver }, authorize, () => 1700);
  return { result, sent: sent!, signed };
}

afterEach(() => {
  wire.k6Request = () => assert.fail("no call was expected");
});

describe("an attempt in k6", () => {
  it("calls the target's endpoint, signed for its host, and follows no redirect", async () => {
    const { sent, signed } = await send({ body: JSON.stringify(USAGE) });
    assert.equal(sent.url, "http://127.0.0.1:7400/model/a.b-v1%3A0/converse");
    assert.deepEqual(sent.params.headers, { authorization: "signature", "x-meridian-origin": plan.origins[0] });
    assert.equal(sent.params.redirects, 0);
    assert.equal(sent.params.timeout, 15 * 60_000, "every call ends");
    const { nowMs: _, ...rest } = signed as { nowMs: number };
    assert.deepEqual(rest, {
      auth: { kind: "aws" },
      region: "us-east-1",
      host: "127.0.0.1:7400",
      path: "/model/a.b-v1%3A0/converse",
      body: sent.body,
    });
    const metadata = (JSON.parse(sent.body) as { requestMetadata: object }).requestMetadata;
    assert.deepEqual(metadata, { outputTokens: "50", class: "all", requestId: "7.1", target: target.id });
  });

  it("sends neither origin nor target to endpoints that are no emulator", async () => {
    const { sent } = await send({ body: JSON.stringify(USAGE) }, { isEmulated: false });
    assert.deepEqual(Object.keys(sent.params.headers), ["authorization"]);
    assert.doesNotMatch(sent.body, /"target"/);
  });

  it("of a whole answer ends with its last byte, which is its first token too", async () => {
    const { result } = await send({ body: JSON.stringify(USAGE), headers: { "X-Amzn-Requestid": "id-1" } });
    assert.equal(result.kind, "ok");
    assert.equal(result.endedMs, 1360.123);
    assert.equal(result.ttftMs, 360.123);
    assert.deepEqual([result.serviceRequestId, result.usage], ["id-1", [100, 50, 0, 0]]);
  });

  it("of a stream has its first token with the headers", async () => {
    const body = new Uint8Array(converseFrame("metadata", USAGE)).buffer;
    const { result, sent } = await send({ body }, { operation: "converse-stream" }, { timeoutMs: 2500 });
    assert.equal(result.ttftMs, 160.123);
    assert.equal(result.endedMs, 1360.123);
    assert.equal(sent.params.timeout, 2500);
    assert.equal(sent.params.responseType, "binary");
  });

  it("reads how long to wait, and the error's name", async () => {
    const headers = { "X-Amz-Retry-After": "1500", "X-Amzn-Errortype": "ThrottlingException" };
    const { result } = await send({ status: 429, headers, body: "{}" });
    assert.deepEqual([result.kind, result.retryAfterMs, result.error], ["throttled", 1500, "ThrottlingException"]);
    assert.ok(Number.isNaN((await send({ status: 429 })).result.retryAfterMs));
  });

  describe("to an endpoint with an API of its own", () => {
    const other = {
      ...target,
      api: "openai",
      url: "http://127.0.0.1:8000/gateway/v1",
      calledIds: ["meta/llama"],
      auth: { kind: "api-key", variable: "TEAM_KEY" },
    } as const;
    const over: Partial<ReplayPlan> = { targets: [other], isEmulated: false, operation: "converse-stream" };
    const body = `data: {"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":50}}\n\ndata: [DONE]\n\n`;

    it("goes below the path that its URL has", async () => {
      const { sent, signed } = await send({ body }, over);
      assert.equal(sent.url, "http://127.0.0.1:8000/gateway/v1/chat/completions");
      assert.equal(sent.params.responseType, "text");
      const { auth, host, path } = signed as Record<string, unknown>;
      assert.deepEqual([auth, host, path], [other.auth, "127.0.0.1:8000", "/gateway/v1/chat/completions"]);
      assert.equal((JSON.parse(sent.body) as { model: string }).model, "meta/llama");
    });

    it("reads the answer in that API's form", async () => {
      const headers = { "X-Request-Id": "req-1" };
      const { result } = await send({ body, headers }, over);
      assert.deepEqual([result.kind, result.usage, result.serviceRequestId], ["ok", [100, 50, 0, 0], "req-1"]);
      const throttled = await send({ status: 429, headers: { "Retry-After-Ms": "250" }, body: "" }, over);
      assert.deepEqual([throttled.result.kind, throttled.result.retryAfterMs], ["throttled", 250]);
    });

    it("has its first token with its last where headers come before it", async () => {
      assert.equal((await send({ body }, over)).result.ttftMs, 160.123);
      const unseen = { ...over, targets: [{ ...other, seesFirstToken: false }] };
      assert.equal((await send({ body }, unseen)).result.ttftMs, 360.123);
    });
  });

  it("of a stream that breaks after its headers has begun: k6 says status 0, and keeps what came", async () => {
    const delta = converseFrame("contentBlockDelta", { delta: { text: "a" }, contentBlockIndex: 0 });
    const body = new Uint8Array(Buffer.concat([delta, delta, delta.subarray(0, 9)])).buffer;
    const cut = { status: 0, error_code: 1000, error: "unexpected EOF", body };
    const { result } = await send(cut, { operation: "converse-stream" });
    assert.deepEqual(
      [result.kind, result.interruption, result.receivedTokens, result.error, result.endedMs],
      ["error", "broken", 2, "unexpected EOF", 1360.123],
    );
    const before = { ...cut, error: "EOF", body: null, timings: { ...TIMINGS, receiving: 0 } };
    assert.equal((await send(before, { operation: "converse-stream" })).result.interruption, undefined);
    assert.equal((await send(cut)).result.interruption, undefined, "a whole answer never began");
  });

  it("of a whole answer ends by the limits that its first byte has", async () => {
    const limits = { connectMs: Infinity, firstByteMs: 4000, idleMs: 3000 };
    assert.equal((await send({}, {}, { limits })).sent.params.timeout, 3000);
    assert.equal(
      (await send({}, { operation: "converse-stream" }, { limits, timeoutMs: 9000 })).sent.params.timeout,
      9000,
    );
    const late = { status: 0, error_code: 1050, error: "request timeout", body: null };
    assert.equal((await send(late, {}, { limits })).result.interruption, "idle");
  });

  it("without an answer is a timeout or an error, and ends now", async () => {
    const late = await send({ status: 0, error_code: 1050, error: "request timeout", body: null });
    assert.deepEqual([late.result.kind, late.result.endedMs, late.result.usage], ["timeout", 1700, null]);
    const refused = await send({ status: 0, error_code: 1212, error: "dial: connection refused", body: null });
    assert.deepEqual([refused.result.kind, refused.result.error], ["error", "dial: connection refused"]);
  });
});

const crypto = { sha256: () => "00", hmac: (..._: unknown[]) => "00" } as unknown as CryptoFunctions;
const request = { region: "us-east-1", host: "h", path: "/", body: "", nowMs: 0 };
const ENV = { AWS_BEARER_TOKEN_BEDROCK: "key", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", TEAM_KEY: "team" };
const OPEN = { "content-type": "application/json" };

it("as the AWS SDKs do, an API key goes before a pair of keys", () => {
  assert.equal(authorizeFrom(ENV, crypto)({ kind: "aws" }, request).authorization, "Bearer key");
});

it("a pair of keys signs, with the session token if there is one", () => {
  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
  for (const kind of ["aws", "sigv4"] as const) {
    const headers = authorizeFrom(env, crypto)({ kind }, request);
    assert.match(headers.authorization!, /^AWS4-HMAC-SHA256 Credential=a\/19700101\/us-east-1\/bedrock\/aws4_request/);
    assert.equal(headers["x-amz-security-token"], "t");
  }
});

it("each endpoint gets what it asks for and nothing else, whatever the environment holds", () => {
  const authorize = authorizeFrom(ENV, crypto);
  assert.deepEqual(authorize({ kind: "none" }, request), OPEN);
  assert.deepEqual(authorize({ kind: "api-key", variable: "TEAM_KEY" }, request), {
    ...OPEN,
    authorization: "Bearer team",
  });
  assert.match(authorize({ kind: "sigv4" }, request).authorization!, /^AWS4-HMAC/);
});

it("nothing authorises where there are no credentials", () => {
  const authorize = authorizeFrom({ AWS_BEARER_TOKEN_BEDROCK: "", TEAM_KEY: "" }, crypto);
  for (const auth of [{ kind: "aws" }, { kind: "sigv4" }, { kind: "api-key", variable: "TEAM_KEY" }] as const) {
    assert.deepEqual(authorize(auth, request), OPEN);
  }
});

/** Headers of a call that the AWS SDK has made ready to leave. */
async function headersOfSdk(auth: object): Promise<Readonly<Record<string, string>>> {
  let headers: Readonly<Record<string, string>> = {};
  const client = new BedrockRuntimeClient({
    region: "us-east-1",
    maxAttempts: 1,
    requestHandler: {
      handle: async (call: { readonly headers: Readonly<Record<string, string>> }) => {
        headers = Object.fromEntries(Object.entries(call.headers).map(([name, value]) => [name.toLowerCase(), value]));
        throw new Error("only looked at");
      },
    },
    ...auth,
  });
  await client.send(new ConverseCommand({ modelId: "m", messages: [] })).catch(() => {});
  client.destroy();
  return headers;
}

it("an API key and a session token travel as the AWS SDK sends them", async () => {
  const token = "bedrock-api-key-YmVkcm9jaw==";
  const bearer = await headersOfSdk({ token: { token }, authSchemePreference: ["httpBearerAuth"] });
  const ours = authorizeFrom({ AWS_BEARER_TOKEN_BEDROCK: token }, crypto)({ kind: "aws" }, request);
  assert.equal(ours.authorization, bearer.authorization);
  assert.equal(ours["content-type"], bearer["content-type"]);
  const keys = { accessKeyId: "a", secretAccessKey: "s", sessionToken: "IQoJ/+=" };
  const session = await headersOfSdk({ credentials: keys, authSchemePreference: ["sigv4"] });
  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "IQoJ/+=" };
  const signed = authorizeFrom(env, crypto)({ kind: "aws" }, request);
  assert.equal(signed["x-amz-security-token"], session["x-amz-security-token"]);
  const signedHeaders = (authorization: string) => /SignedHeaders=([^,]+)/.exec(authorization)![1]!.split(";");
  for (const name of ["host", "x-amz-date", "x-amz-security-token"]) {
    assert.ok(signedHeaders(signed.authorization!).includes(name), `we sign ${name}`);
    assert.ok(signedHeaders(session.authorization!).includes(name), `the SDK signs ${name}`);
  }
});
