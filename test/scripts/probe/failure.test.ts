import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { classifyFailure, type FailureKind, failureProblem, isLasting } from "../../../scripts/probe/failure.ts";

function failed(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

const NO_FACTS = { socketError: undefined, timedOut: false, status: undefined, requestId: undefined };

function kindOf(error: unknown, facts: Partial<Parameters<typeof classifyFailure>[1]> = {}): FailureKind {
  return classifyFailure(error, { ...NO_FACTS, ...facts }).kind;
}

/** Names and texts as AWS documents them or as public issue threads quote them. */
const SERVICE: readonly (readonly [name: string, message: string, kind: FailureKind])[] = [
  ["CredentialsProviderError", "Could not load credentials from any providers", "no-credentials"],
  [
    "CredentialsProviderError",
    "The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login",
    "expired-credentials",
  ],
  ["ExpiredTokenException", "The security token included in the request is expired", "expired-credentials"],
  ["UnrecognizedClientException", "The security token included in the request is invalid.", "wrong-credentials"],
  ["InvalidSignatureException", "The request signature we calculated does not match", "wrong-credentials"],
  [
    "InvalidSignatureException",
    "Signature expired: 20260504T120000Z is now earlier than 20260504T121500Z (20260504T122000Z - 5 min.)",
    "clock-skew",
  ],
  ["AccessDeniedException", "You don't have access to the model with the specified model ID.", "no-model-access"],
  [
    "AccessDeniedException",
    "User: arn:aws:iam::123456789012:user/a is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: arn:aws:bedrock:us-east-1::foundation-model/x because no identity-based policy allows the bedrock:InvokeModelWithResponseStream action",
    "not-authorised",
  ],
  ["AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.", "wrong-credentials"],
  [
    "ValidationException",
    "Invocation of model ID anthropic.claude-x with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
    "needs-profile",
  ],
  ["ValidationException", "The provided model identifier is invalid.", "model-not-here"],
  ["ValidationException", "Operation not allowed", "not-authorised"],
  ["ValidationException", "The maximum tokens you requested exceeds the model limit of 4096.", "bad-request"],
  ["ResourceNotFoundException", "Could not resolve the foundation model from the provided model", "model-not-here"],
  ["ResourceNotFoundException", "Model use case details have not been submitted for this account.", "no-model-access"],
  ["ThrottlingException", "Too many tokens, please wait before trying again.", "throttled"],
  ["ServiceUnavailableException", "Bedrock is unable to process your request.", "unavailable"],
  ["ModelNotReadyException", "The model is not ready", "unavailable"],
  ["ModelStreamErrorException", "An error occurred while streaming", "service-error"],
];

describe("failures of probes", () => {
  for (const [name, message, kind] of SERVICE) {
    it(`${name} "${message.slice(0, 40)}" is ${kind}`, () => assert.equal(kindOf(failed(name, message)), kind));
  }

  it("knows what happened to the connection, whatever the SDK made of it", () => {
    const cancelled = failed("Error", "The pending stream has been canceled", { code: "ERR_HTTP2_STREAM_CANCEL" });
    const socket = (code: string, message = code): { socketError: Error } => ({
      socketError: Object.assign(new Error(message), { code }),
    });
    assert.equal(kindOf(cancelled, socket("ENOTFOUND")), "dns");
    assert.equal(kindOf(cancelled, socket("ECONNREFUSED")), "unreachable");
    assert.equal(kindOf(cancelled, socket("DEPTH_ZERO_SELF_SIGNED_CERT")), "tls");
    assert.equal(kindOf(cancelled, socket("ERR_TLS_CERT_ALTNAME_INVALID")), "tls");
    assert.equal(kindOf(cancelled, socket("ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL")), "not-http2");
    assert.equal(kindOf(cancelled), "broken-stream");
    assert.equal(kindOf(failed("Error", "Protocol error", { code: "ERR_HTTP2_ERROR" })), "not-http2");
  });

  it("calls a time limit a time limit, and a stream that ends early broken", () => {
    assert.equal(kindOf(failed("AbortError", "Request aborted"), { timedOut: true, status: 200 }), "timeout");
    assert.equal(kindOf(new Error("the stream ended before its last event"), { status: 200 }), "broken-stream");
  });

  it("falls back on the status, and on nothing at all", () => {
    assert.equal(kindOf(failed("Strange", "?"), { status: 503 }), "unavailable");
    assert.equal(kindOf(failed("Strange", "?"), { status: 418 }), "bad-request");
    assert.equal(kindOf("text"), "unknown");
    assert.equal(kindOf(undefined), "unknown");
  });

  it("gives up on what will not pass, and only on that", () => {
    assert.ok(isLasting("no-model-access") && isLasting("needs-profile") && isLasting("dns"));
    assert.ok(!isLasting("throttled") && !isLasting("timeout") && !isLasting("service-error"));
  });

  it("says how to fix it, with the profiles to call in place of the model", () => {
    const problem = failureProblem({
      kind: "needs-profile",
      message: "Invocation of model ID ...",
      region: "us-east-1",
      model: "anthropic.claude-x",
      profiles: ["us.anthropic.claude-x", "global.anthropic.claude-x"],
      host: "bedrock-runtime.us-east-1.amazonaws.com",
    });
    assert.equal(problem.code, "PROBE_NEEDS_PROFILE");
    assert.match(problem.fix!, /us\.anthropic\.claude-x or global\.anthropic\.claude-x/);
  });

  it("of an emulator on this machine it asks for the emulator's credentials, not for a sign-in", () => {
    const call = { message: "The security token included in the request is invalid.", region: "us-east-1", model: "m" };
    const fix = (isLoopback: boolean) =>
      failureProblem({ ...call, kind: "wrong-credentials", profiles: [], host: "127.0.0.1", isLoopback }).fix!;
    assert.match(fix(true), /meridian emulate prints its own/);
    assert.doesNotMatch(fix(false), /emulate/);
  });
});
