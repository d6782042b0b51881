/** Progress on stderr: one live line on a terminal, now and then a plain line elsewhere. */
import { type OutputStream, safeText } from "./terminal.ts";

/** How far one job is, as its worker last said. */
export interface JobReport {
  readonly requestsDone: number;
  /** Share of the job that is done, in [0, 1]. */
  readonly share: number;
  readonly simulatedMs: number;
  readonly p95Ms?: number | null;
  readonly costUsd?: number | null;
}

/** The whole run at one moment. */
export interface ProgressState {
  readonly jobs: number;
  readonly jobsDone: number;
  /** Mean over jobs of the share that is done, in [0, 1]. */
  readonly share: number;
  /** Simulated clock of the job that spoke last; null before the first. */
  readonly simulatedMs: number | null;
  readonly requestsDone: number;
  readonly requestsPerS: number;
  /** Wall-clock time left; null while it cannot be estimated. */
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
  /** Told as well, under --quiet too: the file that the local page reads. */
  readonly also?: {
    update(share: number, text: string, figures?: { readonly p95Ms: number | null }): void;
    stop(): void;
  };
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

/** Shows a running simulation on stderr. Prints only when an update comes, so it needs no timer. */
export function createProgress(options: ProgressOptions): Progress {
  const clockMs = options.clockMs ?? (() => performance.now());
  const startedMs = clockMs();
  const line = createStatusLine({ ...options, liveEveryMs: LIVE_EVERY_MS });
  const reports = new Map<number, JobReport>();
  let latest: JobReport | undefined;
  const done = new Set<number>();
  const show = (): void => {
    const state = stateOf(options.jobs, reports, done, latest, clockMs() - startedMs);
    line.show(formatProgress(state));
    options.also?.update(state.share, formatProgress(state), { p95Ms: state.p95Ms });
  };
  return {
    update: (jobIndex, report) => {
      reports.set(jobIndex, report);
      latest = report;
      show();
    },
    jobDone: (jobIndex) => {
      done.add(jobIndex);
      show();
    },
    stop() {
      line.stop();
      options.also?.stop();
    },
  };
}

/** A line on stderr that says how far some work is. */
export interface StatusLine {
  show(text: string): void;
  /** Clears the live line. */
  stop(): void;
}

export interface StatusLineOptions {
  readonly stream: OutputStream;
  /** True where the line can be redrawn. */
  readonly live: boolean;
  readonly quiet: boolean;
  /** Shortest time between two states of the live line, ms; 0 shows each. */
  readonly liveEveryMs?: number;
  readonly clockMs?: () => number;
}

/** One live line on a terminal, a plain line every ten seconds elsewhere. */
export function createStatusLine(options: StatusLineOptions): StatusLine {
  const { stream, live, quiet, liveEveryMs = 0 } = options;
  const clockMs = options.clockMs ?? (() => performance.now());
  let printedMs = live ? Number.NEGATIVE_INFINITY : clockMs();
  let isShown = false;
  return {
    show(line) {
      const text = safeText(line, false);
      const nowMs = clockMs();
      if (quiet || nowMs - printedMs < (live ? liveEveryMs : PLAIN_EVERY_MS)) return;
      printedMs = nowMs;
      const width = Math.max(20, (stream.columns || 80) - 1);
      stream.write(live ? `${CLEAR_LINE}${text.slice(0, width)}` : `${text}\n`);
      isShown = live;
    },
    stop() {
      if (isShown) stream.write(CLEAR_LINE);
      isShown = false;
    },
  };
}

/** `42 %  8/20 jobs  at 3 h 12 min  1.2M requests  310k/s  p95 4.1 s  12.40 USD  12 s left`; unknown parts are left out. */
export function formatProgress(state: ProgressState): string {
  return [
    `${Math.floor(state.share * 100)} %`,
    `${state.jobsDone}/${state.jobs} jobs`,
    state.simulatedMs === null ? "" : `at ${formatSpan(state.simulatedMs)}`,
    `${short(state.requestsDone)} requests`,
    `${short(state.requestsPerS)}/s`,
    state.p95Ms === null ? "" : `p95 ${formatSpan(state.p95Ms)}`,
    state.costUsd === null ? "" : `${state.costUsd.toFixed(2)} USD`,
    state.remainingMs === null ? "" : `${formatSpan(state.remainingMs)} left`,
  ]
    .filter((part) => part !== "")
    .join("  ");
}

/**
 * A length of time for people.
 *
 * @param ms of 0 or more
 * @example formatSpan(850) // => "850 ms"
 * @example formatSpan(4100) // => "4.1 s"
 * @example formatSpan(95_000) // => "1 min 35 s"
 * @example formatSpan(11_520_000) // => "3 h 12 min"
 */
export function formatSpan(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function stateOf(
  jobs: number,
  reports: ReadonlyMap<number, JobReport>,
  done: ReadonlySet<number>,
  latest: JobReport | undefined,
  elapsedMs: number,
): ProgressState {
  let shares = 0;
  let requestsDone = 0;
  for (let job = 0; job < jobs; job++) {
    const report = reports.get(job);
    requestsDone += report?.requestsDone ?? 0;
    shares += done.has(job) ? 1 : (report?.share ?? 0);
  }
  const share = Math.min(1, shares / Math.max(1, jobs));
  return {
    jobs,
    jobsDone: done.size,
    share,
    simulatedMs: latest?.simulatedMs ?? null,
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
