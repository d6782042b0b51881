/** Measures the strategies of a scenario one after the other, and shows how far the run is. */
import { MeridianError } from "../../simulator/base/errors.ts";
import {
  checkRows,
  failedAnswerNotes,
  firstTokenNotes,
  type HarnessReport,
  seesFirstTokens,
  unseenLimitNotes,
} from "../../simulator/bench/checks.ts";
import { makeReplayPlan } from "../../simulator/bench/make-plan.ts";
import { attemptPricer, type MeasuredRun } from "../../simulator/bench/measured.ts";
import { checkNativeRows } from "../../simulator/bench/native-executor.ts";
import type { ReplayPlan, SpendPlan } from "../../simulator/bench/plan.ts";
import { type EndpointRecords, recordOf, type ScheduleRow, settled } from "../../simulator/bench/rows.ts";
import { leftOf, type SpendReport, shareOf, spendReport } from "../../simulator/bench/spend-plan.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { createStatusLine, formatSpan, type StatusLineOptions } from "../io/progress.ts";
import { interrupted } from "../io/worker-pool.ts";
import type { ProgressFile } from "../view/progress-file.ts";
import type { ExecutorChoice } from "./executors.ts";
import { type Replayed, replayInK6 } from "./k6-process.ts";
import type { K6Program } from "./k6-program.ts";
import type { RunState } from "./row-reader.ts";
import type { SpendRecord } from "./spend-record.ts";
import type { BenchTarget, OpenTarget } from "./target.ts";

export interface BenchOptions {
  readonly k6: K6Program;
  readonly target: BenchTarget;
  readonly schedule: readonly ScheduleRow[];
  /** How long after the last arrival requests may still end, ms. */
  readonly drainMs: number;
  /** An executor of k6 that brings arrivals of its own: never for comparisons. Undefined replays the schedule's. */
  readonly executor?: ExecutorChoice | undefined;
  /** What all strategies together may spend; no limit where left out. */
  readonly spend?: SpendPlan | undefined;
  /** Takes what is about to be sent and what it cost, where calls cost money. */
  readonly record?: SpendRecord | undefined;
  readonly signal: AbortSignal;
  readonly onMoment: (moment: BenchMoment) => void;
}

/** One strategy, measured. */
export interface BenchedStrategy {
  readonly run: MeasuredRun;
  readonly report: HarnessReport;
  /** What the endpoints said of its attempts. */
  readonly records: EndpointRecords;
  /** Round trip to each region that the measured times hold, ms; absent where an emulator injects the scenario's. */
  readonly roundTripMs?: Readonly<Record<string, number>>;
  /** The rows as k6 wrote them. */
  readonly rowsText: Uint8Array;
  /** Present where a budget limited it. */
  readonly spend?: SpendReport;
  /** Removes the rows that k6 wrote, of calls that cost money: for when they are saved with the run. */
  readonly release?: () => Promise<void>;
}

/** k6 has loaded and made its routers well before the run starts; more for a long schedule, which each must map. */
const LEAD_MS = 3000;
const LEAD_MS_PER_REQUEST = 0.03;

/**
 * Measures the strategies one after the other on the same schedule.
 *
 * @throws MeridianError environment K6_*, EMULATOR_*; INTERRUPTED
 */
export async function benchStrategies(plan: Plan, options: BenchOptions): Promise<readonly BenchedStrategy[]> {
  if (options.executor !== undefined && options.spend !== undefined) throw noBudget();
  const benched: BenchedStrategy[] = [];
  const count = plan.strategies.length;
  let spend = options.spend;
  for (let strategy = 0; strategy < count; strategy++) {
    if (options.signal.aborted) throw interrupted();
    const share = spend && shareOf(spend, count - strategy);
    const done = await benchStrategy(plan, strategy, { ...options, spend: share });
    benched.push(done);
    if (spend !== undefined && done.spend !== undefined) spend = leftOf(spend, done.spend);
  }
  return benched;
}

async function benchStrategy(plan: Plan, strategy: number, options: BenchOptions): Promise<BenchedStrategy> {
  const { schedule, drainMs, spend } = options;
  const { name } = plan.strategies[strategy]!;
  const startMs = Date.now() + LEAD_MS + schedule.length * LEAD_MS_PER_REQUEST - plan.arrivalsFromMs;
  const open = await options.target.open(startMs);
  try {
    const requests = schedule.length;
    const lastArrivalMs = schedule.at(-1)![0];
    const replay = makeReplayPlan(plan, strategy, open.targets, { requests, lastArrivalMs, drainMs, spend });
    const place = { strategy: name, ordinal: strategy + 1, strategies: plan.strategies.length, requests };
    let settle: ((spentUsd: number) => Promise<void>) | undefined;
    const { record } = options;
    const begin = async (rows: string): Promise<void> => {
      const { budgetUsd } = spend!;
      settle = await record!.begin({ target: options.target.place, strategy: name, requests, budgetUsd, rows });
    };
    const replayed = await replayInK6({
      ...(record === undefined || spend === undefined ? {} : { beforeStart: begin }),
      k6: options.k6,
      plan: replay,
      schedule,
      startMs,
      credentials: open.credentials,
      addresses: open.addresses,
      priceOf: attemptPricer(plan, schedule),
      executor: options.executor,
      signal: options.signal,
      onState: (state) => options.onMoment({ ...state, ...place }),
    });
    const checked = checkedStrategy(name, { open, replay, replayed }, options);
    await settle?.(checked.spend!.spentUsd);
    return checked;
  } finally {
    await open.close();
  }
}

/** Checks what k6 left of a strategy's run and adds what its endpoints say of it. */
function checkedStrategy(
  strategy: string,
  { open, replay, replayed }: { readonly open: OpenTarget; readonly replay: ReplayPlan; readonly replayed: Replayed },
  { schedule, executor, spend }: BenchOptions,
): BenchedStrategy {
  const { rows, rowsText, counts } = replayed;
  const { records, targets } = open;
  const attempts = settled(rows.attempts, records);
  const clientFaults = [...rows.faults, ...startFaults(rows.readyBeforeMs), ...open.faults];
  const { requests } = rows;
  const input = { strategy, schedule, attempts, requests, counts, clientFaults, lateMsP99: open.lateMsP99() };
  const checked =
    executor === undefined
      ? { ...input, report: checkRows(input) }
      : checkNativeRows({
          ...input,
          ...executor,
          droppedIterations: counts?.droppedIterations ?? 0,
          endMs: replay.durationMs + replay.drainMs,
        });
  return {
    run: {
      schedule: checked.schedule,
      attempts,
      requests: checked.requests,
      isStreaming: seesFirstTokens(replay),
      notes: [
        ...failedAnswerNotes(attempts),
        ...firstTokenNotes(replay, attempts),
        ...unseenLimitNotes(replay.client, attempts),
      ],
      ranIn: (attempt) => recordOf(records, attempt)?.region ?? undefined,
    },
    report: checked.report,
    records,
    rowsText,
    release: replayed.release,
    ...(targets.isEmulated ? {} : { roundTripMs: Object.fromEntries(targets.roundTripMs) }),
    ...(spend === undefined ? {} : { spend: spendReport(replay, spend, schedule, rows) }),
  };
}

function startFaults(readyBeforeMs: number | undefined): readonly string[] {
  if (readyBeforeMs === undefined) return ["k6 never said that it was ready"];
  return readyBeforeMs >= 0 ? [] : [`k6 was ready ${-readyBeforeMs} ms after the run was to start`];
}

function noBudget(): MeridianError {
  return new MeridianError("usage", {
    code: "EXECUTOR_WITHOUT_BUDGET",
    what: "the virtual users of k6's executors come and go, so no budget can be divided among them",
    where: "--executor",
    fix: "leave --executor out where calls cost money",
  });
}

interface BenchMoment extends RunState {
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

/** Shows a running bench on stderr. @param also told as well: the file that the local page reads */
export function createBenchProgress(
  options: Omit<StatusLineOptions, "liveEveryMs">,
  also?: ProgressFile,
): BenchProgress {
  const line = createStatusLine({ ...options, liveEveryMs: LIVE_EVERY_MS });
  return {
    update(moment) {
      const text = formatBench(moment);
      const { ordinal, strategies, ended, requests, e2eMsP95, throttled } = moment;
      line.show(text);
      const share = (ordinal - 1 + Math.min(1, ended / Math.max(1, requests))) / strategies;
      also?.update(share, text, { p95Ms: e2eMsP95, throttled });
    },
    stop() {
      line.stop();
      also?.stop();
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
