import type { ProbeRecord } from "../../../simulator/probe/summary.ts";

/** A whole answer of five tokens, 20 ms apart. */
export function probeOf(overrides: Partial<ProbeRecord> = {}): ProbeRecord {
  return {
    at: "2026-05-04T12:00:00.000Z",
    region: "us-east-1",
    model: "amazon.nova-pro-v1:0",
    inputTokens: 500,
    outputTokens: 5,
    cacheReadTokens: 0,
    connectMs: 30,
    headersMs: 200,
    ttftMs: 210,
    e2eMs: 295,
    serverLatencyMs: 280,
    interTokenMs: [20, 20, 20, 20],
    status: 200,
    error: null,
    message: null,
    requestId: "r",
    clockSkewMs: 300,
    ...overrides,
  };
}
