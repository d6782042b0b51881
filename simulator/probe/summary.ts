import { type SampleQuantile, sampleQuantile } from "./order-interval.ts";
import type { ProbeRecord } from "./probe-record.ts";

/** What the probes of one region and model say together. */
export interface ProbeSummary {
  readonly region: string;
  readonly model: string;
  readonly calls: number;
  /** Calls with a whole answer; all figures below are of these. */
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
  /** Output tokens per piece of text, over all answers: above 1 where the service sends several at once. */
  readonly tokensPerPiece: number | null;
  /** Median of E2E minus the service's own latency: the network and this client. */
  readonly overheadMsP50: SampleQuantile;
  /** Median over all calls that were answered at all, errors too. */
  readonly clockSkewMs: number | null;
}

/**
 * Gaps between pieces of text, of all answers together. Gaps of one answer resemble each other, so there is no honest
 * interval for their quantiles from a few answers, and none is given.
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

/** Tokens that came after the first piece, over the time that they took; pieces are taken to be of equal size. */
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
