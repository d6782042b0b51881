import { EventStreamCodec } from "@smithy/eventstream-codec";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString("utf8"),
  (text) => new Uint8Array(Buffer.from(text)),
);

export interface ReadFrame {
  /** Event or exception type. */
  readonly type: string;
  readonly payload: Record<string, unknown>;
}

/** Takes a stream apart with Smithy's decoder, which checks both checksums of every frame. */
export function decodeFrames(bytes: Buffer): ReadFrame[] {
  const frames: ReadFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const { headers, body } = codec.decode(new Uint8Array(bytes.subarray(at, at + length)));
    const type = headers[":event-type"] ?? headers[":exception-type"];
    frames.push({ type: String(type?.value), payload: JSON.parse(Buffer.from(body).toString()) });
    at += length;
  }
  return frames;
}
