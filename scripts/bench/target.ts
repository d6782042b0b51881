/** Where a strategy is measured: an emulator in this process, or endpoints that are already running. */
import type { FleetOptions } from "../../emulator/fleet.ts";
import type { InvocationOutcome } from "../../emulator/monitoring/invocation-log.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { orderStatistic, sortedNumbers } from "../../simulator/base/statistics.ts";
import type { ReplayTargets } from "../../simulator/bench/make-plan.ts";
import type { ReplayOperation } from "../../simulator/bench/plan.ts";
import type { EndpointRecord, EndpointRecords } from "../../simulator/bench/rows.ts";
import { replicationSeed } from "../../simulator/engine/simulation.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { EndpointSet } from "./endpoints-file.ts";

export interface BenchTarget {
  /** For the notes of the report. */
  readonly place: string;
  /** Characters of filler text that make a token, by model id, where the endpoints' file gives them. */
  readonly charsPerToken?: ReadonlyMap<string, number>;
  /** Makes ready for one strategy's run, whose clock is 0 at an instant of the wall clock, ms since 1970. */
  open(startMs: number): Promise<OpenTarget>;
}

export interface OpenTarget {
  readonly targets: ReplayTargets;
  readonly credentials: Readonly<Record<string, string>>;
  readonly addresses: Readonly<Record<string, string>>;
  /** What the endpoints say of attempts; empty where they say nothing. Filled as the run goes. */
  readonly records: EndpointRecords;
  /** How late the endpoints themselves were at the 99th percentile, ms; null where that is not known. */
  lateMsP99(): number | null;
  /** What went wrong inside the endpoints. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/**
 * An emulator of the scenario in this process, started anew for each strategy, so that every one begins with an empty
 * system. Its clock is the scenario's, and its draws are those of the simulated replication 0.
 */
export function emulatorTarget(plan: Plan, operation: ReplayOperation): BenchTarget {
  return fleetTarget("the emulator on this machine", plan, operation, {});
}

/**
 * A fleet of emulated endpoints in this process, with the regions and models of a scenario.
 *
 * @param place what the report calls it
 * @param over options in place of those of the scenario's emulator
 */
export function fleetTarget(
  place: string,
  plan: Plan,
  operation: ReplayOperation,
  over: Partial<FleetOptions>,
): BenchTarget {
  return {
    place,
    async open(startMs) {
      const { scenarioFleet, startFleet } = await import("../../emulator/fleet.ts");
      const records = new Map<string, EndpointRecord>();
      const faults: string[] = [];
      const seeded = { ...plan, seed: replicationSeed(plan.seed, 0) };
      const fleet = await startFleet({
        ...scenarioFleet(seeded, { startMs: Date.now() - startMs, drawsByRequest: true }),
        onOutcome: (outcome) => {
          const record = recordOfOutcome(outcome);
          if (record !== undefined) records.set(record.id, record);
        },
        onInternalError: (error) => void faults.push(`the emulator failed: ${String(error).slice(0, 200)}`),
        ...over,
      });
      const watch = watchLoop();
      return {
        targets: {
          urlOfRegion: new Map(fleet.endpoints.map(({ region, url }) => [region, url])),
          operation,
          isEmulated: true,
          roundTripMs: new Map(),
        },
        credentials: credentialsOf(fleet.credentials),
        addresses: {},
        records,
        lateMsP99: () => watch.lateMs(0.99),
        faults,
        async close() {
          watch.stop();
          await fleet.close(0);
        },
      };
    },
  };
}

function recordOfOutcome(outcome: InvocationOutcome): EndpointRecord | undefined {
  const { requestMetadata, inferenceRegion, inputTokens, wholeOutputTokens, cacheReadTokens, cacheWriteTokens } =
    outcome;
  if (inferenceRegion === undefined || requestMetadata.requestId === undefined) return undefined;
  const isBilled = outcome.error !== undefined && wholeOutputTokens > 0;
  return {
    id: requestMetadata.requestId,
    region: inferenceRegion,
    usage: isBilled ? [inputTokens, wholeOutputTokens, cacheReadTokens, cacheWriteTokens] : null,
  };
}

/** Endpoints that are already running; they keep their state from one strategy to the next. */
export function endpointsTarget(set: EndpointSet, file: string, operation: ReplayOperation): BenchTarget {
  return {
    place: `the endpoints of ${file}`,
    ...(set.charsPerToken === undefined ? {} : { charsPerToken: set.charsPerToken }),
    open: async (startMs) => ({
      targets: {
        urlOfRegion: set.urlOfRegion,
        operation,
        isEmulated: false,
        roundTripMs: set.roundTripMs,
        waysOfRegion: set.waysOfRegion,
        ...(set.charsPerToken === undefined ? {} : { charsPerToken: set.charsPerToken }),
        promptSalt: Math.round(startMs).toString(36),
      },
      credentials: set.credentials,
      addresses: set.addresses,
      records: new Map(),
      lateMsP99: () => null,
      faults: [],
      close: async () => {},
    }),
  };
}

/** Signed requests, as the AWS SDKs send them to a plain-text endpoint. */
function credentialsOf(
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined,
): Readonly<Record<string, string>> {
  if (credentials === undefined) throw new MeridianError("internal", { code: "INTERNAL", what: "an open emulator" });
  return { AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey };
}

/** Watches how late this process wakes up: an emulator in it answers as late. */
export interface LoopWatch {
  /** Lateness so far at a quantile, ms; 0 before the first instant. */
  lateMs(quantile: number): number;
  stop(): void;
}

const TICK_MS = 10;

/**
 * Wakes every 10 ms at absolute instants. A pause counts once for each instant that it swallowed, as every call in it
 * waited.
 */
export function watchLoop(clockMs: () => number = () => performance.now()): LoopWatch {
  const late: number[] = [];
  let dueMs = clockMs() + TICK_MS;
  let timer = wake();

  function wake(): NodeJS.Timeout {
    // Timers are of whole milliseconds: rounded up, for one that is early would have to be set again.
    const next = setTimeout(tick, Math.max(1, Math.ceil(dueMs - clockMs())));
    next.unref();
    return next;
  }

  function tick(): void {
    const nowMs = clockMs();
    for (; dueMs <= nowMs; dueMs += TICK_MS) late.push(nowMs - dueMs);
    timer = wake();
  }

  return {
    lateMs(quantile) {
      return late.length === 0 ? 0 : orderStatistic(sortedNumbers(late), quantile);
    },
    stop: () => clearTimeout(timer),
  };
}
