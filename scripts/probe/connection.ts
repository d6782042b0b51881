/** Connections of a probe: timed, to guarded addresses only, in HTTP/2 or HTTP/1.1. */
import { type IncomingMessage, request as send } from "node:http";
import { isIP, connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { guardEndpoint, type Resolve } from "../bench/endpoints-file.ts";

/** A connection under way: when it was asked for, when it was ready, why it failed. */
export interface ConnectionWatch {
  startMs: number;
  readyMs: number | undefined;
  error: Error | undefined;
}

export interface ConnectOptions {
  readonly url: string;
  readonly allowedHosts: readonly string[];
  readonly clockMs: () => number;
  readonly protocol: HttpProtocol;
  readonly resolve?: Resolve | undefined;
}

/** As TLS names them. */
export type HttpProtocol = "h2" | "http/1.1";

/**
 * Connects to an endpoint for one call. The name is looked up and judged anew for each connection, so that it
 * cannot come to lead elsewhere.
 */
export function watchedConnection(options: ConnectOptions, watch: ConnectionWatch): Socket {
  const { hostname, protocol, port } = new URL(options.url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const isTls = protocol === "https:";
  const common = {
    host,
    port: port === "" ? (isTls ? 443 : 80) : Number(port),
    // Loopback's own name leads nowhere else, and may stand for either family.
    ...(host === "localhost" ? {} : { lookup: guardedLookup(options), autoSelectFamily: false }),
  };
  watch.startMs = options.clockMs();
  const socket = isTls
    ? tlsConnect({ ...common, ALPNProtocols: [options.protocol], ...(isIP(host) > 0 ? {} : { servername: host }) })
    : netConnect(common);
  socket.once(isTls ? "secureConnect" : "connect", () => {
    watch.readyMs = options.clockMs();
  });
  // Small requests must not wait for one another's acknowledgement.
  socket.setNoDelay(true);
  // For as long as it lives: an error without a listener ends the process.
  socket.on("error", (error: Error) => {
    watch.error ??= error;
  });
  return socket;
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

function guardedLookup({ url, allowedHosts, resolve }: ConnectOptions) {
  return (host: string, _options: unknown, callback: LookupCallback): void => {
    guardEndpoint(new URL(url).origin, host, allowedHosts, resolve).then(
      (endpoint) => {
        if ("address" in endpoint) callback(null, endpoint.address, isIP(endpoint.address));
        else callback(Object.assign(new Error(endpoint.what), { code: lookupCode(endpoint.code) }), "", 0);
      },
      (error: Error) => callback(error, "", 0),
    );
  };
}

/** A name without an address is a matter of DNS; one that leads where we never call is not reachable for us. */
function lookupCode(problem: string): string {
  return problem === "ENDPOINT_UNKNOWN_HOST" ? "ENOTFOUND" : "EHOSTUNREACH";
}

/** A request as the SDK hands it to its request handler: signed, and with its headers complete. */
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
          // The reader of the body sees its errors; one that comes later must not end the process.
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
