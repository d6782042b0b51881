import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SLOW_READER_MS, sendFault, sendJson } from "../../emulator/wire.ts";
import { FakeResponse } from "./fake-wire.ts";

describe("wire", () => {
  it("puts the request id on every answer, and the error type on errors", () => {
    const fine = new FakeResponse();
    sendJson(fine, "id-1", { status: 200, body: '{"ä":1}' });
    assert.deepEqual(fine.headers, {
      "x-amzn-requestid": "id-1",
      "content-type": "application/json",
      "content-length": 8,
    });
    const broken = new FakeResponse();
    sendFault(broken, "id-2", { name: "ThrottlingException" });
    assert.equal(broken.status, 429);
    assert.equal(broken.headers["x-amzn-requestid"], "id-2");
    assert.match(String(broken.headers["x-amzn-errortype"]), /^ThrottlingException:/);
    assert.equal("x-amz-retry-after" in broken.headers, false);
    const hinted = new FakeResponse();
    sendFault(hinted, "id-3", { name: "ThrottlingException", retryAfterMs: 1500 });
    assert.equal(hinted.headers["x-amz-retry-after"], "1500");
  });

  it("answers once, and nobody who is gone", () => {
    const response = new FakeResponse();
    sendJson(response, "1", { status: 200, body: "{}" });
    sendJson(response, "1", { status: 500, body: "no" });
    assert.equal(response.bytes.toString(), "{}");
    const gone = new FakeResponse();
    gone.destroyed = true;
    sendJson(gone, "1", { status: 200, body: "{}" });
    assert.equal(gone.headersSent, false);
  });

  it("drops a client that does not take its answer", (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const response = new FakeResponse();
    response.hasRoom = false;
    sendJson(response, "1", { status: 200, body: "{}" });
    test.mock.timers.tick(SLOW_READER_MS - 1);
    assert.equal(response.destroyed, false);
    test.mock.timers.tick(1);
    assert.equal(response.destroyed, true);
  });
});
