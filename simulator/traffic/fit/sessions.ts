/** Fits sessions: how many turns they have, how long their callers think, how their prompts grow. */
import { quantileSorted, sortedNumbers } from "../../base/statistics.ts";
import type { LawSpec } from "../../random/laws/index.ts";
import { sessionRows } from "../recorded-sessions.ts";
import type { RecordedColumns } from "../recording.ts";
import type { DrawnSessions } from "../sessions.ts";
import { createTurns } from "../turns.ts";
import { fitLengths } from "./lengths.ts";

/** A fitted session with how far its prompts are from the recorded ones. */
export interface SessionFit {
  readonly spec: DrawnSessions;
  /** Rows that begin sessions: their arrivals and prompts are fitted, not those of all turns. */
  readonly firsts: Int32Array;
  readonly sessions: number;
  readonly turnsMean: number;
  /** Share of all later prompts that the conversation before them makes up. */
  readonly contextShare: number;
  /** Whether answers' times are known; otherwise the think times hold them. */
  readonly hasLatencies: boolean;
  /** Relative errors of the prompts of all turns: of the mean, and the largest of p50, p95 and p99. */
  readonly meanError: number;
  readonly quantileError: number;
  readonly passes: boolean;
}

const MEAN_TOLERANCE = 0.05;
const QUANTILE_TOLERANCE = 0.15;
/** Fewest sessions of two turns and more, and the share of prompts that must go on from the one before. */
const SESSIONS_MIN = 30;
const GROWING_MIN = 0.7;
/** Sessions that the fit is judged on. */
const JUDGED = 4000;

/** @returns undefined where there are no conversations: too few sessions, or prompts that do not go on from each other */
export function fitSessions(rows: Int32Array, columns: RecordedColumns): SessionFit | undefined {
  if (columns.sessionId === undefined) return undefined;
  const { arrivalMs, inputTokens, outputTokens, e2eMs } = columns;
  const grouped = sessionRows(rows, columns);
  const turns: number[] = [];
  const thinkMs: number[] = [];
  const message: number[] = [];
  let growing = 0;
  let context = 0;
  let prompts = 0;
  let longest = 0;
  const latencies = e2eMs?.filter((ms) => ms >= 0) ?? [];
  const usualMs = latencies.length > 0 ? quantileSorted(sortedNumbers(Float64Array.from(latencies)), 0.5) : 0;
  for (const first of grouped.firsts) {
    const place = grouped.placeOf[first]!;
    const count = grouped.left[place]!;
    turns.push(count);
    for (let k = 0; k < count; k++) {
      const row = grouped.rows[place + k]!;
      longest = Math.max(longest, inputTokens[row]!);
      if (k === 0) continue;
      const before = grouped.rows[place + k - 1]!;
      const tookMs = e2eMs !== undefined && e2eMs[before]! >= 0 ? e2eMs[before]! : usualMs;
      thinkMs.push(Math.max(0, arrivalMs[row]! - arrivalMs[before]! - tookMs));
      const said = inputTokens[before]! + Math.max(0, outputTokens[before]!);
      if (inputTokens[row]! >= inputTokens[before]!) growing++;
      message.push(Math.max(0, inputTokens[row]! - said));
      context += Math.min(said, inputTokens[row]!);
      prompts += inputTokens[row]!;
    }
  }
  const followed = turns.filter((count) => count > 1).length;
  if (followed < SESSIONS_MIN || growing < GROWING_MIN * message.length) return undefined;
  const spec: DrawnSessions = {
    kind: "drawn",
    turns: countsLaw(turns),
    thinkMs: fitLengths(Int32Array.from(thinkMs))!.spec,
    message: fitLengths(Int32Array.from(message))!.spec,
    contextMax: Math.max(1, longest),
    afterFailure: "continue",
    cache: true,
  };
  const parts = { firsts: grouped.firsts, rows, columns };
  const { meanError, quantileError } = judged(spec, parts);
  return {
    spec,
    firsts: grouped.firsts,
    sessions: turns.length,
    turnsMean: rows.length / turns.length,
    contextShare: prompts === 0 ? 0 : context / prompts,
    hasLatencies: latencies.length > 0,
    meanError,
    quantileError,
    passes: meanError <= MEAN_TOLERANCE && quantileError <= QUANTILE_TOLERANCE,
  };
}

/** How often each number of turns was seen. */
function countsLaw(turns: readonly number[]): LawSpec {
  const seen = new Map<number, number>();
  for (const count of turns) seen.set(count, (seen.get(count) ?? 0) + 1);
  const values = [...seen.keys()].sort((a, b) => a - b);
  if (values.length === 1) return { kind: "constant", value: values[0]! };
  return { kind: "empirical", values, weights: values.map((value) => seen.get(value)!) };
}

/** Prompts of drawn sessions against the recorded ones. */
function judged(
  spec: DrawnSessions,
  {
    firsts,
    rows,
    columns,
  }: { readonly firsts: Int32Array; readonly rows: Int32Array; readonly columns: RecordedColumns },
): Pick<SessionFit, "meanError" | "quantileError"> {
  const { inputTokens, outputTokens } = columns;
  const of = (column: Int32Array, list: Int32Array) => Int32Array.from(list, (row) => column[row]!);
  const output = fitLengths(of(outputTokens, rows))?.spec ?? { kind: "constant", value: 1 };
  const traffic = {
    name: "fit",
    arrivals: { process: "poisson", ratePerS: 1 },
    tokens: { output },
    sessions: spec,
  } as const;
  const turns = createTurns(traffic, 1);
  const made: number[] = [];
  for (let session = 0; session < JUDGED; session++) {
    let input = inputTokens[firsts[session % firsts.length]!]!;
    for (let turn = 1; ; turn++) {
      made.push(input);
      if (turn >= turns.count(session)) break;
      input = turns.inputTokens(session, turn, input + turns.outputTokens(session, turn - 1));
      if (input > turns.contextMax) break;
    }
  }
  const [own, theirs] = [
    sortedNumbers(Float64Array.from(of(inputTokens, rows))),
    sortedNumbers(Float64Array.from(made)),
  ];
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const errors = [0.5, 0.95, 0.99].map((share) =>
    Math.abs(quantileSorted(theirs, share) / Math.max(1, quantileSorted(own, share)) - 1),
  );
  return { meanError: Math.abs(mean(theirs) / mean(own) - 1), quantileError: Math.max(...errors) };
}
