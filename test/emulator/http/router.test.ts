import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ServiceError } from "../../../emulator/http/errors.ts";
import { parseRoute } from "../../../emulator/http/router.ts";

describe("parseRoute", () => {
  const id = "anthropic.claude-3-haiku-20240307-v1:0";
  const arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x";

  it("accepts ids percent-encoded or raw, and ARNs with slashes", () => {
    const cases = [
      [`/model/${encodeURIComponent(id)}/converse`, id, "Converse"],
      [`/model/${id}/invoke`, id, "InvokeModel"],
      [`/model/${encodeURIComponent(arn)}/converse-stream`, arn, "ConverseStream"],
      [`/model/${arn}/invoke-with-response-stream`, arn, "InvokeModelWithResponseStream"],
      [`http://localhost:7400/model/${id}/converse?x=1`, id, "Converse"],
    ] as const;
    for (const [path, modelId, operation] of cases) {
      assert.deepEqual(parseRoute("POST", path), { kind: "inference", modelId, operation }, path);
    }
    assert.deepEqual(parseRoute("POST", `/model/${id}/count-tokens`), { kind: "countTokens", modelId: id });
  });

  it("knows the control plane", () => {
    const operationOf = (method: string, path: string) => {
      const route = parseRoute(method, path);
      return route.kind === "control" ? [route.operation, route.id] : route.kind;
    };
    assert.deepEqual(operationOf("GET", "/inference-profiles?type=APPLICATION"), ["ListInferenceProfiles", ""]);
    assert.deepEqual(operationOf("GET", `/inference-profiles/${encodeURIComponent(arn)}`), [
      "GetInferenceProfile",
      arn,
    ]);
    assert.deepEqual(operationOf("POST", "/inference-profiles"), ["CreateInferenceProfile", ""]);
    assert.deepEqual(operationOf("DELETE", "/inference-profiles/abc"), ["DeleteInferenceProfile", "abc"]);
    assert.deepEqual(operationOf("GET", "/foundation-models"), ["ListFoundationModels", ""]);
  });

  it("refuses what the service does not know", () => {
    for (const [method, path] of [
      ["GET", `/model/${id}/converse`],
      ["POST", `/model/${id}/chat`],
      ["POST", "/model/converse"],
      ["POST", "/model//converse"],
      ["POST", "/"],
      ["PUT", "/inference-profiles"],
      ["GET", "/__proto__"],
      ["POST", "/model/x/constructor"],
    ] as const) {
      assert.throws(() => parseRoute(method, path), { name: "UnknownOperationException" }, `${method} ${path}`);
    }
    assert.throws(() => parseRoute("POST", "/model/%E0%A4%A/converse"), { name: "ValidationException" });
  });

  it("answers or refuses any bytes, never anything else", () => {
    fc.assert(
      fc.property(fc.constantFrom("GET", "POST", "DELETE", "?"), fc.string(), (method, path) => {
        try {
          parseRoute(method, path);
        } catch (error) {
          assert.ok(error instanceof ServiceError);
        }
      }),
    );
  });
});
