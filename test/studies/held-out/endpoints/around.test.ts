import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createCreditLimiter,
  createNeighbours,
  createReplicas,
} from "../../../../studies/held-out/endpoints/around.ts";
import { createFifoServers, createSharedRate } from "../../../../studies/held-out/endpoints/queues.ts";
import { createDraws, type EndpointCall, type EndpointServer } from "../../../../studies/held-out/endpoints/server.ts";
import { fixedDraws, serve, watchedCall } from "./support.ts";

const pool = () =>
  createSharedRate({
    perCallRate: 1,
    totalRate: 1000,
    inputWork: 0,
    setupMs: 0,
    noiseCv: 0,
    draws: fixedDraws(0.5),
  });

describe("credit limiter", () => {
  it("lets calls in while there is credit, into debt, and again when it is paid back", () => {
    // 1 token a ms, at most 1000 saved.
    const server = createCreditLimiter({ tokensPerMinute: 60_000, burstS: 1, behind: pool() });
    const calls = [0, 1, 2, 1000, 1100].map((atMs) => watchedCall(atMs, 900, 100));
    const answers = serve(server, calls);
    // At 1 ms 102 tokens are left: the second is let in. By 1000 ms 800 + 200 of debt less 1000 of refill are even.
    assert.deepEqual(
      answers.map((answer) => answer?.kind ?? "taken"),
      ["taken", "taken", "throttled", "throttled", "taken"],
    );
    assert.ok(Number.isFinite(calls[1]!.endMs));
  });

  it("grants its rate in the long run, whatever is asked", () => {
    const server = createCreditLimiter({ tokensPerMinute: 60_000, burstS: 2, behind: pool() });
    const calls = Array.from({ length: 3000 }, (_, i) => watchedCall(i * 40, 150, 50));
    const granted = serve(server, calls).filter((answer) => answer === undefined).length * 200;
    assert.ok(Math.abs(granted / (120_000 + 2000) - 1) < 0.02, `${granted} tokens in 120 s`);
  });

  it("passes a cancellation on", () => {
    const server = createCreditLimiter({ tokensPerMinute: 60_000, burstS: 2, behind: pool() });
    const call = watchedCall(0, 10, 1000);
    server.admit(call.call, 0);
    server.cancel(call.call);
    assert.equal(server.nextMs(), Number.POSITIVE_INFINITY);
  });
});

function counting(): EndpointServer & { readonly seen: { call: EndpointCall; atMs: number }[] } {
  const seen: { call: EndpointCall; atMs: number }[] = [];
  return {
    seen,
    nextMs: () => Number.POSITIVE_INFINITY,
    step: () => {},
    admit: (call, atMs) => void seen.push({ call, atMs }),
    cancel: () => {},
  };
}

describe("neighbours", () => {
  it("call in bursts, at their rate and size", () => {
    const behind = counting();
    const others = { busyMs: 1000, quietMs: 3000, callsPerS: 20, inputTokens: 300, outputTokens: 50 };
    const server = createNeighbours({ ...others, behind, draws: createDraws(9) });
    const lengthMs = 4_000_000;
    while (server.nextMs() <= lengthMs) server.step();
    const expected = (20 * (lengthMs / 1000)) / 4;
    assert.ok(Math.abs(behind.seen.length / expected - 1) < 0.1, `${behind.seen.length}, ${expected}`);
    const mean = behind.seen.reduce((sum, { call }) => sum + call.inputTokens, 0) / behind.seen.length;
    assert.ok(Math.abs(mean / 300 - 1) < 0.05, `${mean}`);
    // Bursts: counts by second vary far more than Poisson's.
    const counts = new Float64Array(lengthMs / 1000);
    for (const { atMs } of behind.seen) counts[Math.floor(atMs / 1000)]!++;
    const average = counts.reduce((sum, n) => sum + n, 0) / counts.length;
    const variance = counts.reduce((sum, n) => sum + (n - average) ** 2, 0) / counts.length;
    assert.ok(variance > 5 * average, `${variance}, ${average}`);
  });

  it("pass on what is asked of the server itself", () => {
    const behind = counting();
    const others = { busyMs: 1, quietMs: 1e9, callsPerS: 1, inputTokens: 1, outputTokens: 1 };
    const server = createNeighbours({ ...others, behind, draws: createDraws(9) });
    const { call } = watchedCall(5, 10, 10);
    server.admit(call, 5);
    assert.deepEqual(behind.seen, [{ call, atMs: 5 }]);
  });
});

const machine = () =>
  createFifoServers({
    servers: 1,
    baseMs: 0,
    perInputTokenMs: 0,
    perOutputTokenMs: 10,
    slowShare: 0,
    slowFactor: 1,
    noiseCv: 0,
    draws: fixedDraws(0.5),
  });

describe("replicas", () => {
  it("keep calls of one key on one machine when sticky", () => {
    const server = createReplicas({ replicas: [machine(), machine()], balancing: "sticky", draws: fixedDraws(0.1) });
    const calls = ["a", "b", "a", "b"].map((key) => watchedCall(0, 0, 10, key));
    serve(server, calls);
    assert.deepEqual(
      calls.map(({ endMs }) => Math.round(endMs)),
      [100, 100, 200, 200],
    );
  });

  it("take either machine by chance otherwise", () => {
    const replicas = [machine(), machine()];
    const server = createReplicas({ replicas, balancing: "random", draws: createDraws(4) });
    const pairs = Array.from({ length: 2000 }, (_, i) => [watchedCall(i * 1000, 0, 10), watchedCall(i * 1000, 0, 10)]);
    serve(server, pairs.flat());
    // Of two calls at once, the second waits behind the first when both went to one machine: half of the time.
    const met = pairs.filter(([, second]) => second!.endMs - second!.atMs > 150).length;
    assert.ok(Math.abs(met / pairs.length - 0.5) < 0.04, `${met}`);
  });

  it("cancel wherever the call is", () => {
    const server = createReplicas({ replicas: [machine(), machine()], balancing: "sticky", draws: fixedDraws(0.1) });
    const [first, left] = [watchedCall(0, 0, 10, "a"), watchedCall(0, 0, 10, "a")];
    server.admit(first.call, 0);
    server.admit(left.call, 0);
    server.cancel(left.call);
    serve(server, []);
    assert.equal(Math.round(first.endMs), 100);
    assert.ok(Number.isNaN(left.endMs));
  });
});
