import { crc32 } from "node:zlib";

/**
 * AWS event-stream framing: total length, header length, CRC of those eight bytes, headers, payload, CRC of all
 * before it; integers are big-endian. Header values are strings (type 7).
 * Source: Amazon Transcribe Developer Guide, event stream encoding (the same format in all AWS services); Smithy.
 */
export function encodeFrame(headerBytes: Buffer, payload: string): Buffer {
  const payloadLength = Buffer.byteLength(payload);
  const headersEnd = PRELUDE_BYTES + headerBytes.length;
  const totalLength = headersEnd + payloadLength + CRC_BYTES;
  const frame = Buffer.allocUnsafe(totalLength);
  frame.writeUInt32BE(totalLength, 0);
  frame.writeUInt32BE(headerBytes.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  headerBytes.copy(frame, PRELUDE_BYTES);
  frame.write(payload, headersEnd, payloadLength, "utf8");
  frame.writeUInt32BE(crc32(frame.subarray(0, totalLength - CRC_BYTES)), totalLength - CRC_BYTES);
  return frame;
}

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
const STRING_TYPE = 7;

/** Encodes the headers of a frame once, so that a stream's many frames of one kind share the bytes. */
export function encodeHeaders(headers: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const nameBytes = Buffer.from(name);
    const valueBytes = Buffer.from(value);
    const head = Buffer.allocUnsafe(1 + nameBytes.length + 3);
    head.writeUInt8(nameBytes.length, 0);
    nameBytes.copy(head, 1);
    head.writeUInt8(STRING_TYPE, 1 + nameBytes.length);
    head.writeUInt16BE(valueBytes.length, 2 + nameBytes.length);
    parts.push(head, valueBytes);
  }
  return Buffer.concat(parts);
}

/** Headers of an ordinary event. */
export function eventHeaders(eventType: string): Buffer {
  return encodeHeaders({
    ":event-type": eventType,
    ":content-type": "application/json",
    ":message-type": "event",
  });
}

/** Headers of an exception inside a stream; `exceptionType` in lower camel case. */
export function exceptionHeaders(exceptionType: string): Buffer {
  return encodeHeaders({
    ":exception-type": exceptionType,
    ":content-type": "application/json",
    ":message-type": "exception",
  });
}
