/** The record of a probe call, the file that `meridian probe --out` writes, and summaries of the calls. */
import { z } from "zod";
import { type SampleQuantile, sampleQuantile } from "../base/statistics.ts";

/** Summary of the probes of one region and model. */
export interface ProbeSummary {
  readonly region: string;
  readonly model: string;
  readonly calls: number;
  /** Calls with a complete answer, to which the figures below refer. */
  readonly answered: number;
  /** Other calls by kind of failure, most frequent first. */
  readonly errors: readonly (readonly [kind: string, count: number])[];
  readonly connectMsP50: SampleQuantile;
  readonly ttftMsP50: SampleQuantile;
  readonly ttftMsP95: SampleQuantile;
  readonly e2eMsP50: SampleQuantile;
  readonly e2eMsP95: SampleQuantile;
  readonly gaps: GapSummary;
  /** Median over answers of tokens per second after the first. */
  readonly tokensPerSP50: SampleQuantile;
  /** Output tokens per piece of text over all answers: above 1 where the service sends several at once. */
  readonly tokensPerPiece: number | null;
  /** Median of E2E minus the service's own latency: network and client. */
  readonly overheadMsP50: SampleQuantile;
  /** Median over all calls with any answer, errors included. */
  readonly clockSkewMs: number | null;
}

/**
 * Gaps between pieces of text, pooled over all answers. Gaps within an answer are correlated, so a few answers allow no
 * valid interval for their quantiles, and none is given.
 */
export interface GapSummary {
  readonly n: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
}

/** Summaries by region and model, in order of first appearance. */
export function summariseProbes(probes: readonly ProbeRecord[]): readonly ProbeSummary[] {
  const groups = new Map<string, ProbeRecord[]>();
  for (const probe of probes) {
    const key = `${probe.region}\n${probe.model}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [probe]);
    else group.push(probe);
  }
  return [...groups.values()].map(summaryOf);
}

function summaryOf(probes: readonly ProbeRecord[]): ProbeSummary {
  const { region, model } = probes[0]!;
  const answered = probes.filter(({ error }) => error === null);
  const sorted = (pick: (probe: ProbeRecord) => number | null): readonly number[] =>
    answered
      .map(pick)
      .filter((value) => value !== null)
      .sort((a, b) => a - b);
  const ttftMs = sorted(({ ttftMs }) => ttftMs);
  const e2eMs = sorted(({ e2eMs }) => e2eMs);
  const skews = probes.flatMap(({ clockSkewMs }) => (clockSkewMs === null ? [] : [clockSkewMs])).sort((a, b) => a - b);
  return {
    region,
    model,
    calls: probes.length,
    answered: answered.length,
    errors: errorsOf(probes),
    connectMsP50: sampleQuantile(
      sorted(({ connectMs }) => connectMs),
      0.5,
    ),
    ttftMsP50: sampleQuantile(ttftMs, 0.5),
    ttftMsP95: sampleQuantile(ttftMs, 0.95),
    e2eMsP50: sampleQuantile(e2eMs, 0.5),
    e2eMsP95: sampleQuantile(e2eMs, 0.95),
    gaps: gapsOf(answered),
    tokensPerSP50: sampleQuantile(sorted(tokensPerS), 0.5),
    tokensPerPiece: tokensPerPiece(answered),
    overheadMsP50: sampleQuantile(sorted(overheadMs), 0.5),
    clockSkewMs: skews[Math.floor(skews.length / 2)] ?? null,
  };
}

function errorsOf(probes: readonly ProbeRecord[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { error } of probes) if (error !== null) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
}

function gapsOf(answered: readonly ProbeRecord[]): GapSummary {
  const gaps = answered.flatMap(({ interTokenMs }) => interTokenMs).sort((a, b) => a - b);
  return {
    n: gaps.length,
    p50Ms: sampleQuantile(gaps, 0.5).value,
    p95Ms: sampleQuantile(gaps, 0.95).value,
    maxMs: gaps.at(-1) ?? null,
  };
}

/** Tokens after the first piece over the time that they took; pieces are assumed to be of equal size. */
function tokensPerS({ outputTokens, interTokenMs }: ProbeRecord): number | null {
  const spanMs = interTokenMs.reduce((sum, gap) => sum + gap, 0);
  if (interTokenMs.length === 0 || spanMs <= 0) return null;
  return (outputTokens * interTokenMs.length * 1000) / ((interTokenMs.length + 1) * spanMs);
}

function tokensPerPiece(answered: readonly ProbeRecord[]): number | null {
  let tokens = 0;
  let pieces = 0;
  for (const { outputTokens, interTokenMs, ttftMs } of answered) {
    if (ttftMs === null) continue;
    tokens += outputTokens;
    pieces += interTokenMs.length + 1;
  }
  return pieces === 0 ? null : tokens / pieces;
}

function overheadMs({ e2eMs, serverLatencyMs }: ProbeRecord): number | null {
  return e2eMs === null || serverLatencyMs === null ? null : e2eMs - serverLatencyMs;
}

const tokens = z.number().int().min(0);
const durationMs = z.number().min(0);

/**
 * One call of `meridian probe`. Durations are by a monotonic clock and, except `connectMs`, count from the instant at
 * which the connection was ready and the request was sent, as on a connection that is already open. Null where the call
 * did not get so far.
 */
const probeSchema = z.object({
  /** Instant of sending, ISO 8601 UTC. */
  at: z.iso.datetime(),
  region: z.string(),
  /** The id called: a model, a profile or an ARN. */
  model: z.string(),
  /** As the service reports; as requested, where it reports nothing. */
  inputTokens: tokens,
  /** As the service reports; the number of pieces of text, where it reports nothing. */
  outputTokens: tokens,
  cacheReadTokens: tokens,
  /** Name lookup, connection and TLS handshake. */
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
  /** Kind of failure; null for a complete answer. */
  error: z.string().nullable(),
  /** The failure in words, without secrets. */
  message: z.string().nullable(),
  requestId: z.string().nullable(),
  /** The service's clock minus ours, ms, within a second: its Date header has no finer grain. */
  clockSkewMs: z.number().nullable(),
});
export type ProbeRecord = z.output<typeof probeSchema>;

/** Errors of the measuring machine itself, found on local endpoints whose answers come at known instants. */
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
