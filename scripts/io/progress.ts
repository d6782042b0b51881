import type { OutputStream } from "./terminal.ts";

/** How far one job is, as its worker last said. */
export interface JobReport {
  readonly requestsDone: number;
  readonly simulatedMs: number;
  readonly p95Ms: number | null;
  readonly costUsd: number | null;
}

/** The whole run at one moment. */
export interface ProgressState {
  readonly jobs: number;
  readonly jobsDone: number;
  /** Simulated time of all jobs over the simulated time that all of them have to cover, in [0, 1]. */
  readonly share: number;
  readonly requestsDone: number;
  readonly requestsPerS: number;
  /** Wall-clock time left; null while it cannot be told. */
  readonly remainingMs: number | null;
  readonly p95Ms: number | null;
  readonly costUsd: number | null;
}

export interface ProgressOptions {
  readonly stream: OutputStream;
  /** Redraw one line; else print a line every 10 s. */
  readonly live: boolean;
  readonly quiet: boolean;
  readonly jobs: number;
  /** Simulated time that one job covers. */
  readonly jobDurationMs: number;
  readonly clockMs?: () => number;
}

export interface Progress {
  update(jobIndex: number, report: JobReport): void;
  jobDone(jobIndex: number): void;
  /** Clears the live line. */
  stop(): void;
}

const LIVE_EVERY_MS = 200;
const PLAIN_EVERY_MS = 10_000;
const CLEAR_LINE = "\r\u001b[2K";

/** Shows a running simulation on stderr. Prints only when told something, so it needs no timer. */
export function createProgress(options: ProgressOptions): Progress {
  const clockMs = options.clockMs ?? (() => performance.now());
  const startedMs = clockMs();
  const reports = new Map<number, JobReport>();
  const done = new Set<number>();
  let printedMs = options.live ? Number.NEGATIVE_INFINITY : startedMs;
  let lineShown = false;
  const show = (): void => {
    const nowMs = clockMs();
    if (options.quiet || nowMs - printedMs < (options.live ? LIVE_EVERY_MS : PLAIN_EVERY_MS)) return;
    printedMs = nowMs;
    const line = formatProgress(stateOf(options, reports, done, nowMs - startedMs));
    const width = Math.max(20, (options.stream.columns ?? 80) - 1);
    options.stream.write(options.live ? `${CLEAR_LINE}${line.slice(0, width)}` : `${line}\n`);
    lineShown = options.live;
  };
  return {
    update: (jobIndex, report) => {
      reports.set(jobIndex, report);
      show();
    },
    jobDone: (jobIndex) => {
      done.add(jobIndex);
      show();
    },
    stop: () => {
      if (lineShown) options.stream.write(CLEAR_LINE);
      lineShown = false;
    },
  };
}

/** `42 %  8/20 jobs  1.2M requests  310k/s  p95 4.1 s  12.40 USD  12 s left`; unknown parts are left out. */
export function formatProgress(state: ProgressState): string {
  return [
    `${Math.floor(state.share * 100)} %`,
    `${state.jobsDone}/${state.jobs} jobs`,
    `${short(state.requestsDone)} requests`,
    `${short(state.requestsPerS)}/s`,
    state.p95Ms === null ? "" : `p95 ${formatSpan(state.p95Ms)}`,
    state.costUsd === null ? "" : `${state.costUsd.toFixed(2)} USD`,
    state.remainingMs === null ? "" : `${formatSpan(state.remainingMs)} left`,
  ]
    .filter((part) => part !== "")
    .join("  ");
}

/** 850 → "850 ms", 4100 → "4.1 s", 95_000 → "1 min 35 s". */
export function formatSpan(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function stateOf(
  options: ProgressOptions,
  reports: ReadonlyMap<number, JobReport>,
  done: ReadonlySet<number>,
  elapsedMs: number,
): ProgressState {
  let simulatedMs = 0;
  let requestsDone = 0;
  let latest: JobReport | undefined;
  for (let job = 0; job < options.jobs; job++) {
    const report = reports.get(job);
    requestsDone += report?.requestsDone ?? 0;
    simulatedMs += done.has(job) ? options.jobDurationMs : Math.min(report?.simulatedMs ?? 0, options.jobDurationMs);
    if (report !== undefined) latest = report;
  }
  const share = Math.min(1, simulatedMs / Math.max(1, options.jobs * options.jobDurationMs));
  return {
    jobs: options.jobs,
    jobsDone: done.size,
    share,
    requestsDone,
    requestsPerS: requestsDone / Math.max(0.001, elapsedMs / 1000),
    remainingMs: share > 0.01 && elapsedMs > 1000 ? (elapsedMs * (1 - share)) / share : null,
    p95Ms: latest?.p95Ms ?? null,
    costUsd: latest?.costUsd ?? null,
  };
}

function short(count: number): string {
  if (count < 1000) return String(Math.round(count));
  return count < 1e6 ? `${(count / 1e3).toFixed(count < 1e4 ? 1 : 0)}k` : `${(count / 1e6).toFixed(1)}M`;
}
