/**
 * Whether a bench run is sound: complete rows, agreement with k6's counters, punctual dispatch, visible first tokens.
 */
import { median, quantileSorted } from "../base/statistics.ts";
import { firstByteLimitMs, type TimeoutPolicy } from "../client/request-rules.ts";
import { EMPTY_ANSWER, isOutOfMoney } from "./adapters/adapter.ts";
import { findAdapter } from "./adapters/index.ts";
import type { CalledTarget, ReplayPlan } from "./plan.ts";
import type { AttemptRow, RequestRow, ScheduleRow } from "./rows.ts";

/** How faithfully one strategy's run replayed its schedule. */
export interface HarnessReport {
  readonly strategy: string;
  readonly requests: number;
  readonly attempts: number;
  /** Dispatch lag of requests, ms. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** 99th percentile of the lateness of an emulator in this process, ms; null where there is none. */
  readonly serverLateMsP99: number | null;
  /** Median latency of served requests from the intended arrival, ms; null where none was served. */
  readonly e2eMsP50: number | null;
  /** Attempts whose tokens the service did not report: they are not in the bill. */
  readonly attemptsWithoutUsage: number;
  /** Every request has exactly one row. */
  readonly isComplete: boolean;
  /** Why the run is invalid; empty for a sound one. */
  readonly faults: readonly string[];
  /** How the first call ended; present where no endpoint answered any. */
  readonly unanswered?: string;
  /** Present when a native executor of k6 made the arrivals. The key is that of bench.json. */
  readonly plain?: NativeReport;
}

/** What k6 itself counted. */
export interface ClientCounts {
  readonly httpRequests: number;
  readonly attempts: number;
  readonly requestsEnded: number;
  /** Iterations that a native executor dropped. */
  readonly droppedIterations?: number;
}

/** The rows of one strategy's run, and what else is known of it. */
export interface HarnessInput {
  readonly strategy: string;
  readonly schedule: readonly ScheduleRow[];
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
  /** Undefined when k6 wrote no summary. */
  readonly counts: ClientCounts | undefined;
  /** Failures reported by the client and the endpoints themselves. */
  readonly clientFaults: readonly string[];
  /** 99th percentile of the endpoints' own lateness, ms; null where unknown. */
  readonly lateMsP99: number | null;
}

/** Parts of reasons for which a run is invalid, by which what mends it is told. */
export const REJECTED_CALLS = "calls were rejected as wrong";
export const NO_ANSWER = "no endpoint answered any";

/** Said of endpoints that are not started anew for each strategy. */
export const KEEPS_STATE =
  "The endpoints were not started anew for each strategy: what went before had its part of their quotas, and may have left them work.";

/** Whether a strategy met an empty system: an emulator in this process, the only one whose lateness is known, is new. */
export function beginsEmpty({ serverLateMsP99 }: Pick<HarnessReport, "serverLateMsP99">): boolean {
  return serverLateMsP99 !== null;
}

/** Most dispatch lag of a valid run at the 99th percentile, as a share of the smallest median latency. */
export const LAG_SHARE_MAX = 0.05;
/** The same where nothing was served, so that there is nothing to compare it with, ms. */
export const LAG_MS_MAX = 10;
/** Statuses of calls that are wrong in themselves, whichever target gets them. */
const REJECTED: readonly number[] = [400, 401, 403, 404, 422];

/** Checks that every request and attempt has its row, and that k6's own counters agree. */
export function checkRows(input: HarnessInput): HarnessReport {
  const { schedule, attempts, requests, counts } = input;
  const faults = [...input.clientFaults];
  const seen = new Set(requests.map((row) => row.i));
  if (seen.size !== schedule.length)
    faults.push(`${schedule.length - seen.size} of ${schedule.length} requests have no row`);
  if (seen.size !== requests.length) faults.push(`${requests.length - seen.size} requests have more than one row`);
  const sent = requests.reduce((sum, row) => sum + row.n, 0);
  if (sent > attempts.length) faults.push(`${sent - attempts.length} of ${sent} attempts have no row`);
  if (counts === undefined) faults.push("k6 wrote no summary");
  else faults.push(...disagreements(counts, attempts, requests));
  const rejected = attempts.filter(({ c, x }) => REJECTED.includes(c) || isOutOfMoney(x));
  if (rejected.length > 0) {
    const { c, x } = rejected[0]!;
    faults.push(`${rejected.length} ${REJECTED_CALLS}, first with ${c} ${x}`);
  }
  const stopped = requests.filter(({ why }) => why === "budget").length;
  if (stopped > 0) faults.push(`the budget stopped it: ${stopped} of ${schedule.length} requests were not sent`);
  const lag = sorted(
    requests.flatMap((row) => (row.i < schedule.length ? [Math.max(0, row.b - schedule[row.i]![0])] : [])),
  );
  const e2e = sorted(requests.flatMap((row) => (row.w >= 0 ? [row.e - schedule[row.i]![0]] : [])));
  return {
    strategy: input.strategy,
    requests: requests.length,
    attempts: attempts.length,
    lagMs: { p50: quantileOrZero(lag, 0.5), p99: quantileOrZero(lag, 0.99), max: lag.at(-1) ?? 0 },
    serverLateMsP99: input.lateMsP99,
    e2eMsP50: e2e.length === 0 ? null : quantileSorted(e2e, 0.5),
    attemptsWithoutUsage: attempts.filter((row) => row.u === null && (row.k === "timeout" || row.k === "unfinished"))
      .length,
    isComplete: seen.size === schedule.length && seen.size === requests.length,
    faults,
    ...(isUnanswered(attempts) ? { unanswered: attempts[0]!.x } : {}),
  };
}

/** Whether every call ended in an error before an endpoint said anything. */
function isUnanswered(attempts: readonly AttemptRow[]): boolean {
  return attempts.length > 0 && attempts.every(({ k, c }) => k === "error" && c === 0);
}

/** k6 counts an attempt when it is answered; it may or may not count those cut off by the end of the run. */
function disagreements(
  counts: ClientCounts,
  attempts: readonly AttemptRow[],
  requests: readonly RequestRow[],
): readonly string[] {
  const unfinished = attempts.filter((row) => row.k === "unfinished").length;
  const answered = attempts.length - unfinished;
  const faults: string[] = [];
  if (counts.requestsEnded !== requests.length) {
    faults.push(`k6 counted ${counts.requestsEnded} requests, the rows hold ${requests.length}`);
  }
  if (counts.attempts !== attempts.length) {
    faults.push(`k6 counted ${counts.attempts} attempts, the rows hold ${attempts.length}`);
  }
  if (counts.httpRequests < answered || counts.httpRequests > attempts.length) {
    faults.push(`k6 made ${counts.httpRequests} HTTP requests, the rows hold ${answered} answered attempts`);
  }
  return faults;
}

/**
 * Why the strategies' runs must not be compared: rows that do not add up, or a dispatch lag that affects what is
 * compared; and endpoints that answered no strategy at all (one whose targets are down is a finding beside others).
 * The 99th percentile of the lag may be 5 % of the smallest median latency: 21 ms late are nothing to a call
 * of 3 s, and much to one of 100 ms.
 *
 * @returns one sentence a reason; empty for valid runs
 */
export function invalidReasons(reports: readonly HarnessReport[]): readonly string[] {
  const medians = reports.flatMap(({ e2eMsP50 }) => (e2eMsP50 === null ? [] : [e2eMsP50]));
  const smallest = medians.length === 0 ? null : Math.min(...medians);
  const limitMs = smallest === null ? LAG_MS_MAX : LAG_SHARE_MAX * smallest;
  const why = smallest === null ? "the most that is allowed" : `5 % of the smallest median, ${smallest.toFixed(0)} ms`;
  const isDead = reports.every(({ unanswered }) => unanswered !== undefined);
  return reports.flatMap(({ strategy, faults, lagMs, serverLateMsP99, plain, attempts, unanswered }) => {
    const late = (what: string, ms: number | null): readonly string[] =>
      ms === null || ms <= limitMs
        ? []
        : [
            `${what} ${ms.toFixed(1)} ms late at the 99th percentile; ${limitMs.toFixed(1)} ms is ${why}: lower the rate, or give the load generator more or idler processors`,
          ];
    const reasons = [
      ...(plain === undefined ? [] : [plain.reason]),
      ...faults,
      ...(isDead ? [`${NO_ANSWER} of ${attempts} calls; the first ended with "${unanswered}"`] : []),
      ...late("requests left", lagMs.p99),
      ...late("the emulator woke", serverLateMsP99),
    ];
    return reasons.map((reason) => `${strategy}: ${reason}`);
  });
}

/**
 * A quantile, 0 of no values: a run without requests has no lag.
 *
 * @param p probability in [0, 1]
 * @example quantileOrZero([1, 2, 4], 0.5) // => 2
 * @example quantileOrZero([], 0.99) // => 0
 */
export function quantileOrZero(ascending: ArrayLike<number>, p: number): number {
  return ascending.length === 0 ? 0 : quantileSorted(ascending, p);
}

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * A run whose arrivals were those of a native executor of k6 (shared-iterations, ramping-vus ...): never a comparison.
 */
export interface NativeReport {
  /** Why the run does not measure the schedule. */
  readonly reason: string;
  readonly executor: string;
  /** Virtual users. */
  readonly vus: number;
  readonly droppedIterations: number;
  /** Requests of the schedule that never left. */
  readonly neverSent: number;
  /** 99th percentile of how long before their intended arrivals requests were sent, ms. */
  readonly earlyMsP99: number;
  /**
   * Latency of served requests, ms: from sending, and from the intended arrival, or from sending where that was
   * earlier.
   */
  readonly fromSendMs: Quantiles;
  readonly fromIntendedMs: Quantiles;
}

/** Percentiles, ms. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What decides whether first tokens can be observed: the operation and the targets. */
export interface Called extends Pick<ReplayPlan, "operation"> {
  readonly targets: readonly CalledTarget[];
}

/** Whether every target's answers are streamed and their first tokens can be observed. */
export function seesFirstTokens({ operation, targets }: Called): boolean {
  return operation === "converse-stream" && targets.every((target) => target.seesFirstToken);
}

/**
 * Notes on a run's times to first token. k6 observes the headers of a response and its end; where headers may precede
 * the first token, the note says how early they came, which shows whether they did.
 */
export function firstTokenNotes(plan: Called, attempts: readonly AttemptRow[]): readonly string[] {
  if (!seesFirstTokens(plan)) return [];
  const regions = new Map<string, AttemptRow[]>();
  for (const attempt of attempts) {
    const { api, region } = plan.targets[attempt.g]!;
    if (attempt.k !== "ok" || attempt.f === null || !findAdapter(api).headersMayLead) continue;
    const rows = regions.get(region);
    if (rows === undefined) regions.set(region, [attempt]);
    else rows.push(attempt);
  }
  if (regions.size === 0) return [];
  const seen = [...regions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([region, rows]) => `${region} ${headersOf(rows)}`);
  return [
    "TTFT is the time to the response's headers, which servers of this kind may send before the first token; they came, " +
      `at the median, after: ${seen.join("; ")}.`,
  ];
}

/** Errors of an answer whose status says that all is well, and what is wrong with it. */
const FAILED_ANSWERS: Readonly<Record<string, readonly [what: string, so: string]>> = {
  [EMPTY_ANSWER]: ["without a token", "they count as failed, not as fast"],
  NoUsage: ["without counts of tokens", "they count as failed, as nothing tells what they cost"],
  NoJson: ["with a body that is not JSON", "they count as failed"],
  StreamCutShort: ["with a stream that ended before its last event", "they count as failed"],
};

/** How many answers had status 200 and failed all the same, by what was wrong with them. */
export function failedAnswerNotes(attempts: readonly AttemptRow[]): readonly string[] {
  return Object.entries(FAILED_ANSWERS).flatMap(([error, [what, so]]) => {
    const failed = attempts.filter(({ c, x }) => c === 200 && x === error).length;
    if (failed === 0) return [];
    const share = Number(((100 * failed) / attempts.length).toPrecision(2));
    return [`${failed} of ${attempts.length} attempts (${share} %) were answered 200 ${what} (${error}): ${so}.`];
  });
}

/** Median time to the headers, in ms and as a share of the attempt. */
function headersOf(attempts: readonly AttemptRow[]): string {
  const ms = median(attempts.map(({ f }) => f!));
  const share = median(attempts.map(({ s, e, f }) => f! / Math.max(f!, e - s)));
  return `${ms.toFixed(0)} ms (${(100 * share).toFixed(0)} % of an attempt)`;
}

/**
 * k6 sees when a stream's headers and its last byte come. A pause within it, and the time that connecting takes, it cannot
 * limit, and it cannot end a call whose headers are late: of these limits only `total` is kept. What the rows say is a
 * bound: an answer whose parts all took less than a limit has not broken it.
 *
 * @param client   its limits, ms, Infinity where there is none; of whole answers k6 keeps all of them
 * @param attempts of one strategy's run
 * @returns one sentence, or none where every limit is kept
 */
export function unseenLimitNotes(
  { timeout, isStreaming }: { readonly timeout: SocketLimits; readonly isStreaming: boolean },
  attempts: readonly Timed[],
): readonly string[] {
  if (!isStreaming) return [];
  const named = (
    [
      ["connect", timeout.connectMs],
      ["firstByte", timeout.firstByteMs],
      ["idle", timeout.idleMs],
    ] as const
  ).filter(([, ms]) => ms < Number.POSITIVE_INFINITY);
  if (named.length === 0) return [];
  const limits = named.map(([name, ms]) => `${name} ${ms / 1000} s`).join(", ");
  const suspects = attempts.filter((attempt) => mayHaveBroken(timeout, attempt)).length;
  const bound =
    suspects === 0
      ? `none of its ${attempts.length} attempts took long enough to have broken them`
      : `they might have ended up to ${suspects} of its ${attempts.length} attempts, which went on instead`;
  return [`k6 does not see the pauses in a stream and kept none of the limits ${limits}: ${bound}.`];
}

type SocketLimits = Pick<TimeoutPolicy, "connectMs" | "firstByteMs" | "idleMs">;
type Timed = Pick<AttemptRow, "s" | "e" | "f" | "k">;

function mayHaveBroken(timeout: SocketLimits, { s, e, f, k }: Timed): boolean {
  // What the run's end or the total limit cut off is not known to have been silent.
  if (k === "unfinished") return false;
  const beforeBytesMs = f ?? e - s;
  const afterwardsMs = f === null ? 0 : e - s - f;
  return beforeBytesMs > Math.min(timeout.connectMs, firstByteLimitMs(timeout)) || afterwardsMs > timeout.idleMs;
}
