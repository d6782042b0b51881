import type { InvocationOutcome } from "../../emulator/monitoring/invocation-log.ts";

export function outcomeOf(overrides: Partial<InvocationOutcome> = {}): InvocationOutcome {
  return {
    requestId: "r",
    timestampMs: Date.UTC(2026, 10, 21),
    region: "us-east-1",
    inferenceRegion: "us-east-1",
    operation: "Converse",
    modelId: "m",
    inputTokens: 10,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 5,
    wholeOutputTokens: 5,
    estimatedQuotaTokens: 35,
    latencyMs: 100,
    firstTokenMs: 20,
    requestMetadata: {},
    error: undefined,
    ...overrides,
  };
}
