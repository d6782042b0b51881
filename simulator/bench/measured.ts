/** Turns the rows of a measured run into the result of a simulated one: same statistics, same bill, same report. */
import { invariant } from "../base/errors.ts";
import { INTERRUPTION } from "../client/request-rules.ts";
import { CELL, type EndedRequest, Recorder } from "../engine/recorder.ts";
import type { SimulationOutput } from "../engine/simulation.ts";
import { EMPTY_START } from "../experiment/assemble.ts";
import { assembleResult, type Provenance, type RunResult } from "../experiment/index.ts";
import { summarise } from "../experiment/replication-stats.ts";
import type { Plan } from "../scenario/plan.ts";
import { type BilledAttempt, createLedger, ledgerCell, requestCostFUsd } from "../service/pricing/billing.ts";
import { epochAt } from "../service/pricing/price-schedule.ts";
import { promptTokensOf, TOKEN_KINDS, usdOf } from "../service/pricing/prices.ts";
import { placementsOf } from "../service/service-plan.ts";
import { beginsEmpty, type HarnessReport, invalidReasons, KEEPS_STATE } from "./checks.ts";
import { measuredBound } from "./measured-bound.ts";
import { nativeNote } from "./native-executor.ts";
import { type AttemptRow, type RequestRow, requestOf, type ScheduledRequest, type ScheduleRow } from "./rows.ts";

export interface MeasuredInput {
  /** One run per strategy, in the plan's order. */
  readonly runs: readonly MeasuredRun[];
  readonly reports: readonly HarnessReport[];
  /** Where it was measured, for the notes. */
  readonly place: string;
  readonly provenance: Provenance;
}

/**
 * The result of a measured run: the shape of a simulated one, with its own notes. An invalid run says so in its verdict
 * and compares nothing.
 */
export function measuredResult(plan: Plan, input: MeasuredInput): RunResult {
  const single: Plan = { ...plan, replications: 1 };
  const stats = input.runs.map((run, strategy) => summarise(single, strategy, 0, measuredOutput(single, run)));
  const result = assembleResult({ plan: single }, [{ stats }], { ...input.provenance, kind: "measured" });
  const reasons = invalidReasons(input.reports);
  return {
    ...result,
    ...(reasons.length > 0
      ? { comparisons: [], ...invalidAnswer(reasons[0]!) }
      : { bound: measuredBound(single, stats, input.runs[0]?.schedule ?? []) }),
    notes: [
      ...reasons.map((reason) => `INVALID: ${reason}.`),
      ...measuredNotes(input),
      ...result.notes.filter((note) => note !== EMPTY_START || input.reports.every(beginsEmpty)),
    ],
  };
}

/** In place of a verdict; nothing is preferred, and nothing highlighted. */
function invalidAnswer(reason: string) {
  const verdict = `Invalid run, nothing can be concluded: ${reason}.`;
  return { verdict, verdictSentences: [verdict], verdictStrategies: [], recommended: null, standings: [] };
}

/** What latency counts from: the schedule's arrivals, unless a native executor of k6 made its own. */
function arrivalNotes(reports: readonly HarnessReport[], lagMs: number): readonly string[] {
  const native = reports.flatMap(({ strategy, requests, plain }) =>
    plain === undefined ? [] : [`${strategy}: ${nativeNote(requests, plain)}.`],
  );
  if (native.length > 0)
    return [...native, "The tables count latency from the intended instant, or from an earlier send."];
  return [
    `Open model: latency counts from the intended arrival; requests left ${lagMs.toFixed(1)} ms late at most at the 99th percentile.`,
  ];
}

function measuredNotes({ place, reports, runs }: MeasuredInput): readonly string[] {
  const lag = Math.max(...reports.map(({ lagMs }) => lagMs.p99));
  const order = reports.length === 1 ? "" : ", one strategy after the other";
  const isEmpty = reports.every(beginsEmpty);
  const start = !isEmpty ? "" : reports.length === 1 ? ", from an empty system" : ", each from an empty system";
  const notes = [
    `Measured with k6 against ${place}${order}${start}.`,
    ...(isEmpty ? [] : [KEEPS_STATE]),
    ...arrivalNotes(reports, lag),
    "A client does not see queues at the service: the wait is until the attempt that served was sent.",
  ];
  if (runs.some((run) => !run.isStreaming)) {
    notes.push("Answers came whole, or their first tokens cannot be seen: the first token is the last.");
  }
  runs.forEach((run, i) => {
    for (const note of run.notes ?? []) notes.push(`${reports[i]!.strategy}: ${note}`);
  });
  for (const { strategy, attemptsWithoutUsage } of reports) {
    if (attemptsWithoutUsage === 0) continue;
    notes.push(`${strategy}: ${attemptsWithoutUsage} attempts ended without token counts and are not in the bill.`);
  }
  return notes;
}

/** The rows of one strategy's run. */
export interface MeasuredRun {
  readonly schedule: readonly ScheduleRow[];
  readonly attempts: readonly AttemptRow[];
  /** One per request of the schedule. */
  readonly requests: readonly RequestRow[];
  /** Answers are streamed and their first tokens can be observed. */
  readonly isStreaming: boolean;
  /** Notes for the report, one sentence each. */
  readonly notes?: readonly string[];
  /** Region that ran an attempt, where it is known. */
  readonly ranIn: (attempt: AttemptRow) => string | undefined;
}

/** Arrivals between two samples of the backlog, as in the simulator. */
const BACKLOG_EVERY = 256;

/**
 * The run statistics of a measured run, counted as the simulator counts its own. Latency counts from the intended
 * arrival. A client cannot observe the service's queue: the wait lasts until the serving attempt was sent. An attempt
 * is billed by the tokens that the service reported, at the prices of the instant of sending.
 *
 * @throws MeridianError internal when a request has no row
 */
export function measuredOutput(plan: Plan, run: MeasuredRun): SimulationOutput {
  const requests = [...run.requests].sort((a, b) => a.i - b.i);
  invariant(
    requests.length === run.schedule.length && requests.every((row, i) => row.i === i),
    "every request of the schedule has one row",
  );
  const attempts = [...run.attempts].sort((a, b) => a.i - b.i || a.o - b.o);
  const ofRequest = requests.map((): AttemptRow[] => []);
  for (const attempt of attempts) ofRequest[attempt.i]!.push(attempt);
  const recorder = new Recorder(plan.classes.length, plan.regionNames.length, run.isStreaming);
  const counted = run.schedule.map(([arrivalMs], i) => isCounted(plan, arrivalMs, i));
  requests.forEach((row, i) => {
    if (!counted[i]) return;
    const request = requestOf(run.schedule[i]!, i);
    recorder.arrived[request.classIndex]!++;
    recorder.record(describe(plan, request, row, ofRequest[i]!, run.ranIn));
  });
  recorder.complete();
  countPassing(plan, recorder, attempts, counted);
  const load = loadOf(run.schedule, requests, counted);
  return {
    recorder,
    ledger: ledgerOf(plan, run, attempts, counted),
    quotas: [],
    ...load,
    stoppedEarlyAtMs: null,
  };
}

/** Whether a request is past the warm-up. */
export function isCounted({ warmup }: Plan, arrivalMs: number, id: number): boolean {
  return warmup.kind === "none" || (warmup.kind === "duration" ? arrivalMs : id) >= warmup.amount;
}

function describe(
  plan: Plan,
  request: ScheduledRequest,
  row: RequestRow,
  attempts: readonly AttemptRow[],
  ranIn: MeasuredRun["ranIn"],
): EndedRequest {
  const { classIndex, arrivalMs } = request;
  const each = plan.classes[classIndex]!;
  const until = attempts.filter((attempt) => attempt.o < row.n);
  const last = until.at(-1);
  const serving = row.w < 0 ? undefined : attempts.find((attempt) => attempt.o === row.w);
  const place = serving ?? last;
  const region = place === undefined ? -1 : regionOf(plan, place, serving === undefined ? () => undefined : ranIn);
  const e2eMs = Math.max(0, row.e - arrivalMs);
  const ttftMs = serving?.f == null ? e2eMs : Math.min(e2eMs, Math.max(0, serving.s - arrivalMs + serving.f));
  const hasObjective = each.sloE2eMs < Number.POSITIVE_INFINITY || each.sloTtftMs < Number.POSITIVE_INFINITY;
  const isServed = serving !== undefined;
  return {
    classIndex,
    region,
    arrivalMs,
    end: row.end,
    attempts: row.n,
    attemptsThrottled: until.filter((attempt) => attempt.k === "throttled" && attempt.e <= row.e).length,
    attemptsUnavailable: until.filter((attempt) => attempt.k === "unavailable" && attempt.e <= row.e).length,
    attemptsTimedOut: until.filter((attempt) => attempt.k === "timeout" && attempt.e <= row.e).length,
    interruptions: interruptionsOf(until.filter((attempt) => attempt.e <= row.e)),
    lastInterruption: INTERRUPTION[last?.d ?? "none"],
    inputTokens: request.inputTokens,
    outputTokens: serving?.u?.[1] ?? 0,
    e2eMs,
    ttftMs,
    waitMs: isServed ? Math.max(0, serving.s - arrivalMs) : 0,
    hasWaited: false,
    hasObjective,
    isWithinObjective: isServed && hasObjective && e2eMs <= each.sloE2eMs && ttftMs <= each.sloTtftMs,
    isViolation: isServed && each.allowedRegions[region] === 0,
  };
}

function interruptionsOf(attempts: readonly AttemptRow[]): readonly number[] | null {
  if (attempts.every(({ d }) => d === undefined)) return null;
  const counts = [0, 0, 0, 0];
  for (const { d } of attempts) counts[INTERRUPTION[d ?? "none"]]!++;
  return counts;
}

/** Index of the region that ran an attempt where that is known, else of the one that was called. */
export function regionOf(plan: Plan, attempt: AttemptRow, ranIn: MeasuredRun["ranIn"]): number {
  const name = ranIn(attempt);
  const known = name === undefined ? -1 : plan.regionNames.indexOf(name);
  return known >= 0 ? known : plan.targets[attempt.g]!.region;
}

/** Attempts and their answers by source region and hour, in order of time. */
function countPassing(
  plan: Plan,
  recorder: Recorder,
  attempts: readonly AttemptRow[],
  counted: readonly boolean[],
): void {
  const events: { readonly ms: number; readonly region: number; readonly field: number; readonly i: number }[] = [];
  for (const { i, g, s, e, k } of attempts) {
    const { region } = plan.targets[g]!;
    events.push({ ms: Math.max(0, s), region, field: CELL.attempts, i });
    const field = FIELD_OF_KIND[k];
    if (field !== undefined) events.push({ ms: Math.max(0, e), region, field, i });
  }
  events.sort((a, b) => a.ms - b.ms);
  for (const { ms, region, field, i } of events) recorder.count(region, ms, field, counted[i] === true);
}

const FIELD_OF_KIND: Readonly<Partial<Record<AttemptRow["k"], number>>> = {
  ok: CELL.served,
  throttled: CELL.attemptsThrottled,
  unavailable: CELL.attemptsUnavailable,
};

function ledgerOf(plan: Plan, run: MeasuredRun, attempts: readonly AttemptRow[], counted: readonly boolean[]) {
  const { schedule, placements } = plan.money;
  const ledger = createLedger({
    epochs: schedule.epochStartMs.length,
    placements: placements.length,
    classes: plan.classes.length,
  });
  for (const attempt of attempts) {
    if (!counted[attempt.i]) continue;
    const { epoch, placement, classIndex, decidedAt, tokens } = billedAttempt(plan, run, attempt);
    ledger.decisions[ledgerCell(ledger, epoch, decidedAt, classIndex)]!++;
    const cell = ledgerCell(ledger, epoch, placement, classIndex);
    tokens.forEach((amount, kind) => {
      ledger.tokens[cell * TOKEN_KINDS.length + kind]! += amount;
    });
  }
  return ledger;
}

/** What is charged for an attempt: its reported tokens at the prices of the instant of sending. */
export function billedAttempt(
  plan: Plan,
  run: Pick<MeasuredRun, "schedule" | "ranIn">,
  attempt: AttemptRow,
): BilledAttempt & { readonly decidedAt: number } {
  const classIndex = run.schedule[attempt.i]![1];
  const { model } = plan.classes[classIndex]!;
  const route = plan.world.routes[attempt.g * plan.models.length + model]!;
  const region = regionOf(plan, attempt, run.ranIn);
  const choice = route.destinations.findIndex((endpoint) => plan.world.endpoints[endpoint]!.region === region);
  return {
    epoch: epochAt(plan.money.schedule, attempt.s),
    placement: placementsOf(route, promptTokensOf(attempt.u ?? []))[Math.max(0, choice)]!,
    classIndex,
    tokens: attempt.u ?? [],
    decisions: 1,
    decidedAt: route.placements[0]!,
  };
}

/** Requests in the system: their mean over the counted time, and samples at equal numbers of arrivals. */
function loadOf(schedule: readonly ScheduleRow[], requests: readonly RequestRow[], counted: readonly boolean[]) {
  const first = counted.indexOf(true);
  const countedFromMs = first < 0 ? Number.NaN : schedule[first]![0];
  const countedToMs = schedule.at(-1)?.[0] ?? 0;
  let area = 0;
  requests.forEach((row, i) => {
    area += Math.max(0, Math.min(row.e, countedToMs) - Math.max(schedule[i]![0], countedFromMs));
  });
  const endsMs = Float64Array.from(requests, (row) => row.e).sort();
  let ended = 0;
  const inSystemAt = (arrived: number, ms: number): number => {
    while (ended < endsMs.length && endsMs[ended]! <= ms) ended++;
    return arrived - ended;
  };
  const backlog: number[] = [];
  for (let i = BACKLOG_EVERY - 1; i < schedule.length; i += BACKLOG_EVERY)
    backlog.push(inSystemAt(i + 1, schedule[i]![0]));
  const span = countedToMs - countedFromMs;
  return {
    meanInSystem: span > 0 ? area / span : Number.NaN,
    inSystemAtEnd: inSystemAt(schedule.length, countedToMs),
    backlog,
    countedFromMs,
    countedToMs,
  };
}

/**
 * Prices attempts one by one, for a running total: by the tokens that the service reported, under the scenario's
 * billing rule, as if each had run where it was sent. Attempts without reported tokens cost nothing here.
 *
 * @returns USD of an attempt
 */
export function attemptPricer(plan: Plan, schedule: readonly ScheduleRow[]): (row: AttemptRow) => number {
  const { placements, candidateKeys, routingFeeUsdPer1kDecisions, billing } = plan.money;
  const terms = {
    rule: billing,
    schedule: plan.money.schedule,
    placements,
    candidateKeys,
    routingFeeUsdPer1kDecisions,
  };
  return ({ i, g, s, u }) => {
    const classIndex = schedule[i]?.[1];
    if (u === null || classIndex === undefined) return 0;
    const route = plan.world.routes[g * plan.models.length + plan.classes[classIndex]!.model];
    if (route === null || route === undefined) return 0;
    const epoch = epochAt(terms.schedule, s);
    const placement = placementsOf(route, promptTokensOf(u))[0]!;
    return usdOf(requestCostFUsd({ epoch, placement, classIndex, tokens: u, decisions: 1 }, terms));
  };
}
