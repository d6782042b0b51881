import { formatSpan } from "../progress.ts";
import type { OutputStream } from "../terminal.ts";
import type { RunState } from "./row-reader.ts";

export interface BenchMoment extends RunState {
  readonly strategy: string;
  /** This strategy's place, from 1, among how many. */
  readonly ordinal: number;
  readonly strategies: number;
  readonly requests: number;
}

export interface BenchProgress {
  update(moment: BenchMoment): void;
  /** Clears the live line. */
  stop(): void;
}

const LIVE_EVERY_MS = 500;
const PLAIN_EVERY_MS = 10_000;
const CLEAR_LINE = "\r\u001b[2K";

/** Shows a running bench on stderr: one live line on a terminal, a line every ten seconds elsewhere. */
export function createBenchProgress(options: {
  readonly stream: OutputStream;
  readonly live: boolean;
  readonly quiet: boolean;
  readonly clockMs?: () => number;
}): BenchProgress {
  const clockMs = options.clockMs ?? (() => performance.now());
  let printedMs = options.live ? Number.NEGATIVE_INFINITY : clockMs();
  let lineShown = false;
  return {
    update(moment) {
      const nowMs = clockMs();
      if (options.quiet || nowMs - printedMs < (options.live ? LIVE_EVERY_MS : PLAIN_EVERY_MS)) return;
      printedMs = nowMs;
      const line = formatBench(moment);
      const width = Math.max(20, (options.stream.columns || 80) - 1);
      options.stream.write(options.live ? `${CLEAR_LINE}${line.slice(0, width)}` : `${line}\n`);
      lineShown = options.live;
    },
    stop() {
      if (lineShown) options.stream.write(CLEAR_LINE);
      lineShown = false;
    },
  };
}

/** `2/3 round-robin  41 %  812 sent  12 in flight  p95 4.1 s  31 throttled  0.42 USD  lag 2 ms`; unknown parts are left out. */
export function formatBench(moment: BenchMoment): string {
  const { e2eMsP95, lagMsP99 } = moment;
  return [
    `${moment.ordinal}/${moment.strategies} ${moment.strategy}`,
    `${Math.floor((100 * moment.ended) / Math.max(1, moment.requests))} %`,
    `${moment.sent} sent`,
    `${moment.inFlight} in flight`,
    e2eMsP95 === null ? "" : `p95 ${formatSpan(e2eMsP95)}`,
    `${moment.throttled} throttled`,
    moment.costUsd > 0 ? `${formatCost(moment.costUsd)} USD` : "",
    lagMsP99 === null ? "" : `lag ${lagMsP99.toFixed(1)} ms`,
  ]
    .filter((part) => part !== "")
    .join("  ");
}

/** Cents, or as much more as a small sum needs to be seen growing. */
function formatCost(usd: number): string {
  return usd >= 1 ? usd.toFixed(2) : usd.toFixed(4);
}
