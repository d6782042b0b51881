import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chunkFrame, converseFrame, exceptionFrame } from "../../../emulator/event-stream/frames.ts";
import { decodeFrames } from "../frame-reader.ts";

describe("frames", () => {
  it("carry a Converse event as its JSON", () => {
    assert.deepEqual(decodeFrames(converseFrame("messageStop", { stopReason: "end_turn" })), [
      { type: "messageStop", payload: { stopReason: "end_turn" } },
    ]);
  });
  it("carry an invoke chunk as base64 of its JSON", () => {
    const [frame] = decodeFrames(chunkFrame({ text: "ä" }));
    assert.equal(frame?.type, "chunk");
    assert.deepEqual(JSON.parse(Buffer.from(String(frame?.payload.bytes), "base64").toString()), { text: "ä" });
  });
  it("carry an exception with its message", () => {
    const fault = { name: "ModelStreamErrorException", message: "m", members: { originalStatusCode: 500 } } as const;
    assert.deepEqual(decodeFrames(exceptionFrame(fault)), [
      { type: "modelStreamErrorException", payload: { message: "m", originalStatusCode: 500 } },
    ]);
  });
});
