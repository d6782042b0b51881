/** The trace format `decision-log`: what a routed client of Bedrock writes, and the audit of a simulated run. */

import { UNKNOWN_TOKENS } from "../recorded-rows.ts";
import {
  type JsonObject,
  type Outcome,
  objectAt,
  type RowPlace,
  rowError,
  textAt,
  tokenCount,
  tokenCountOr,
} from "../row-cells.ts";
import type { TraceFormat } from "../trace-format.ts";

const TIME = { name: "arrivedAt", unit: null };

/** Ends of a request, in the words of recordings. */
const OUTCOME_OF_END: Readonly<Record<string, Outcome>> = {
  served: "served",
  throttled: "throttled",
  refused: "refused",
  timedOut: "left",
  abandoned: "left",
  failed: "failed",
  residencyRefused: "refused",
  inFlight: "left",
};

/**
 * One JSON object for each request, with its attempts inside: a request of the traffic is one, however often it was tried.
 * An audit of several strategies or replications holds the same requests again and again: the first strategy's are taken.
 */
export const decisionLog: TraceFormat = {
  name: "decision-log",
  summary: "Decision logs of meridian/bedrock and audits of simulated runs: arrivedAt, class, promptTokens, attempts",
  matches: ({ record = {} }) => "arrivedAt" in record && "promptTokens" in record && Array.isArray(record.attempts),
  reader: (sink) => {
    let first: string | undefined;
    return {
      take(record, place) {
        const run = `${textAt(record, "strategy") ?? ""}/${String(record.replication ?? 0)}`;
        first ??= run;
        if (run !== first) {
          sink.note("% records are of further strategies or replications, and were left out");
          return;
        }
        const end = String(record.end);
        const outcome = Object.hasOwn(OUTCOME_OF_END, end) ? OUTCOME_OF_END[end]! : undefined;
        if (outcome === undefined) {
          const fix = `an end is one of ${Object.keys(OUTCOME_OF_END).join(", ")}`;
          throw rowError(place, "TRACE_BAD_ROW", `"${end}" is not the end of a request`, fix);
        }
        const attempts = attemptsOf(record, place);
        const last = attempts.find((each) => textAt(each, "outcome") === "ok") ?? attempts.at(-1) ?? {};
        const tokens = objectAt(last, "tokens");
        const arrivedMs = Date.parse(String(record.arrivedAt));
        sink.add(
          {
            timeMs: sink.times.read(record.arrivedAt, TIME, place),
            inputTokens: tokenCount(record.promptTokens, "promptTokens", place),
            outputTokens: outcome === "served" ? tokenCount(tokens.output, "tokens.output", place) : UNKNOWN_TOKENS,
            cacheReadTokens: tokenCountOr(0, tokens.cacheRead, "tokens.cacheRead", place),
            cacheWriteTokens: tokenCountOr(0, tokens.cacheWrite, "tokens.cacheWrite", place),
            maxTokens: tokenCountOr(0, record.maxTokens, "maxTokens", place),
            className: sink.tag === null ? textAt(record, "class") : textAt(objectAt(record, "tags"), sink.tag),
            originName: textAt(record, "origin"),
            model: textAt(last, "calledId") ?? textAt(record, "model"),
            region: textAt(last, "sourceRegion"),
            processingRegion: textAt(record, "servedIn"),
            requestId: `${run}/${String(record.request)}@${String(record.arrivedAt)}`,
            outcome,
            e2eMs: outcome === "served" ? Date.parse(String(record.endedAt)) - arrivedMs : Number.NaN,
            ttftMs: firstTokenMs(last, arrivedMs),
            costUsd: Number(record.costUsd ?? Number.NaN),
          },
          place,
        );
      },
    };
  },
};

function attemptsOf({ attempts }: JsonObject, place: RowPlace): readonly JsonObject[] {
  if (!Array.isArray(attempts)) {
    throw rowError(place, "TRACE_BAD_ROW", "the record has no list of attempts", "was the line cut off?");
  }
  return (attempts as readonly unknown[]).map((attempt) => objectAt({ attempt }, "attempt"));
}

/** From the arrival to the first token of the attempt that served it, ms; NaN where it is not told. */
function firstTokenMs(attempt: JsonObject, arrivedMs: number): number {
  const { ttftMs, sentAt } = attempt;
  return typeof ttftMs === "number" ? Date.parse(String(sentAt)) - arrivedMs + ttftMs : Number.NaN;
}
