import type { IncomingHttpHeaders } from "node:http";
import { crc32 } from "node:zlib";
import { exceptionType, faultBody, renderError, type ServiceFault } from "./errors.ts";

/** What the emulator uses of a request, whether it came by HTTP/1.1 or HTTP/2. */
export interface WireRequest extends NodeJS.ReadableStream {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** What the emulator uses of a response. */
export interface WireResponse {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  write(chunk: Buffer): boolean;
  end(chunk?: Buffer | string): unknown;
  destroy(): unknown;
  /** Only on HTTP/2. */
  readonly stream?: { close(code: number): void };
  on(event: "close" | "drain" | "finish" | "error", listener: () => void): unknown;
  off(event: "close" | "drain" | "finish" | "error", listener: () => void): unknown;
}

/** A client that has not taken what was sent to it for this long is dropped. */
export const SLOW_READER_MS = 30_000;

export interface JsonReply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** Sends a whole answer with the request id. */
export function sendJson(response: WireResponse, requestId: string, reply: JsonReply): void {
  if (response.destroyed || response.writableEnded || response.headersSent) return;
  response.writeHead(reply.status, {
    "x-amzn-requestid": requestId,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(reply.body),
    ...reply.headers,
  });
  response.end(reply.body);
  dropIfUnread(response);
}

/** Sends an error of the service. */
export function sendFault(
  response: WireResponse,
  requestId: string,
  fault: ServiceFault,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { status, errorType, body } = renderError(fault);
  const hint = fault.retryAfterMs === undefined ? {} : { "x-amz-retry-after": String(fault.retryAfterMs) };
  sendJson(response, requestId, { status, body, headers: { "x-amzn-errortype": errorType, ...hint, ...headers } });
}

const HTTP2_INTERNAL_ERROR = 2;

/** Ends an exchange without an answer: HTTP/1.1 loses its connection, HTTP/2 the one stream. */
export function breakOff(response: WireResponse): void {
  if (response.stream === undefined) response.destroy();
  else response.stream.close(HTTP2_INTERNAL_ERROR);
}

/** Breaks the connection unless the client takes the rest of an ended answer in time. */
export function dropIfUnread(response: WireResponse): void {
  if (response.writableFinished) return;
  const timer = setTimeout(() => response.destroy(), SLOW_READER_MS);
  timer.unref();
  const settle = (): void => clearTimeout(timer);
  response.on("finish", settle);
  response.on("close", settle);
}

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

/**
 * Frames of Bedrock's two stream shapes. Order of a ConverseStream: messageStart; per block [contentBlockStart, only
 * for tool use], contentBlockDelta..., contentBlockStop; messageStop; metadata.
 * Source: Amazon Bedrock API reference, ConverseStreamOutput and ResponseStream.
 */
const CONVERSE_EVENTS = [
  "messageStart",
  "contentBlockStart",
  "contentBlockDelta",
  "contentBlockStop",
  "messageStop",
  "metadata",
] as const;
export type ConverseEventType = (typeof CONVERSE_EVENTS)[number];

const CONVERSE_HEADERS = Object.fromEntries(
  CONVERSE_EVENTS.map((type) => [type, eventHeaders(type)]),
) as unknown as Readonly<Record<ConverseEventType, Buffer>>;
const CHUNK_HEADERS = eventHeaders("chunk");

export function converseFrame(type: ConverseEventType, payload: unknown): Buffer {
  return encodeFrame(CONVERSE_HEADERS[type], JSON.stringify(payload));
}

/** One chunk of an InvokeModelWithResponseStream: the model's own JSON in base64. */
export function chunkFrame(body: unknown): Buffer {
  const bytes = Buffer.from(JSON.stringify(body)).toString("base64");
  return encodeFrame(CHUNK_HEADERS, `{"bytes":"${bytes}"}`);
}

/** An exception that ends a stream which has already begun. */
export function exceptionFrame(fault: ServiceFault): Buffer {
  return encodeFrame(exceptionHeaders(exceptionType(fault.name)), faultBody(fault));
}
