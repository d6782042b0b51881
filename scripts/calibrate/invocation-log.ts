/** Measured calls from a Bedrock model invocation log. */

import { z } from "zod";
import { parseInstantMs } from "../../simulator/base/instants.ts";
import type { Observation } from "../../simulator/calibrate/calls.ts";
import type { BadRows } from "./csv-calls.ts";
import { axisStartOf, bareModelId, type Measurement, shortModelName } from "./measurement.ts";

const tokens = z.number().int().min(0);

/** The parts of a record of a Bedrock model invocation log that a fit needs. */
const recordSchema = z.object({
  timestamp: z.string(),
  region: z.string().min(1),
  inferenceRegion: z.string().min(1).optional(),
  requestId: z.string().optional(),
  modelId: z.string().min(1),
  errorCode: z.string().optional(),
  input: z
    .object({
      inputTokenCount: tokens.optional(),
      cacheReadInputTokenCount: tokens.optional(),
      cacheWriteInputTokenCount: tokens.optional(),
      inputBodyJson: z.unknown().optional(),
    })
    .prefault({}),
  output: z.object({ outputTokenCount: tokens.optional(), outputBodyJson: z.unknown().optional() }).prefault({}),
});

/**
 * Reads a Bedrock model invocation log, one JSON record a line. The latency stands in the logged body of the answer
 * only: Converse's `metrics.latencyMs`, and `invocationLatency` with `firstByteLatency` of streams; records without are
 * left out and counted. The service measured it, so no network is in it. Times of a log are whole seconds.
 *
 * @throws MeridianError data CALIBRATE_BAD_ROW
 */
export function readInvocationLog(text: string, file: string, badRows: BadRows): Measurement {
  const seen = new Set<string>();
  const modelIds: Record<string, string> = {};
  const rows: { readonly epochMs: number; readonly observation: Observation }[] = [];
  let duplicates = 0;
  let withoutLatency = 0;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const record = parseRecord(line, `${file}:${index + 1}`, badRows);
    if (record === undefined) continue;
    if (record.requestId !== undefined && seen.has(record.requestId)) {
      duplicates++;
      continue;
    }
    if (record.requestId !== undefined) seen.add(record.requestId);
    const observation = observationOf(record, file);
    if (observation === undefined) {
      withoutLatency++;
      continue;
    }
    modelIds[observation.model] = bareModelId(record.modelId);
    rows.push({ epochMs: record.epochMs, observation });
  }
  const startMs = axisStartOf(rows.map(({ epochMs }) => epochMs));
  const observations = rows.map(({ epochMs, observation }) => ({
    ...observation,
    sentMs: epochMs - startMs,
    endMs: epochMs - startMs + observation.endMs,
    axisStartMs: startMs,
  }));
  return { observations, modelIds, notes: notesOf(file, duplicates, withoutLatency, observations.length) };
}

type LogRecord = z.output<typeof recordSchema> & { readonly epochMs: number };

function parseRecord(line: string, where: string, badRows: BadRows): LogRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    badRows.bad(where, "the line is not whole JSON", "copy the log again");
    return undefined;
  }
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    badRows.bad(where, `${path.join(".") || "the line"}: ${message}`, "is this a Bedrock model invocation log?");
    return undefined;
  }
  const epochMs = parseInstantMs(parsed.data.timestamp);
  if (typeof epochMs === "string") {
    badRows.bad(where, `timestamp "${parsed.data.timestamp}" ${epochMs}`, "it is ISO 8601 in such logs");
    return undefined;
  }
  return { ...parsed.data, epochMs };
}

function observationOf(record: LogRecord, file: string): Observation | undefined {
  const { input, output } = record;
  const outcome = outcomeOf(record.errorCode);
  const latency = latencyOf(output.outputBodyJson);
  if (outcome === "served" && (latency === undefined || output.outputTokenCount === undefined)) return undefined;
  return {
    axis: file,
    region: record.inferenceRegion ?? record.region,
    model: shortModelName(record.modelId),
    sentMs: 0,
    endMs: latency?.e2eMs ?? Number.NaN,
    ttftMs: latency?.ttftMs ?? Number.NaN,
    inputTokens: (input.inputTokenCount ?? 0) + (input.cacheWriteInputTokenCount ?? 0),
    cacheReadTokens: input.cacheReadInputTokenCount ?? 0,
    outputTokens: Math.max(1, output.outputTokenCount ?? 1),
    maxTokens: maxTokensOf(input.inputBodyJson),
    outcome,
    roundTripMs: 0,
    axisStartMs: 0,
  };
}

function outcomeOf(errorCode: string | undefined): Observation["outcome"] {
  if (errorCode === undefined) return "served";
  if (/throttl/i.test(errorCode)) return "throttled";
  return /unavailable/i.test(errorCode) ? "refused" : "failed";
}

interface Latency {
  readonly e2eMs: number;
  readonly ttftMs: number;
}

const converseMetrics = z.object({ metrics: z.object({ latencyMs: z.number().positive() }) });
const streamMetrics = z.object({
  "amazon-bedrock-invocationMetrics": z.object({
    invocationLatency: z.number().positive(),
    firstByteLatency: z.number().positive().optional(),
  }),
});

/** In the body itself, or in the last event of a list of them. */
function latencyOf(body: unknown): Latency | undefined {
  const events = Array.isArray(body) ? body.slice(-5).reverse() : [body];
  for (const event of events) {
    const inner = (event as { metadata?: unknown } | null | undefined)?.metadata ?? event;
    const converse = converseMetrics.safeParse(inner);
    if (converse.success) return { e2eMs: converse.data.metrics.latencyMs, ttftMs: Number.NaN };
    const stream = streamMetrics.safeParse(inner);
    if (!stream.success) continue;
    const { invocationLatency, firstByteLatency } = stream.data["amazon-bedrock-invocationMetrics"];
    return { e2eMs: invocationLatency, ttftMs: firstByteLatency ?? Number.NaN };
  }
  return undefined;
}

const maxTokensSchema = z.object({
  inferenceConfig: z.object({ maxTokens: z.number().positive() }).optional(),
  max_tokens: z.number().positive().optional(),
});

function maxTokensOf(body: unknown): number {
  const parsed = maxTokensSchema.safeParse(body);
  return parsed.data?.inferenceConfig?.maxTokens ?? parsed.data?.max_tokens ?? Number.NaN;
}

function notesOf(file: string, duplicates: number, withoutLatency: number, kept: number): readonly string[] {
  return [
    ...(duplicates > 0 ? [`${file}: ${duplicates} duplicate records were counted once`] : []),
    ...(withoutLatency > 0
      ? [`${file}: ${withoutLatency} records hold no latency (it stands in logged bodies only) and were left out`]
      : []),
    ...(kept > 0 ? [`${file}: times of a log are whole seconds, so how calls overlapped is known roughly only`] : []),
  ];
}
