/** Measures the harness itself: the same k6 path to an endpoint whose every answer is known in advance. */
import type { QueueOptions, Stall } from "../../emulator/backends/queue.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { parseCount, parseDurationMs } from "../../simulator/base/quantities.ts";
import type { ReplayOperation } from "../../simulator/bench/plan.ts";
import type { AttemptRow, RequestRow, ScheduleRow } from "../../simulator/bench/rows.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { harnessError, type KnownQueue, queueFor } from "../../simulator/validate/known-answer.ts";
import type { HarnessError } from "../../simulator/validate/result.ts";
import { type BenchedStrategy, type BenchOptions, benchStrategies } from "../bench/run.ts";
import { fleetTarget } from "../bench/target.ts";
import { prepareText } from "../io/experiment.ts";

/** Long enough for a p99 of a few hundred requests, short beside what it is held against. */
const LENGTH_MS_MAX = 15_000;
const LENGTH_MS_MIN = 3000;
/** Share of the window that the harness's own run takes. */
const LENGTH_SHARE = 0.25;

const DRAIN_MS = 30_000;

/**
 * Sends the beginning of a schedule through the same k6 path to an endpoint whose every answer follows from the
 * arrivals.
 *
 * @throws MeridianError as `benchStrategies`
 */
export async function runKnownAnswer(
  plan: Plan,
  schedule: readonly ScheduleRow[],
  operation: ReplayOperation,
  how: Pick<BenchOptions, "k6" | "signal" | "onMoment">,
): Promise<BenchedStrategy> {
  const known = knownSchedule(schedule);
  const queue = knownQueue(known);
  const scenario = knownScenario(plan.routers, known.at(-1)![0] + 1);
  const { inputs } = await prepareText(scenario, "known-answer.yaml");
  const { createQueueBackend } = await import("../../emulator/backends/queue.ts");
  const target = fleetTarget("a known answer", inputs.plan, operation, {
    backend: (clock) =>
      createQueueBackend(clock, {
        servers: queue.servers,
        service: "deterministic",
        meanServiceMs: queue.serviceMs,
      }),
  });
  const [benched] = await benchStrategies(inputs.plan, { ...how, target, schedule: known, drainMs: DRAIN_MS });
  return benched!;
}

/** What the rows of a known-answer run say of the harness. */
export function knownAnswerError(
  schedule: readonly ScheduleRow[],
  rows: { readonly attempts: readonly AttemptRow[]; readonly requests: readonly RequestRow[] },
  how: { readonly lagMsP99: number; readonly serverLateMsP99: number | null; readonly isStreaming: boolean },
): HarnessError {
  const known = knownSchedule(schedule);
  const attemptOf = new Map(rows.attempts.map((attempt) => [attempt.i, attempt]));
  const served = rows.requests.filter((row) => row.w >= 0).toSorted((a, b) => a.i - b.i);
  if (served.length !== known.length) {
    const what = `${known.length - served.length} of ${known.length} known answers did not come`;
    throw new MeridianError("assertion", {
      code: "HARNESS_FAILED",
      what,
      fix: "free the machine of other work, or validate fewer requests a second",
    });
  }
  const ttftMs = served.map((row) => {
    const { s, f } = attemptOf.get(row.i)!;
    return s - known[row.i]![0] + (f ?? row.e - s);
  });
  return harnessError({
    schedule: known,
    queue: knownQueue(known),
    requests: served,
    ttftMs: how.isStreaming ? Float64Array.from(ttftMs) : null,
    lagMsP99: how.lagMsP99,
    serverLateMsP99: how.serverLateMsP99,
  });
}

/** The first requests of a schedule as a client of one endpoint sends them: same arrivals and sizes, from instant 0. */
export function knownSchedule(schedule: readonly ScheduleRow[]): readonly ScheduleRow[] {
  const fromMs = schedule[0]![0];
  const wholeMs = schedule.at(-1)![0] - fromMs;
  const lengthMs = Math.min(LENGTH_MS_MAX, Math.max(LENGTH_MS_MIN, LENGTH_SHARE * wholeMs));
  return schedule
    .filter(([arrivalMs]) => arrivalMs - fromMs <= lengthMs)
    .map(([arrivalMs, , , input, output, maxTokens]) => [arrivalMs - fromMs, 0, 0, input, output, maxTokens, 0, -1]);
}

/** The queue that answers it: loaded, so that calls wait for each other, but not overloaded. */
export function knownQueue(schedule: readonly ScheduleRow[]): KnownQueue {
  const lengthS = Math.max(1, (schedule.at(-1)![0] - schedule[0]![0]) / 1000);
  return queueFor(schedule.length / lengthS);
}

/** One region, one model, no network and no retries: nothing but the path through the harness. */
function knownScenario(routers: number, durationMs: number): string {
  return `name: known-answer
seed: 1
duration: ${Math.ceil(durationMs)}ms
replications: 1
routers: ${routers}
world:
  regions: [us-east-1]
  models:
    known: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: 1, service: 1s, perOutputToken: 1ms } }
  network: { roundTrips: none, jitter: none }
  prices: { book: none, overrides: [{ model: known, input: 1, output: 1 }] }
traffic:
  - { class: known, arrivals: { poisson: 1/s }, tokens: { input: 1, output: 1 } }
client: { retry: none }
strategies:
  - { name: known answer, single: { target: us-east-1 } }
`;
}

/** An exact queue law, as `--known-answer` gives it. */
export type KnownAnswer = Pick<QueueOptions, "servers" | "service" | "meanServiceMs" | "waitingRoom" | "stall">;

const SERVICES = { mmc: "exponential", mdc: "deterministic" } as const;

/**
 * The law that `mmc:servers=8,mean=520ms,room=0,stall=2s/20s` names. Without `room` the queue is unlimited; `stall` freezes
 * every endpoint for the last 2 s of every 20 s.
 *
 * @returns undefined for a text that is no law
 * @example parseKnownAnswer("mdc:servers=2,mean=1s,room=0") // => { servers: 2, service: "deterministic", meanServiceMs: 1000, waitingRoom: 0 }
 */
export function parseKnownAnswer(text: string): KnownAnswer | undefined {
  const match = /^(mmc|mdc):(.+)$/.exec(text);
  if (match === null) return undefined;
  const given = new Map<string, string>();
  for (const part of match[2]!.split(",")) {
    const [name = "", value = ""] = part.split("=", 2);
    if (!["servers", "mean", "room", "stall"].includes(name) || given.has(name)) return undefined;
    given.set(name, value);
  }
  const servers = parseCount(given.get("servers") ?? "");
  const meanServiceMs = parseDurationMs(given.get("mean") ?? "");
  const room = given.get("room");
  const waitingRoom = room === undefined ? Number.POSITIVE_INFINITY : parseCount(room);
  if (servers === undefined || !Number.isInteger(servers) || servers < 1 || servers > 1e6) return undefined;
  if (meanServiceMs === undefined || meanServiceMs <= 0 || waitingRoom === undefined) return undefined;
  const law = { servers, service: SERVICES[match[1] as keyof typeof SERVICES], meanServiceMs, waitingRoom };
  const frozen = given.get("stall");
  if (frozen === undefined) return law;
  const stall = parseStall(frozen);
  return stall === undefined ? undefined : { ...law, stall };
}

function parseStall(text: string): Stall | undefined {
  const [forMs, everyMs, ...rest] = text.split("/").map(parseDurationMs);
  if (forMs === undefined || everyMs === undefined || rest.length > 0 || !(forMs > 0 && forMs < everyMs))
    return undefined;
  return { forMs, everyMs };
}
