import assert from "node:assert/strict";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { after, before, beforeEach, describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../../emulator/backends/queue.ts";
import type { Fleet } from "../../../emulator/fleet.ts";
import { decodeFrames } from "../frame-reader.ts";
import { CLAUDE, testFleet, userMessage } from "../support.ts";

/** Failures specific to HTTP/2: cancelled streams, single resets on a shared connection, readers that close the window. */
describe("HTTP/2", { timeout: 60_000 }, () => {
  let fleet: Fleet;
  let session: ClientHttp2Session;
  before(async () => {
    fleet = await testFleet({
      auth: "off",
      backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 5, perTokenMs: 1, outputTokens: 200 }),
    });
    session = connect(fleet.endpoints[0]!.url);
  });
  after(async () => {
    session.destroy();
    await fleet.close(0);
  });
  beforeEach(() => fleet.faults.clear());

  function post(operation: string, content: object = {}): ClientHttp2Stream {
    const stream = session.request({
      ":method": "POST",
      ":path": `/model/${CLAUDE}/${operation}`,
      "content-type": "application/json",
    });
    stream.on("error", () => {});
    stream.end(JSON.stringify({ messages: [userMessage()], ...content }));
    return stream;
  }

  const read = async (stream: ClientHttp2Stream): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };

  const outcome = async (position: number) => {
    while (fleet.log.recent.total < position) await new Promise((resolve) => setTimeout(resolve, 5));
    return fleet.log.recent.last(1)[0];
  };

  it("reports a cancelled stream and continues the others of its connection", async () => {
    const total = fleet.log.recent.total;
    const cancelled = post("converse-stream");
    const other = read(post("converse-stream", { requestMetadata: { outputTokens: "400" } }));
    await new Promise((resolve) => cancelled.once("data", resolve));
    cancelled.close(8);
    assert.equal((await outcome(total + 1))?.error, "ClientClosed");
    assert.equal(decodeFrames(await other).at(-1)?.type, "metadata");
  });

  it("resets one stream for an injected reset, not the connection", async () => {
    fleet.faults.add({ effect: "reset", times: 1 });
    const broken = post("converse");
    const closed = await new Promise((resolve) => broken.once("close", () => resolve(broken.rstCode)));
    assert.notEqual(closed, 0);
    assert.equal(JSON.parse((await read(post("converse"))).toString()).stopReason, "end_turn");
  });

  it("holds tokens back while the reader's window is closed, and loses none of them", async () => {
    const stream = post("converse-stream", { requestMetadata: { outputTokens: "3000" } });
    const chunks: Buffer[] = [];
    await new Promise((resolve) => stream.once("response", resolve));
    // Not reading: the window of 64 KiB fills after some 400 events.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const frames = decodeFrames(Buffer.concat(chunks));
    const text = frames.map(({ payload }) => (payload.delta as { text?: string } | undefined)?.text ?? "").join("");
    assert.equal(text.length, 12_000);
    assert.equal(frames.at(-1)?.type, "metadata");
    // What accumulated behind the closed window was sent in few, larger events.
    assert.ok(frames.length < 3000, `${frames.length} frames`);
  });
});
