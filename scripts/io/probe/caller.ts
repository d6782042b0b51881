import type {
  BedrockRuntimeClient,
  BedrockRuntimeClientConfig,
  ConverseStreamCommandInput,
  ConverseStreamMetadataEvent,
} from "@aws-sdk/client-bedrock-runtime";
import type { ProbeRecord } from "../../../simulator/probe/probe-record.ts";
import { type ConnectionWatch, watchedConnection } from "./connection.ts";
import { classifyFailure } from "./failure.ts";
import type { Redact } from "./redact.ts";

/** Calls one region's endpoint, one call at a time. */
export interface Caller {
  /** Makes one call, without a retry. @returns undefined if `signal` stopped it */
  call(order: CallOrder, signal: AbortSignal): Promise<ProbeRecord | undefined>;
  close(): void;
}

export interface CallOrder {
  readonly model: string;
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
  /** Whether the length of the answer may be wished for: an emulator heeds that, the service would log it. */
  readonly wishes: boolean;
  readonly identity: Pick<BedrockRuntimeClientConfig, "credentials" | "token" | "authSchemePreference">;
  readonly redact: Redact;
  readonly clockMs?: () => number;
}

/**
 * A client of the AWS SDK whose connection and answers are watched. Every ConverseStream call of the SDK has a
 * connection of its own; times count from when that was ready, see ProbeRecord.
 */
export async function openCaller(options: CallerOptions): Promise<Caller> {
  // 18 MB of SDK, which no other verb should wait for.
  const { BedrockRuntimeClient, ConverseStreamCommand } = await import("@aws-sdk/client-bedrock-runtime");
  const clockMs = options.clockMs ?? (() => performance.now());
  let call = newCall();
  const client = new BedrockRuntimeClient({
    region: options.region,
    endpoint: options.url,
    ...options.identity,
    maxAttempts: 1,
    requestHandler: {
      disableConcurrentStreams: true,
      nodeHttp2ConnectOptions: { createConnection: () => watchedConnection({ ...options, clockMs }, call.connection) },
    },
  });
  watchHeaders(client, clockMs, () => call);
  return {
    async call(order, signal) {
      call = newCall();
      const mine = call;
      const limit = AbortSignal.timeout(order.timeoutMs);
      const startedAtMs = Date.now();
      const startMs = clockMs();
      let failure: unknown;
      try {
        const abortSignal = AbortSignal.any([signal, limit]);
        const answer = await client.send(new ConverseStreamCommand(inputOf(order, options.wishes)), { abortSignal });
        for await (const event of answer.stream ?? []) {
          if (event.contentBlockDelta !== undefined) mine.piecesMs.push(clockMs());
          if (event.metadata !== undefined) mine.metadata = event.metadata;
        }
        // A stream that was stopped, or cut between two events, ends like any other.
        abortSignal.throwIfAborted();
        if (mine.metadata === undefined) throw new Error("the stream ended before its last event");
      } catch (error) {
        failure = error ?? new Error("no reason given");
      }
      mine.endMs = clockMs();
      if (signal.aborted) return undefined;
      const at = new Date(startedAtMs + ((mine.connection.readyMs ?? startMs) - startMs)).toISOString();
      const record = { ...measured(mine, order), at, region: options.region, model: order.model };
      if (failure === undefined) return { ...record, error: null, message: null };
      const { kind, status, message, requestId } = classifyFailure(failure, {
        socketError: mine.connection.error,
        timedOut: limit.aborted,
        status: mine.status,
        requestId: mine.requestId,
      });
      return { ...record, status, error: kind, message: options.redact(message), requestId };
    },
    close: () => client.destroy(),
  };
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
  const { model, prompt, outputTokens } = order;
  return {
    modelId: model,
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
