import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFifoServers, type FifoServersOptions } from "../../../../scripts/validation/foreign/fifo-servers.ts";
import { createLuck } from "../../../../scripts/validation/foreign/luck.ts";
import { fixedLuck, serve, watchedCall } from "./support.ts";

const PLAIN: FifoServersOptions = {
  servers: 1,
  baseMs: 100,
  perInputTokenMs: 0.5,
  perOutputTokenMs: 10,
  slowShare: 0.1,
  slowFactor: 3,
  noiseCv: 0,
  luck: fixedLuck(0.5),
};

describe("FIFO servers", () => {
  it("serve for base + input + output", () => {
    const call = watchedCall(7, 40, 6);
    serve(createFifoServers(PLAIN), [call]);
    assert.equal(call.firstMs, 7 + 100 + 20 + 10);
    assert.ok(Math.abs(call.endMs - (7 + 100 + 20 + 60)) < 1e-9);
  });

  it("follow Lindley's recursion with one server", () => {
    const luck = createLuck(3);
    let atMs = 0;
    const calls = Array.from({ length: 500 }, () => {
      atMs += 200 * luck.uniform();
      return watchedCall(atMs, 20, 1 + Math.floor(8 * luck.uniform()));
    });
    serve(createFifoServers(PLAIN), calls);
    let freeMs = 0;
    for (const { atMs: arrivedMs, call, endMs } of calls) {
      freeMs = Math.max(freeMs, arrivedMs) + 110 + 10 * call.outputTokens;
      assert.ok(Math.abs(endMs - freeMs) < 1e-6, `${endMs} ${freeMs}`);
    }
  });

  it("work side by side", () => {
    const calls = [0, 0, 0].map((atMs) => watchedCall(atMs, 0, 10));
    serve(createFifoServers({ ...PLAIN, servers: 2 }), calls);
    assert.deepEqual(
      calls.map(({ endMs }) => Math.round(endMs)),
      [200, 200, 400],
    );
  });

  it("take the slow factor for the slow share", () => {
    const calls = Array.from({ length: 4000 }, (_, i) => watchedCall(i * 1000, 0, 10));
    serve(createFifoServers({ ...PLAIN, luck: createLuck(8) }), calls);
    const slow = calls.filter(({ atMs, endMs }) => Math.abs(endMs - atMs - 600) < 1e-6).length;
    const quick = calls.filter(({ atMs, endMs }) => Math.abs(endMs - atMs - 200) < 1e-6).length;
    assert.equal(slow + quick, calls.length);
    assert.ok(Math.abs(slow / calls.length - 0.1) < 0.02);
  });

  it("let go of a call that waits", () => {
    const server = createFifoServers(PLAIN);
    const [served, left] = [watchedCall(0, 0, 10), watchedCall(0, 0, 10)];
    server.admit(served.call, 0);
    server.admit(left.call, 0);
    server.cancel(left.call);
    const next = watchedCall(10, 0, 10);
    serve(server, [next]);
    assert.ok(Number.isNaN(left.endMs));
    assert.equal(Math.round(next.endMs), 400);
  });
});
