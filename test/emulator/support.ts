import { request as httpRequest } from "node:http";
import { createFixedLatencyBackend } from "../../emulator/backends/queue.ts";
import { type Fleet, type FleetOptions, startFleet } from "../../emulator/fleet.ts";
import type { InferenceCall, InferenceObserver } from "../../emulator/model/backend.ts";
import { type ClockSource, createClock, type EmulatorClock } from "../../emulator/model/clock.ts";

export const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
export const CLAUDE_BASE = "anthropic.claude-sonnet-4-5-20250929-v1:0";
export const TITAN = "amazon.titan-text-express-v1";

/** Starts a fleet with short latencies on free ports; the caller closes it. */
export function testFleet(options: Partial<FleetOptions> = {}): Promise<Fleet> {
  return startFleet({
    regions: ["us-east-1"],
    backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 5, perTokenMs: 1, outputTokens: 8 }),
    onInternalError: (error) => {
      throw error;
    },
    ...options,
  });
}

/** A clock that moves only by `advanceTo`. */
export interface ManualClock {
  readonly clock: EmulatorClock;
  /** Moves time forward to `ms`, running each deadline on the way at its own instant. */
  advanceTo(ms: number): void;
}

export function manualClock(): ManualClock {
  let nowMs = 0;
  let wakes: { readonly atMs: number; readonly callback: () => void }[] = [];
  const source: ClockSource = {
    nowMs: () => nowMs,
    wake(delayMs, callback) {
      const entry = { atMs: nowMs + delayMs, callback };
      wakes.push(entry);
      return () => {
        wakes = wakes.filter((other) => other !== entry);
      };
    },
  };
  return {
    clock: createClock(1, source),
    advanceTo(ms) {
      for (;;) {
        const due = wakes.filter((entry) => entry.atMs <= ms).sort((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        wakes = wakes.filter((other) => other !== due);
        nowMs = Math.max(nowMs, due.atMs);
        due.callback();
      }
      nowMs = ms;
    },
  };
}

export interface RecordedObserver extends InferenceObserver {
  /** `first@ms`, `end@ms`, `break@ms`, `ThrottlingException@ms`. */
  readonly events: string[];
}

export function recordedObserver(): RecordedObserver {
  const events: string[] = [];
  return {
    events,
    onFirstToken: (nowMs) => events.push(`first@${nowMs}`),
    onEnd: (nowMs) => events.push(`end@${nowMs}`),
    onFailure: (nowMs, fault) => events.push(`${fault.name}@${nowMs}`),
    onBreak: (nowMs) => events.push(`break@${nowMs}`),
  };
}

export function callOf(overrides: Partial<InferenceCall> = {}): InferenceCall {
  return {
    requestId: "00000000-0000-0000-0000-000000000000",
    region: "us-east-1",
    modelId: CLAUDE_BASE,
    profileId: undefined,
    destinations: ["us-east-1"],
    operation: "Converse",
    inputTokens: 10,
    cachePoints: [],
    maxTokens: undefined,
    modelMaxTokens: 64_000,
    wantedOutputTokens: undefined,
    stopAtTokens: undefined,
    serviceTier: "default",
    latencyOptimized: false,
    requestMetadata: {},
    accountId: "123456789012",
    ...overrides,
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly body?: string | Buffer | object;
  readonly headers?: Record<string, string>;
}

/** One HTTP/1.1 request with the path sent exactly as given. */
export function send(fleet: Fleet, request: RawRequest): Promise<RawAnswer> {
  const { method = request.body === undefined ? "GET" : "POST", path, body, headers = {} } = request;
  const bytes = typeof body === "string" || Buffer.isBuffer(body) || body === undefined ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: "127.0.0.1",
        port: fleet.endpoints[0]!.port,
        method,
        path,
        agent: false,
        headers: { "content-type": "application/json", ...headers },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }),
        );
        incoming.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(bytes);
  });
}

export function jsonOf(answer: RawAnswer): Record<string, never> {
  return JSON.parse(answer.body.toString()) as Record<string, never>;
}

export function userMessage(text = "Hello there"): object {
  return { role: "user", content: [{ text }] };
}
