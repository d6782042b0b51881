/** What the emulator writes to a connection: JSON answers, errors, and the frames of AWS event streams. */
import type { IncomingHttpHeaders } from "node:http";
import { crc32 } from "node:zlib";
import { exceptionType, faultBody, renderError, type ServiceFault } from "./errors.ts";

/** What the emulator uses of a request, whether it came by HTTP/1.1 or HTTP/2. */
export interface WireRequest extends NodeJS.ReadableStream {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Set if the caller holds the body back until it is asked for it (`Expect: 100-continue`). */
  readonly heldBody?: HeldBody | undefined;
}

/** A body that is not sent before the caller is asked for it. */
export interface HeldBody {
  isAsked: boolean;
  /** Sends `100 Continue`. */
  ask(): void;
}

/** What the emulator uses of a response. */
export interface WireResponse {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  write(chunk: Buffer, done?: () => void): boolean;
  end(chunk?: Buffer | string): unknown;
  destroy(): unknown;
  /** Only on HTTP/2. */
  readonly stream?: { close(code: number): void };
  on(event: "close" | "drain" | "finish" | "error", listener: () => void): unknown;
  off(event: "close" | "drain" | "finish" | "error", listener: () => void): unknown;
}

/** A client that reads nothing for this long is disconnected, ms. */
export const SLOW_READER_MS = 30_000;

/** A complete answer. */
export interface JsonReply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** Sends a complete answer with its request id; does nothing if one was sent already or the client has disconnected. */
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

/** An error of the service as an answer. */
export function faultReply(fault: ServiceFault): JsonReply {
  const { status, errorType, body } = renderError(fault);
  const hint = fault.retryAfterMs === undefined ? {} : { "x-amz-retry-after": String(fault.retryAfterMs) };
  return { status, body, headers: { "x-amzn-errortype": errorType, ...hint } };
}

/** Sends an error of the service; `headers` are added to its own. */
export function sendFault(
  response: WireResponse,
  requestId: string,
  fault: ServiceFault,
  headers: Readonly<Record<string, string>> = {},
): void {
  const reply = faultReply(fault);
  sendJson(response, requestId, { ...reply, headers: { ...reply.headers, ...headers } });
}

const HTTP2_INTERNAL_ERROR = 2;

/** Ends an exchange without an answer: resets the connection on HTTP/1.1, the single stream on HTTP/2. */
export function breakOff(response: WireResponse): void {
  if (response.stream === undefined) response.destroy();
  else response.stream.close(HTTP2_INTERNAL_ERROR);
}

/** Disconnects the client unless it reads the rest of an ended answer in time. */
export function dropIfUnread(response: WireResponse): void {
  if (response.writableFinished) return;
  const timer = setTimeout(() => response.destroy(), SLOW_READER_MS);
  timer.unref();
  const settle = (): void => clearTimeout(timer);
  response.on("finish", settle);
  response.on("close", settle);
}

/**
 * Encodes one frame of an AWS event stream: total length, header length, CRC of those eight bytes, headers, payload, CRC
 * of everything before it; integers are big-endian. Header values are strings (type 7).
 *
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

/** Encodes the headers of a frame; done once per kind of frame, since all frames of a kind share the bytes. */
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

/** Encoded headers of an ordinary event. */
export function eventHeaders(eventType: string): Buffer {
  return encodeHeaders({
    ":event-type": eventType,
    ":content-type": "application/json",
    ":message-type": "event",
  });
}

/** Encoded headers of an exception inside a stream; `exceptionType` in lower camel case. */
export function exceptionHeaders(exceptionType: string): Buffer {
  return encodeHeaders({
    ":exception-type": exceptionType,
    ":content-type": "application/json",
    ":message-type": "exception",
  });
}

/**
 * Events of a ConverseStream in order: messageStart; per block [contentBlockStart, for tool use only],
 * contentBlockDelta..., contentBlockStop; messageStop; metadata.
 *
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

/** One event of a ConverseStream. */
export function converseFrame(type: ConverseEventType, payload: unknown): Buffer {
  return encodeFrame(CONVERSE_HEADERS[type], JSON.stringify(payload));
}

/** One chunk of an InvokeModelWithResponseStream: the model family's JSON in base64. */
export function chunkFrame(body: unknown): Buffer {
  const bytes = Buffer.from(JSON.stringify(body)).toString("base64");
  return encodeFrame(CHUNK_HEADERS, `{"bytes":"${bytes}"}`);
}

/** The exception that ends a stream after its first event. */
export function exceptionFrame(fault: ServiceFault, stream: "converse" | "invoke"): Buffer {
  return encodeFrame(exceptionHeaders(exceptionType(fault.name, stream)), faultBody(fault));
}
