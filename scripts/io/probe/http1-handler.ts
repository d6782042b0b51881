import { type IncomingMessage, request as send } from "node:http";
import type { Socket } from "node:net";

/** A request as the SDK hands it to whoever sends it: signed, and with its headers complete. */
interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/**
 * Sends the SDK's requests over HTTP/1.1, each on a connection of its own, for endpoints that speak nothing newer. The
 * SDK's client for Bedrock brings HTTP/2 only.
 */
export function http1Handler(connect: () => Socket) {
  return {
    handle: (request: SignedRequest, { abortSignal }: { readonly abortSignal?: AbortSignal } = {}) =>
      new Promise<{ readonly response: ReturnType<typeof responseOf> }>((resolve, reject) => {
        const { method, path, headers, body } = request;
        const outgoing = send({ method, path, headers, createConnection: connect });
        const onAbort = (): void => void outgoing.destroy(new Error("stopped"));
        outgoing.once("response", (incoming) => {
          // Whoever reads the body hears of its errors; one that comes after that is nobody's.
          incoming.on("error", () => {});
          resolve({ response: responseOf(incoming) });
        });
        outgoing.on("error", reject);
        outgoing.once("close", () => abortSignal?.removeEventListener("abort", onAbort));
        if (abortSignal?.aborted) onAbort();
        else abortSignal?.addEventListener("abort", onAbort, { once: true });
        outgoing.end(typeof body === "string" || body instanceof Uint8Array ? body : undefined);
      }),
  };
}

/** The shape by which the SDK knows a response. */
function responseOf(incoming: IncomingMessage) {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return { statusCode: incoming.statusCode ?? 0, reason: incoming.statusMessage, headers, body: incoming };
}
