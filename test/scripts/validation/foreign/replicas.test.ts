import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFifoServers } from "../../../../scripts/validation/foreign/fifo-servers.ts";
import { createLuck } from "../../../../scripts/validation/foreign/luck.ts";
import { createReplicas } from "../../../../scripts/validation/foreign/replicas.ts";
import { fixedLuck, serve, watchedCall } from "./support.ts";

const machine = () =>
  createFifoServers({
    servers: 1,
    baseMs: 0,
    perInputTokenMs: 0,
    perOutputTokenMs: 10,
    slowShare: 0,
    slowFactor: 1,
    noiseCv: 0,
    luck: fixedLuck(0.5),
  });

describe("replicas", () => {
  it("keep calls of one key on one machine when sticky", () => {
    const server = createReplicas({ replicas: [machine(), machine()], balancing: "sticky", luck: fixedLuck(0.1) });
    const calls = ["a", "b", "a", "b"].map((key) => watchedCall(0, 0, 10, key));
    serve(server, calls);
    assert.deepEqual(
      calls.map(({ endMs }) => Math.round(endMs)),
      [100, 100, 200, 200],
    );
  });

  it("take either machine by chance otherwise", () => {
    const replicas = [machine(), machine()];
    const server = createReplicas({ replicas, balancing: "random", luck: createLuck(4) });
    const pairs = Array.from({ length: 2000 }, (_, i) => [watchedCall(i * 1000, 0, 10), watchedCall(i * 1000, 0, 10)]);
    serve(server, pairs.flat());
    // Of two calls at once, the second waits behind the first when both went to one machine: half of the time.
    const met = pairs.filter(([, second]) => second!.endMs - second!.atMs > 150).length;
    assert.ok(Math.abs(met / pairs.length - 0.5) < 0.04, `${met}`);
  });

  it("cancel wherever the call is", () => {
    const server = createReplicas({ replicas: [machine(), machine()], balancing: "sticky", luck: fixedLuck(0.1) });
    const [first, left] = [watchedCall(0, 0, 10, "a"), watchedCall(0, 0, 10, "a")];
    server.admit(first.call, 0);
    server.admit(left.call, 0);
    server.cancel(left.call);
    serve(server, []);
    assert.equal(Math.round(first.endMs), 100);
    assert.ok(Number.isNaN(left.endMs));
  });
});
