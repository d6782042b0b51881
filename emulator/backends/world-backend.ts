import { LEG, Network } from "../../simulator/engine/network.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import {
  ATTEMPT,
  ATTEMPT_FLOAT,
  ATTEMPT_FLOATS,
  ATTEMPT_INTS,
  createAttemptTable,
} from "../../simulator/world/attempt-table.ts";
import { OUTCOME, type Outcome, World, type WorldListener } from "../../simulator/world/world.ts";
import {
  type Admission,
  cappedOutputTokens,
  type InferenceBackend,
  type InferenceCall,
  outputLimit,
} from "../model/backend.ts";
import type { Deadline, EmulatorClock } from "../model/clock.ts";
import { createAnswerLengths, createCallRoutes, prefixesOf } from "./call-routes.ts";
import { faultOf, WorldCall } from "./world-call.ts";

export interface WorldBackendOptions {
  /** Where in the scenario the fleet's clock begins, ms: background and faults are those of that time of its day. */
  readonly startMs?: number;
  /** Where callers are who do not say so; no round trip for them where not given. */
  readonly origin?: string;
  /**
   * Calls that carry `requestMetadata.requestId` as `17.0` draw the luck of attempt 0 of request 17, as the simulator
   * does; others, and all without this, draw it in the order in which they come.
   */
  readonly luckByRequest?: boolean;
}

/** Whose luck a call draws: that of an attempt of a request. */
interface Luck {
  readonly request: number;
  readonly ordinal: number;
}

const REQUEST_AND_ATTEMPT = /^(\d{1,9})\.(\d{1,6})$/;

/**
 * The simulator's physics on the emulator's clock: one world for the whole fleet, so that quotas, capacity, service-side
 * routing, prompt caches, background tenants and faults are shared by all of its endpoints.
 *
 * A call whose caller goes away keeps its place, runs to its end and counts against the quota in full, as in the
 * simulator.
 *
 * @param plan a resolved scenario; its traffic gives the lengths of answers that nobody asks a length for
 */
export function createWorldBackend(
  clock: EmulatorClock,
  plan: Plan,
  options: WorldBackendOptions = {},
): InferenceBackend {
  const { startMs = 0 } = options;
  const table = createAttemptTable();
  const runs: (WorldCall | undefined)[] = [];
  const routes = createCallRoutes(plan);
  const lengths = createAnswerLengths(plan);
  let serial = 0;
  let running = 0;
  /** The world's clock never goes back, though timers are late and callers' instants are not in order. */
  let worldMs = startMs;
  let timer: Deadline | undefined;
  let timerMs = Number.POSITIVE_INFINITY;

  const listener: WorldListener = {
    onStart(slot, firstTokenMs, endMs) {
      const run = runs[slot]!;
      run.wayBackMs = hopMsOf(slot);
      run.fixTokens(firstTokenMs, endMs);
    },
    onFirstToken(slot, nowMs) {
      const from = slot * ATTEMPT_FLOATS;
      const { floats } = table;
      const stepsPerToken = floats[from + ATTEMPT_FLOAT.work]! * floats[from + ATTEMPT_FLOAT.decodeFactor]!;
      const run = runs[slot]!;
      run.wayBackMs = hopMsOf(slot);
      run.beginDecoding(nowMs, world.capacityOf(slot), stepsPerToken);
    },
    prefixes: (slot) => runs[slot]!.prefixes,
    onOutcome(slot, outcome, nowMs) {
      const run = runs[slot]!;
      const at = slot * ATTEMPT_INTS;
      runs[slot] = undefined;
      running--;
      readPlace(run, slot, outcome);
      run.wayBackMs = hopMsOf(slot);
      const sourceRegion = plan.targets[table.ints[at + ATTEMPT.target]!]!.region;
      const refusal = table.ints[at + ATTEMPT.refusal]!;
      const retryAfterMs = outcome === OUTCOME.throttled ? world.retryAfterMs(slot) : Number.NaN;
      table.release(slot);
      if (outcome === OUTCOME.ok) run.end(nowMs, "answered");
      else if (outcome === OUTCOME.error && world.faults.isDown(sourceRegion)) run.end(nowMs, "broken");
      else run.end(nowMs, faultOf(outcome, refusal, retryAfterMs));
    },
  };
  const world = new World(plan.world, plan.seed, table, listener);
  const network = new Network(plan.network, plan.regionNames.length, world.faults, plan.seed);

  /** One way between the called region and the one that runs it. */
  function hopMsOf(slot: number): number {
    return table.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT.hopMs]!;
  }

  function luckOf(requestMetadata: InferenceCall["requestMetadata"] | undefined): Luck | undefined {
    const match = options.luckByRequest === true ? REQUEST_AND_ATTEMPT.exec(requestMetadata?.requestId ?? "") : null;
    return match === null ? undefined : { request: Number(match[1]), ordinal: Number(match[2]) };
  }

  /** Where a call ran and what the cache did for it, as far as the world has decided. */
  function readPlace(run: WorldCall, slot: number, outcome: Outcome | undefined): void {
    const { ints } = table;
    const at = slot * ATTEMPT_INTS;
    if (outcome === OUTCOME.throttled || ints[at + ATTEMPT.endpoint]! < 0) return;
    const endpoint = plan.world.endpoints[ints[at + ATTEMPT.endpoint]!]!;
    run.destinationRegion = plan.regionNames[endpoint.region]!;
    run.cacheReadTokens = ints[at + ATTEMPT.cacheReadTokens]!;
    run.cacheWriteTokens = ints[at + ATTEMPT.cacheWriteTokens]!;
  }

  function advanceTo(ms: number): void {
    while (world.nextMs <= ms) {
      worldMs = Math.max(worldMs, world.nextMs);
      world.advance();
    }
    worldMs = Math.max(worldMs, ms);
  }

  /** Nothing is armed while nobody is inside: what the world does alone is made up for when a call comes. */
  function arm(): void {
    const dueMs = running > 0 ? world.nextMs - startMs : Number.POSITIVE_INFINITY;
    if (dueMs >= timerMs && running > 0) return;
    timer?.cancel();
    timer = undefined;
    timerMs = dueMs;
    if (!Number.isFinite(dueMs)) return;
    timer = clock.schedule(dueMs, () => {
      timer = undefined;
      timerMs = Number.POSITIVE_INFINITY;
      advanceTo(Math.max(clock.nowMs(), dueMs) + startMs);
      arm();
    });
  }

  // What happened before the fleet began is made up for now: the first call should not have to wait for it.
  advanceTo(startMs);

  return {
    begin(call, nowMs, observer): Admission {
      advanceTo(nowMs + startMs);
      const route = routes.of(call);
      if (route === undefined) return { kind: "refused", fault: { name: "ValidationException" } };
      const number = serial++ & 0x7fffffff;
      const { request, ordinal } = luckOf(call.requestMetadata) ?? { request: number, ordinal: 0 };
      const outputTokens = cappedOutputTokens(call, lengths.draw(route.classIndex, number));
      const prefixes = prefixesOf(call, route.account);
      const run = new WorldCall({ clock, startMs, observer, outputTokens, prefixes });
      const slot = table.allocate();
      const { ints } = table;
      const at = slot * ATTEMPT_INTS;
      ints[at + ATTEMPT.requestId] = request;
      ints[at + ATTEMPT.ordinal] = ordinal;
      ints[at + ATTEMPT.classIndex] = route.classIndex;
      ints[at + ATTEMPT.modelIndex] = route.model;
      ints[at + ATTEMPT.target] = route.target;
      ints[at + ATTEMPT.inputTokens] = call.inputTokens;
      ints[at + ATTEMPT.outputTokens] = outputTokens;
      ints[at + ATTEMPT.maxTokens] = outputLimit(call);
      ints[at + ATTEMPT.prefixTokens] = call.cachePoints.at(-1)?.tokens ?? 0;
      ints[at + ATTEMPT.prefixId] = prefixes.at(-1)?.id ?? -1;
      ints[at + ATTEMPT.queueLevel] = route.queueLevel;
      ints[at + ATTEMPT.endpoint] = -1;
      runs[slot] = run;
      running++;
      world.receive(worldMs, slot);
      arm();
      if (run.ending === "broken") return { kind: "dropped", how: "reset" };
      if (run.ending !== undefined && run.ending !== "answered") return { kind: "refused", fault: run.ending };
      readPlace(run, slot, undefined);
      run.isAdmitted = true;
      return { kind: "accepted", handle: run };
    },
    roundTripMs(origin, region, requestMetadata) {
      const from = originIndex(origin);
      const to = plan.regionNames.indexOf(region);
      advanceTo(clock.nowMs() + startMs);
      if (to < 0) return 0;
      if (from < 0) return world.faults.latencySurgeMs(to);
      const { request, ordinal } = luckOf(requestMetadata) ?? { request: serial & 0x7fffffff, ordinal: 0 };
      return (
        network.oneWayMs(from, to, LEG.there, request, ordinal) + network.oneWayMs(from, to, LEG.back, request, ordinal)
      );
    },
  };

  function originIndex(origin: string | undefined): number {
    const known = origin === undefined ? -1 : plan.originNames.indexOf(origin);
    return known < 0 && options.origin !== undefined ? plan.originNames.indexOf(options.origin) : known;
  }
}
