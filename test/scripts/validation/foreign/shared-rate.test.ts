import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSharedRate, type SharedRateOptions } from "../../../../scripts/validation/foreign/shared-rate.ts";
import { fixedLuck, serve, watchedCall } from "./support.ts";

const PLAIN: SharedRateOptions = {
  perCallRate: 0.1,
  totalRate: 0.25,
  inputWork: 0.05,
  setupMs: 50,
  noiseCv: 0,
  luck: fixedLuck(0.5),
};

const near = (found: number, expected: number) => assert.ok(Math.abs(found - expected) < 1e-6, `${found}, ${expected}`);

describe("shared rate", () => {
  it("gives a call alone its own cap", () => {
    const call = watchedCall(0, 100, 10);
    serve(createSharedRate(PLAIN), [call]);
    near(call.firstMs, 50 + (5 + 1) / 0.1);
    near(call.endMs, 50 + (5 + 10) / 0.1);
  });

  it("divides the whole among many", () => {
    const calls = Array.from({ length: 5 }, () => watchedCall(0, 0, 10));
    serve(createSharedRate(PLAIN), calls);
    // Five at once get 0.05 each.
    for (const { endMs } of calls) near(endMs, 50 + 10 / 0.05);
  });

  it("speeds up when somebody leaves", () => {
    const [short, ...long] = [watchedCall(0, 0, 4), ...Array.from({ length: 4 }, () => watchedCall(0, 0, 10))];
    serve(createSharedRate(PLAIN), [short!, ...long]);
    near(short!.endMs, 50 + 4 / 0.05);
    for (const { endMs } of long) near(endMs, 50 + 4 / 0.05 + 6 / (0.25 / 4));
  });

  it("gives what a call leaves behind to the others", () => {
    const server = createSharedRate(PLAIN);
    const calls = Array.from({ length: 5 }, () => watchedCall(0, 0, 10));
    for (const { call } of calls) server.admit(call, 0);
    // Runs up to the start of work, when all five have come in.
    while (server.nextMs() <= 50) server.step();
    for (const { call } of calls.slice(2)) server.cancel(call);
    serve(server, []);
    near(calls[0]!.endMs, 50 + 10 / 0.1);
    assert.ok(Number.isNaN(calls[4]!.endMs));
  });
});
