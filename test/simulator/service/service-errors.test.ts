import assert from "node:assert/strict";
import { it } from "node:test";
import { outcomeOfServiceError, SERVICE_ERROR_NAMES, statusOf } from "../../../simulator/service/service-errors.ts";

/** What boto3 1.44.5 and the JavaScript SDK 3.1162 were seen to try again, by status. */
it("an error as SDKs take it: 429, 503 and 5xx tried again, 408, 424 and other 4xx not", () => {
  for (const name of SERVICE_ERROR_NAMES) {
    const isRetried = outcomeOfServiceError(name) !== "rejected";
    assert.equal(isRetried, statusOf(name) === 429 || statusOf(name) >= 500, name);
  }
  assert.equal(outcomeOfServiceError("ThrottlingException"), "throttled");
  assert.equal(outcomeOfServiceError("ModelNotReadyException"), "unavailable");
});
