import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createFifoServers,
  createLanes,
  createSharedRate,
  type FifoServersOptions,
  type LanesOptions,
  type SharedRateOptions,
} from "../../../../studies/held-out/endpoints/queues.ts";
import { createDraws } from "../../../../studies/held-out/endpoints/server.ts";
import { fixedDraws, serve, watchedCall } from "./support.ts";

const FIFO: FifoServersOptions = {
  servers: 1,
  baseMs: 100,
  perInputTokenMs: 0.5,
  perOutputTokenMs: 10,
  slowShare: 0.1,
  slowFactor: 3,
  noiseCv: 0,
  draws: fixedDraws(0.5),
};

describe("FIFO servers", () => {
  it("serve for base + input + output", () => {
    const call = watchedCall(7, 40, 6);
    serve(createFifoServers(FIFO), [call]);
    assert.equal(call.firstMs, 7 + 100 + 20 + 10);
    assert.ok(Math.abs(call.endMs - (7 + 100 + 20 + 60)) < 1e-9);
  });

  it("follow Lindley's recursion with one server", () => {
    const draws = createDraws(3);
    let atMs = 0;
    const calls = Array.from({ length: 500 }, () => {
      atMs += 200 * draws.uniform();
      return watchedCall(atMs, 20, 1 + Math.floor(8 * draws.uniform()));
    });
    serve(createFifoServers(FIFO), calls);
    let freeMs = 0;
    for (const { atMs: arrivedMs, call, endMs } of calls) {
      freeMs = Math.max(freeMs, arrivedMs) + 110 + 10 * call.outputTokens;
      assert.ok(Math.abs(endMs - freeMs) < 1e-6, `${endMs} ${freeMs}`);
    }
  });

  it("work side by side", () => {
    const calls = [0, 0, 0].map((atMs) => watchedCall(atMs, 0, 10));
    serve(createFifoServers({ ...FIFO, servers: 2 }), calls);
    assert.deepEqual(
      calls.map(({ endMs }) => Math.round(endMs)),
      [200, 200, 400],
    );
  });

  it("take the slow factor for the slow share", () => {
    const calls = Array.from({ length: 4000 }, (_, i) => watchedCall(i * 1000, 0, 10));
    serve(createFifoServers({ ...FIFO, draws: createDraws(8) }), calls);
    const slow = calls.filter(({ atMs, endMs }) => Math.abs(endMs - atMs - 600) < 1e-6).length;
    const quick = calls.filter(({ atMs, endMs }) => Math.abs(endMs - atMs - 200) < 1e-6).length;
    assert.equal(slow + quick, calls.length);
    assert.ok(Math.abs(slow / calls.length - 0.1) < 0.02);
  });

  it("let go of a call that waits", () => {
    const server = createFifoServers(FIFO);
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

const SHARED: SharedRateOptions = {
  perCallRate: 0.1,
  totalRate: 0.25,
  inputWork: 0.05,
  setupMs: 50,
  noiseCv: 0,
  draws: fixedDraws(0.5),
};

const near = (found: number, expected: number) => assert.ok(Math.abs(found - expected) < 1e-6, `${found}, ${expected}`);

describe("shared rate", () => {
  it("gives a call alone its own cap", () => {
    const call = watchedCall(0, 100, 10);
    serve(createSharedRate(SHARED), [call]);
    near(call.firstMs, 50 + (5 + 1) / 0.1);
    near(call.endMs, 50 + (5 + 10) / 0.1);
  });

  it("divides the whole among many", () => {
    const calls = Array.from({ length: 5 }, () => watchedCall(0, 0, 10));
    serve(createSharedRate(SHARED), calls);
    // Five at once get 0.05 each.
    for (const { endMs } of calls) near(endMs, 50 + 10 / 0.05);
  });

  it("speeds up when a call leaves", () => {
    const [short, ...long] = [watchedCall(0, 0, 4), ...Array.from({ length: 4 }, () => watchedCall(0, 0, 10))];
    serve(createSharedRate(SHARED), [short!, ...long]);
    near(short!.endMs, 50 + 4 / 0.05);
    for (const { endMs } of long) near(endMs, 50 + 4 / 0.05 + 6 / (0.25 / 4));
  });

  it("gives what a call leaves behind to the others", () => {
    const server = createSharedRate(SHARED);
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

const LANES: LanesOptions = {
  readers: 1,
  readBaseMs: 20,
  readPerTokenMs: 0.1,
  readNoiseCv: 0,
  stepMs: 10,
  stepPerCallMs: 1,
  stepNoiseCv: 0,
  writersMax: 1,
  handOverPerTokenMs: 0.05,
  draws: fixedDraws(0.5),
};

describe("lanes", () => {
  it("read, hand over and write a call alone", () => {
    const call = watchedCall(3, 100, 6);
    serve(createLanes(LANES), [call]);
    assert.equal(call.firstMs, 3 + 20 + 10);
    assert.equal(call.endMs, 33 + 5 + 5 * 11);
  });

  it("hold prompts in one line and answers in another", () => {
    const calls = [0, 0].map((atMs) => watchedCall(atMs, 100, 11));
    serve(createLanes(LANES), calls);
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
    serve(createLanes(LANES), [call]);
    assert.equal(call.endMs, 30);
  });

  it("forget a call that goes away", () => {
    const server = createLanes(LANES);
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
