import type { IncomingHttpHeaders } from "node:http";
import { renderError, type ServiceFault } from "./errors.ts";

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
