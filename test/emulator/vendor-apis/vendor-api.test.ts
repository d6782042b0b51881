import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SERVICE_ERROR_NAMES } from "../../../emulator/http/errors.ts";
import { errorReply, metadataOf } from "../../../emulator/vendor-apis/vendor-api.ts";

describe("errors of the vendors' APIs", () => {
  it("have the statuses that the vendors' clients tell apart", () => {
    const reply = (name: (typeof SERVICE_ERROR_NAMES)[number], style: "openai" | "anthropic") => {
      const { status, body } = errorReply({ name }, style, "r");
      return [status, JSON.parse(body).error.type];
    };
    assert.deepEqual(reply("ThrottlingException", "openai"), [429, "rate_limit_error"]);
    assert.deepEqual(reply("ServiceUnavailableException", "openai"), [503, "overloaded_error"]);
    assert.deepEqual(reply("ServiceUnavailableException", "anthropic"), [529, "overloaded_error"]);
    assert.deepEqual(reply("ValidationException", "anthropic"), [400, "invalid_request_error"]);
    assert.deepEqual(reply("MissingAuthenticationTokenException", "openai"), [401, "authentication_error"]);
    assert.deepEqual(reply("AccessDeniedException", "anthropic"), [403, "permission_error"]);
    assert.deepEqual(reply("InternalServerException", "openai"), [500, "api_error"]);
    for (const name of SERVICE_ERROR_NAMES) assert.ok(reply(name, "openai")[1].length > 5, name);
  });
  it("say of a key that is not valid what the newer endpoint says", () => {
    const fault = { name: "AccessDeniedException", message: "no", gate: "api key" } as const;
    const openai = errorReply(fault, "openai", "r");
    assert.equal(openai.status, 401);
    assert.deepEqual(JSON.parse(openai.body), {
      error: { message: "Invalid bearer token", type: "authentication_error", param: null, code: "invalid_api_key" },
    });
    assert.equal(errorReply(fault, "anthropic", "r").status, 401);
    assert.equal(errorReply({ ...fault, gate: "policy" }, "openai", "r").status, 403);
  });
  it("name the request in headers, and in Anthropic's body", () => {
    const { headers, body } = errorReply({ name: "ThrottlingException", message: "later" }, "anthropic", "req-1");
    assert.equal(headers?.["request-id"], "req-1");
    assert.deepEqual(JSON.parse(body), {
      type: "error",
      error: { type: "rate_limit_error", message: "later" },
      request_id: "req-1",
    });
  });
  it("come without metadata where there is none", () => {
    assert.deepEqual([metadataOf({}), metadataOf("x"), metadataOf({ a: "b" })], [undefined, undefined, { a: "b" }]);
  });
});
