import { z } from "zod";

const tokens = z.number().int().min(0);
const durationMs = z.number().min(0);

/**
 * One call of `meridian probe`. All durations are of a clock that never steps back and, but for `connectMs`, count from the
 * instant at which the connection was ready and the request went out, so that they are those of a connection that
 * stands already. Null where the call did not come so far.
 */
const probeSchema = z.object({
  /** Instant at which the request went out, ISO 8601 UTC. */
  at: z.iso.datetime(),
  region: z.string(),
  /** Id that was called: a model, a profile or an ARN. */
  model: z.string(),
  /** As the service reports; what was asked for, where it reports nothing. */
  inputTokens: tokens,
  /** As the service reports; the pieces of text that came, where it reports nothing. */
  outputTokens: tokens,
  cacheReadTokens: tokens,
  /** To look the name up, connect and shake hands. */
  connectMs: durationMs.nullable(),
  headersMs: durationMs.nullable(),
  /** To the first piece of the answer's text. */
  ttftMs: durationMs.nullable(),
  e2eMs: durationMs.nullable(),
  /** `metrics.latencyMs` of the service's last event. */
  serverLatencyMs: durationMs.nullable(),
  /** From each piece of text to the next. A service may put several tokens into one piece. */
  interTokenMs: z.array(durationMs).readonly(),
  /** HTTP status; 0 where there was no answer. */
  status: z.number().int().min(0),
  /** Kind of failure; null for a whole answer. */
  error: z.string().nullable(),
  /** The failure in words, without secrets. */
  message: z.string().nullable(),
  requestId: z.string().nullable(),
  /** The service's clock minus ours, ms, within a second: its Date header has no finer grain. */
  clockSkewMs: z.number().nullable(),
});
export type ProbeRecord = z.output<typeof probeSchema>;

/** What the machine itself adds, measured on endpoints of its own whose answers come at known instants. */
const harnessSchema = z.object({
  /** Median of measured minus true time to first token. */
  ttftErrorMsP50: z.number(),
  /** 95th percentile of |measured minus true| gaps between tokens. */
  gapErrorMsP95: z.number(),
});
export type ProbeHarness = z.output<typeof harnessSchema>;

/** The file that `meridian probe --out` writes. */
export const probeFileSchema = z.object({
  schemaVersion: z.literal(1),
  tool: z.literal("meridian probe"),
  version: z.string(),
  /** `all`, or why there are fewer calls than asked for. */
  ended: z.enum(["all", "interrupted", "budget", "time-limit"]),
  harness: harnessSchema.nullable(),
  probes: z.array(probeSchema).readonly(),
});
export type ProbeFile = z.output<typeof probeFileSchema>;
