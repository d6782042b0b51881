/**
 * One watched call of Bedrock through the AWS SDK: when it connected (to guarded addresses only, in HTTP/2 or HTTP/1.1), when each
 * piece came, how it ended.
 */
import { type IncomingMessage, request as send } from "node:http";
import { isIP, connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import type {
  BedrockRuntimeClient,
  BedrockRuntimeClientConfig,
  ConverseStreamCommand,
  ConverseStreamCommandInput,
  ConverseStreamMetadataEvent,
} from "@aws-sdk/client-bedrock-runtime";
import type { ProbeRecord } from "../../simulator/probe/summary.ts";
import { guardEndpoint, type Resolve } from "../bench/endpoints-file.ts";
import { classifyFailure, type FailureKind } from "./failure.ts";
import type { Redact } from "./identity.ts";

/** Calls one region's endpoint, one call at a time. */
export interface Caller {
  /** Makes one call, without a retry. @returns undefined if `signal` stopped it */
  call(order: CallOrder, signal: AbortSignal): Promise<ProbeRecord | undefined>;
  close(): void;
}

export interface CallOrder {
  readonly model: string;
  /** The model's name at the endpoint, where it is another. */
  readonly calledAs?: string;
  readonly prompt: string;
  /** What the prompt is meant to have. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly timeoutMs: number;
}

export interface CallerOptions {
  readonly region: string;
  readonly url: string;
  readonly allowedHosts: readonly string[];
  /** Whether to request the length of the answer: an emulator obeys, the service would only log it. */
  readonly wishes: boolean;
  readonly identity: Pick<BedrockRuntimeClientConfig, "credentials" | "token" | "authSchemePreference">;
  readonly redact: Redact;
  /** How names are looked up; a test brings its own. */
  readonly resolve?: Resolve | undefined;
  readonly clockMs?: () => number;
}

/**
 * A client of the AWS SDK whose connections and answers are watched. Every ConverseStream call of the SDK has a
 * connection of its own; times count from when that was ready, see ProbeRecord. HTTP/2 as the SDK speaks it; an
 * endpoint that turns out not to is spoken to in HTTP/1.1 from then on, and the attempt that showed it is no call.
 */
export async function openCaller(options: CallerOptions): Promise<Caller> {
  // 18 MB of SDK, which no other verb should wait for.
  const sdk = await import("@aws-sdk/client-bedrock-runtime");
  const clockMs = options.clockMs ?? (() => performance.now());
  let call = newCall();
  let protocol: HttpProtocol = "h2";
  const open = (): BedrockRuntimeClient => {
    const connect = () => watchedConnection({ ...options, clockMs, protocol }, call.connection);
    const client = new sdk.BedrockRuntimeClient({
      region: options.region,
      endpoint: options.url,
      ...options.identity,
      maxAttempts: 1,
      requestHandler:
        protocol === "h2"
          ? { disableConcurrentStreams: true, nodeHttp2ConnectOptions: { createConnection: connect } }
          : http1Handler(connect),
    });
    watchHeaders(client, clockMs, () => call);
    return client;
  };
  let client = open();

  async function callOnce(order: CallOrder, signal: AbortSignal): Promise<ProbeRecord | undefined> {
    call = newCall();
    const mine = call;
    const limit = AbortSignal.timeout(order.timeoutMs);
    const startedAtMs = Date.now();
    const startMs = clockMs();
    const command = new sdk.ConverseStreamCommand(inputOf(order, options.wishes));
    const failure = await readAnswer(client, command, mine, AbortSignal.any([signal, limit]), clockMs);
    mine.endMs = clockMs();
    if (signal.aborted) return undefined;
    const at = new Date(startedAtMs + ((mine.connection.readyMs ?? startMs) - startMs)).toISOString();
    const record = { at, region: options.region, model: order.model, ...measured(mine, order) };
    if (failure === undefined) return { ...record, error: null, message: null };
    const { kind, status, message, requestId } = classifyFailure(failure, {
      socketError: mine.connection.error,
      timedOut: limit.aborted,
      status: mine.status,
      requestId: mine.requestId,
    });
    return { ...record, status, error: kind, message: options.redact(message), requestId };
  }

  return {
    async call(order, signal) {
      const probe = await callOnce(order, signal);
      if (protocol !== "h2" || probe?.error !== ("not-http2" satisfies FailureKind)) return probe;
      client.destroy();
      protocol = "http/1.1";
      client = open();
      return callOnce(order, signal);
    },
    close: () => client.destroy(),
  };
}

/** Reads an answer to its end. @returns what went wrong, if anything did */
async function readAnswer(
  client: BedrockRuntimeClient,
  command: ConverseStreamCommand,
  call: Call,
  abortSignal: AbortSignal,
  clockMs: () => number,
): Promise<unknown> {
  try {
    const answer = await client.send(command, { abortSignal });
    for await (const event of answer.stream ?? []) {
      if (event.contentBlockDelta !== undefined) call.piecesMs.push(clockMs());
      if (event.metadata !== undefined) call.metadata = event.metadata;
    }
    // A stream that was stopped, or cut between two events, ends like any other.
    abortSignal.throwIfAborted();
    if (call.metadata === undefined) throw new Error("the stream ended before its last event");
    return undefined;
  } catch (error) {
    return error ?? new Error("no reason given");
  }
}

/** What has been seen of one call. */
interface Call {
  readonly connection: ConnectionWatch;
  readonly piecesMs: number[];
  headersMs: number | undefined;
  endMs: number;
  status: number | undefined;
  requestId: string | undefined;
  clockSkewMs: number | undefined;
  metadata: ConverseStreamMetadataEvent | undefined;
}

function newCall(): Call {
  return {
    connection: { startMs: 0, readyMs: undefined, error: undefined },
    piecesMs: [],
    headersMs: undefined,
    endMs: 0,
    status: undefined,
    requestId: undefined,
    clockSkewMs: undefined,
    metadata: undefined,
  };
}

interface RawResponse {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sees every answer's headers first, those of errors too. */
function watchHeaders(client: BedrockRuntimeClient, clockMs: () => number, current: () => Call): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const call = current();
      const result = await next(args);
      call.headersMs = clockMs();
      const { statusCode, headers = {} } = result.response as RawResponse;
      call.status = statusCode;
      call.requestId = headers["x-amzn-requestid"];
      const serverMs = Date.parse(headers.date ?? "");
      // The header is cut to whole seconds: half of one is lost on the average.
      if (!Number.isNaN(serverMs)) call.clockSkewMs = serverMs + 500 - Date.now();
      return result;
    },
    { step: "deserialize", priority: "low", name: "meridianProbe" },
  );
}

function inputOf(order: CallOrder, wishes: boolean): ConverseStreamCommandInput {
  const { model, calledAs = model, prompt, outputTokens } = order;
  return {
    modelId: calledAs,
    messages: [{ role: "user", content: [{ text: prompt }] }],
    inferenceConfig: { maxTokens: outputTokens },
    ...(wishes ? { requestMetadata: { outputTokens: String(outputTokens) } } : {}),
  };
}

function measured(call: Call, order: CallOrder): Omit<ProbeRecord, "at" | "region" | "model" | "error" | "message"> {
  const { readyMs, startMs } = call.connection;
  const { metadata } = call;
  const sinceReady = (instant: number | undefined): number | null =>
    instant === undefined || readyMs === undefined ? null : micros(Math.max(0, instant - readyMs));
  return {
    inputTokens: metadata?.usage?.inputTokens ?? order.inputTokens,
    outputTokens: metadata?.usage?.outputTokens ?? call.piecesMs.length,
    cacheReadTokens: metadata?.usage?.cacheReadInputTokens ?? 0,
    connectMs: readyMs === undefined ? null : micros(readyMs - startMs),
    headersMs: sinceReady(call.headersMs),
    ttftMs: sinceReady(call.piecesMs[0]),
    e2eMs: sinceReady(call.endMs),
    serverLatencyMs: metadata?.metrics?.latencyMs ?? null,
    interTokenMs: call.piecesMs.slice(1).map((instant, i) => micros(instant - call.piecesMs[i]!)),
    status: call.status ?? 0,
    requestId: call.requestId ?? null,
    clockSkewMs: call.clockSkewMs === undefined ? null : Math.round(call.clockSkewMs),
  };
}

function micros(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

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
