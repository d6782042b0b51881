import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  exceptionType,
  isServiceErrorName,
  renderError,
  SERVICE_ERROR_NAMES,
  ServiceError,
  statusOf,
} from "../../../emulator/http/errors.ts";

describe("service errors", () => {
  // Amazon Bedrock API reference, common and operation errors.
  const documented = {
    ThrottlingException: 429,
    ModelNotReadyException: 429,
    ServiceUnavailableException: 503,
    InternalServerException: 500,
    ModelTimeoutException: 408,
    ModelErrorException: 424,
    ModelStreamErrorException: 424,
    ValidationException: 400,
    ServiceQuotaExceededException: 400,
    AccessDeniedException: 403,
    ResourceNotFoundException: 404,
  } as const;

  for (const [name, status] of Object.entries(documented)) {
    it(`${name} is ${status}`, () => {
      assert.ok(isServiceErrorName(name));
      const rendered = renderError({ name, message: "why" });
      assert.equal(rendered.status, status);
      assert.equal(rendered.errorType.split(":")[0], name);
      assert.equal(rendered.body, '{"message":"why"}');
    });
  }

  it("includes further members in the body", () => {
    const error = new ServiceError("ModelErrorException", "no", { originalStatusCode: 400, resourceName: "m" });
    assert.deepEqual(JSON.parse(renderError(error).body), {
      message: "no",
      originalStatusCode: 400,
      resourceName: "m",
    });
  });

  it("spells the message as what stands before the service does", () => {
    const body = renderError({ name: "AccessDeniedException", message: "no", gate: "api key" }).body;
    assert.equal(body, '{"Message":"no"}');
  });

  it("names in-stream exceptions in lower camel case, and others as internal", () => {
    assert.equal(exceptionType("ThrottlingException", "converse"), "throttlingException");
    assert.equal(exceptionType("ModelStreamErrorException", "converse"), "modelStreamErrorException");
    assert.equal(exceptionType("AccessDeniedException", "converse"), "internalServerException");
    assert.equal(exceptionType("ModelTimeoutException", "converse"), "internalServerException");
    assert.equal(exceptionType("ModelTimeoutException", "invoke"), "modelTimeoutException");
  });

  it("has a message for every error, and no name of Object.prototype", () => {
    for (const name of SERVICE_ERROR_NAMES) {
      assert.ok(JSON.parse(renderError({ name }).body).message.length > 10);
      assert.ok(statusOf(name) >= 400);
    }
    assert.equal(isServiceErrorName("constructor"), false);
  });
});
