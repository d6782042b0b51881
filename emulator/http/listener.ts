/** One port that speaks HTTP/1.1 and HTTP/2, in clear and over TLS with a certificate made for the fleet. */
import type { Server as Http1Server } from "node:http";
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { createRequire } from "node:module";
import { type AddressInfo, createServer as createNetServer, isIP, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../simulator/base/time.ts";
import type { HeldBody, WireRequest, WireResponse } from "./wire.ts";

// To import it would load all of fetch, as WebSocket is among its exports: a tenth of the start of a fleet.
const { createServer: createHttp1Server } = createRequire(import.meta.url)("node:http") as typeof import("node:http");

/** Limits of one listener. */
export interface ListenerLimits {
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  /** From connection or request start to the last header byte. */
  readonly headersTimeoutMs: number;
  /** From request start to the last body byte. */
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export const DEFAULT_LISTENER_LIMITS: ListenerLimits = {
  maxConnections: 10_000,
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: MINUTE_MS,
  idleTimeoutMs: 75_000,
};

/** What a listener needs. */
export interface ListenerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly certificate: Certificate | undefined;
  readonly limits: ListenerLimits;
  readonly onRequest: (request: WireRequest, response: WireResponse) => void;
}

/** A running listener. */
export interface Listener {
  readonly port: number;
  /** Open connections. */
  connections(): number;
  /** Stops accepting, lets running requests finish, and disconnects the rest after `graceMs`. May be called again. */
  drain(graceMs: number): Promise<void>;
}

const TLS_HANDSHAKE = 0x16;
const HTTP2_PREFACE = "PRI";
const DRAIN_POLL_MS = 25;

/**
 * Starts one port for HTTP/1.1, HTTP/2 with prior knowledge (h2c) and, with a certificate, both over TLS; the first bytes
 * of a connection decide which. Nagle's algorithm is off, since it would batch a stream's tokens into bursts.
 *
 * @throws the system's error (EADDRINUSE, EACCES) if the port cannot be opened
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { limits } = options;
  const sockets = new Set<Socket>();
  const sniffing = new Set<Socket>();
  const sessions = new Set<OpenSession>();
  const http1 = http1Server(options);
  const http2 = http2Server(options, sessions);
  const tls = options.certificate === undefined ? undefined : tlsServer(options.certificate, limits, http1, http2);
  const server = createNetServer({ noDelay: true }, accept);
  server.maxConnections = limits.maxConnections;

  function accept(socket: Socket): void {
    sockets.add(socket);
    sniffing.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      sniffing.delete(socket);
    });
    // Protocol servers add their own handlers; this one keeps an early reset from reaching the process.
    socket.on("error", () => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), limits.headersTimeoutMs);
    socket.once("close", () => clearTimeout(timer));
    sniff(socket, (first) => {
      clearTimeout(timer);
      sniffing.delete(socket);
      const wanted = first[0] === TLS_HANDSHAKE ? tls : isHttp2(first) ? http2 : http1;
      if (wanted === undefined) {
        socket.destroy();
        return;
      }
      wanted.emit("connection", socket);
      // HTTP/2 and TLS take over the socket's handle and read what was put back themselves.
      if (wanted === http1) socket.resume();
    });
  }

  await listening(server, options.host, options.port);
  // The HTTP server never listens itself; this starts its checks of header and request timeouts.
  http1.emit("listening");

  return {
    port: (server.address() as AddressInfo).port,
    connections: () => sockets.size,
    async drain(graceMs) {
      server.close();
      for (const socket of sniffing) socket.destroy();
      for (const { session } of sessions) session.close();
      const endMs = performance.now() + graceMs;
      while (sockets.size > 0 && performance.now() < endMs) {
        http1.closeIdleConnections();
        destroyIdle(sessions);
        await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
      }
      for (const socket of sockets) socket.destroy();
      http1.close();
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off("error", reject);
      // Running out of descriptors drops the new connection, not the fleet.
      server.on("error", () => {});
      resolve();
    });
  });
}

/** Reads just enough to distinguish the protocols, and puts it back. */
function sniff(socket: Socket, decide: (first: Buffer) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    if (seen.length < HTTP2_PREFACE.length && HTTP2_PREFACE.startsWith(seen.toString("latin1"))) return;
    socket.off("data", onData);
    socket.pause();
    socket.unshift(seen);
    decide(seen);
  };
  socket.on("data", onData);
}

function isHttp2(first: Buffer): boolean {
  return first.toString("latin1", 0, HTTP2_PREFACE.length) === HTTP2_PREFACE;
}

function http1Server(options: ListenerOptions): Http1Server {
  const { limits } = options;
  const server = createHttp1Server(
    {
      noDelay: true,
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.idleTimeoutMs,
      connectionsCheckingInterval: 500,
    },
    (request, response) => options.onRequest(request, response as WireResponse),
  );
  server.on("checkContinue", (request, response) => {
    options.onRequest(withHeldBody(request, response), response as WireResponse);
  });
  server.on("dropRequest", () => {});
  return server;
}

function http2Server(options: ListenerOptions, sessions: Set<OpenSession>): Http2Server {
  const { limits } = options;
  const server = createHttp2Server(
    {
      settings: { maxConcurrentStreams: 10_000, maxHeaderListSize: limits.maxHeaderBytes, enablePush: false },
      maxSessionMemory: 256,
    },
    (request, response) => take(request, response, request as unknown as WireRequest),
  );
  server.on("checkContinue", (request, response) => {
    take(request, response, withHeldBody(request as unknown as WireRequest, response));
  });

  function take(request: Http2ServerRequest, response: Http2ServerResponse, asked: WireRequest): void {
    // The limit in the settings holds only once the client has confirmed them, which is after its first requests.
    if (headerBytes(request.rawHeaders) > limits.maxHeaderBytes) {
      request.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    options.onRequest(asked, response as unknown as WireResponse);
  }
  server.on("session", (session) => {
    const open = { session, streams: 0, isIdle: false };
    sessions.add(open);
    session.once("close", () => sessions.delete(open));
    session.on("stream", (stream) => {
      open.streams++;
      open.isIdle = false;
      stream.once("close", () => open.streams--);
    });
    session.setTimeout(limits.idleTimeoutMs, () => session.close());
  });
  server.on("sessionError", () => {});
  return server;
}

/** Node would ask for every body before the request is looked at: a caller without rights would send it for nothing. */
function withHeldBody(request: WireRequest, response: { writeContinue(): void }): WireRequest {
  const heldBody: HeldBody = {
    isAsked: false,
    ask() {
      heldBody.isAsked = true;
      response.writeContinue();
    },
  };
  return Object.assign(request, { heldBody });
}

/** An HTTP/2 connection and its running requests. */
interface OpenSession {
  readonly session: ServerHttp2Session;
  streams: number;
  /** It had no request and nothing to send when last looked at. */
  isIdle: boolean;
}

/** A closed session stays open until its client closes it, too: one that is idle twice in a row is disconnected. */
function destroyIdle(sessions: ReadonlySet<OpenSession>): void {
  for (const open of sessions) {
    const isIdle = open.streams === 0 && open.session.state.outboundQueueSize === 0;
    if (isIdle && open.isIdle) open.session.destroy();
    open.isIdle = isIdle;
  }
}

function headerBytes(rawHeaders: readonly string[]): number {
  return rawHeaders.reduce((sum, text) => sum + text.length, 0);
}

function tlsServer(
  certificate: Certificate,
  limits: ListenerLimits,
  http1: Http1Server,
  http2: Http2Server,
): TlsServer {
  const server = createTlsServer(
    {
      key: certificate.keyPem,
      cert: certificate.certPem,
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: limits.headersTimeoutMs,
    },
    (socket: TLSSocket) => {
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      (socket.alpnProtocol === "h2" ? http2 : http1).emit("connection", socket);
    },
  );
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

/** A private key and its certificate. */
export interface Certificate {
  readonly keyPem: string;
  readonly certPem: string;
}

const CERTIFICATE_DAYS = 30;

/**
 * Makes a self-signed certificate for loopback and the given host. Clients trust its PEM through AWS_CA_BUNDLE or
 * NODE_EXTRA_CA_CERTS. Each fleet gets a new one, so no key is ever stored with the project.
 *
 * @param host name or address that the certificate covers besides loopback
 */
export async function makeCertificate(host: string): Promise<Certificate> {
  // Most fleets speak no TLS, and it takes a fifth of their start to load.
  const { generate } = await import("selfsigned");
  const names = [...new Set(["localhost", "127.0.0.1", "::1", host])];
  const altNames = names.map((name) =>
    isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
  );
  const startMs = Date.now() - HOUR_MS;
  const made = await generate([{ name: "commonName", value: "Meridian emulator" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(startMs),
    notAfterDate: new Date(startMs + CERTIFICATE_DAYS * DAY_MS),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames },
    ],
  });
  return { keyPem: made.private, certPem: made.cert };
}
