import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLanes, type LanesOptions } from "../../../../scripts/validation/foreign/lanes.ts";
import { fixedLuck, serve, watchedCall } from "./support.ts";

const PLAIN: LanesOptions = {
  readers: 1,
  readBaseMs: 20,
  readPerTokenMs: 0.1,
  readNoiseCv: 0,
  stepMs: 10,
  stepPerCallMs: 1,
  stepNoiseCv: 0,
  writersMax: 1,
  handOverPerTokenMs: 0.05,
  luck: fixedLuck(0.5),
};

describe("lanes", () => {
  it("read, hand over and write a call alone", () => {
    const call = watchedCall(3, 100, 6);
    serve(createLanes(PLAIN), [call]);
    assert.equal(call.firstMs, 3 + 20 + 10);
    assert.equal(call.endMs, 33 + 5 + 5 * 11);
  });

  it("hold prompts in one line and answers in another", () => {
    const calls = [0, 0].map((atMs) => watchedCall(atMs, 100, 11));
    serve(createLanes(PLAIN), calls);
    assert.deepEqual(
      calls.map(({ firstMs }) => firstMs),
      [30, 60],
    );
    // The second is handed over at 65 and waits for the only writer until 35 + 110.
    assert.deepEqual(
      calls.map(({ endMs }) => endMs),
      [145, 255],
    );
  });

  it("end an answer of one token with its prompt", () => {
    const call = watchedCall(0, 100, 1);
    serve(createLanes(PLAIN), [call]);
    assert.equal(call.endMs, 30);
  });

  it("forget a call that goes away", () => {
    const server = createLanes(PLAIN);
    const [left, stays] = [watchedCall(0, 100, 10), watchedCall(0, 100, 10)];
    server.admit(left.call, 0);
    server.admit(stays.call, 0);
    while (server.nextMs() <= 40) server.step();
    server.cancel(left.call);
    serve(server, []);
    assert.ok(Number.isNaN(left.endMs));
    // Its machine is free from the end of its step on.
    assert.ok(stays.endMs <= 65 + 10 + 9 * 11);
  });
});
