/**
 * Price epochs of the bound: when work that may wait arrived, counted while traffic passes; what the capacity of endpoints lets
 * through in each, and which targets are too slow, as rows of its programme.
 */
import { outputLimit } from "../client/request-rules.ts";
import { replicationSeed } from "../engine/simulation.ts";
import { mix32, purposeKey } from "../random/keyed-random.ts";
import type { Plan } from "../scenario/plan.ts";
import { BackgroundTenants } from "../service/capacity/background.ts";
import type { Throughput } from "../service/capacity/capacity.ts";
import { isQueueing, leastMsOf, throughputsOf } from "../service/capacity/index.ts";
import { type Ledger, ledgerCell } from "../service/pricing/billing.ts";
import { epochAt } from "../service/pricing/price-schedule.ts";
import { CACHE_WRITE, INPUT, OUTPUT, TOKEN_KINDS } from "../service/pricing/prices.ts";
import { type EndpointPlan, Epochs, type RoutePlan } from "../service/service-plan.ts";
import { type CallSizes, callSizes } from "../traffic/token-bounds.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";

/**
 * A limit on what endpoints do in an epoch: work of each class's uncached input and output tokens, in one unit, of all
 * that can only run at these endpoints.
 */
export interface CapacityRow {
  readonly endpoints: readonly number[];
  /** Units a token, by class. */
  readonly perInputToken: readonly number[];
  readonly perOutputToken: readonly number[];
  /** Aligned with `endpoints`. */
  readonly throughputs: readonly Throughput[];
}

const ROWS = new WeakMap<Plan, readonly CapacityRow[]>();

/**
 * The rows of a plan: for each set of endpoints that some route leads to, each way in which they are limited. What a
 * call takes beside its tokens is counted by output tokens, and in a row of its own by input tokens, of which no call of
 * the class has more than its largest. Endpoints of batch are left out: they have a day for what they get.
 */
export function capacityRows(plan: Plan): readonly CapacityRow[] {
  const known = ROWS.get(plan);
  if (known !== undefined) return known;
  const { endpoints } = plan.world;
  const sizes = plan.traffic.map(callSizes);
  const limits = endpoints.map((each) =>
    each.windowMs < Number.POSITIVE_INFINITY ? [] : throughputsOf(each.capacity),
  );
  const factor = leastDecodeFactors(plan);
  const rows = destinationSets(plan).flatMap((set) => {
    const ways = Math.min(...set.map((endpoint) => limits[endpoint]!.length));
    return Array.from({ length: ways }, (_, way) => way).flatMap((way) =>
      rowsOf(
        set,
        set.map((endpoint) => limits[endpoint]![way]!),
        sizes,
        factor,
      ),
    );
  });
  ROWS.set(plan, rows);
  return rows;
}

function rowsOf(
  endpoints: readonly number[],
  throughputs: readonly Throughput[],
  sizes: readonly CallSizes[],
  decodeFactor: readonly number[],
): readonly CapacityRow[] {
  const least = (of: (each: Throughput, i: number) => number) => Math.min(...throughputs.map(of));
  const perCall = least((each) => each.perCall);
  const perInput = least((each) => each.perInputToken);
  const perOutput = least((each, i) => each.perOutputToken * Math.min(1, decodeFactor[endpoints[i]!]!));
  // Less than nothing a call: as many calls as there can be.
  const byOutput = ({ outputMin, outputMax }: CallSizes) => perCall / (perCall < 0 ? outputMin : outputMax);
  const counted: CapacityRow = {
    endpoints,
    throughputs,
    perInputToken: sizes.map(() => perInput),
    perOutputToken: sizes.map((each) => Math.max(0, perOutput + byOutput(each))),
  };
  if (perCall <= 0) return [counted];
  const perInputToken = sizes.map(({ inputMax }) => perInput + perCall / inputMax);
  return [counted, { ...counted, perInputToken, perOutputToken: sizes.map(() => perOutput) }];
}

/** Sets of endpoints at which calls of some route run, each once. */
function destinationSets(plan: Plan): readonly (readonly number[])[] {
  const sets = new Map<string, readonly number[]>();
  for (const route of routesOf(plan)) {
    const set = [...new Set(route.destinations)].sort((a, b) => a - b);
    sets.set(set.join(), set);
  }
  return [...sets.values()];
}

function routesOf({ world }: Plan): readonly RoutePlan[] {
  const found: RoutePlan[] = [];
  for (const route of world.routes) for (let r = route; r !== null; r = r.overflow) found.push(r);
  return found;
}

/** By endpoint: the least factor on decoding of the tiers that lead there. */
function leastDecodeFactors(plan: Plan): readonly number[] {
  const factors = plan.world.endpoints.map(() => Number.POSITIVE_INFINITY);
  for (const { destinations, decodeFactor } of routesOf(plan)) {
    for (const endpoint of destinations) factors[endpoint] = Math.min(factors[endpoint]!, decodeFactor);
  }
  return factors;
}

/** Whether calls of a route can only run at these endpoints. */
export function runsWithin({ destinations }: RoutePlan, { endpoints }: CapacityRow): boolean {
  return destinations.every((endpoint) => endpoints.includes(endpoint));
}

/** What a run billed, in the rows' units: indexed `epoch * rows + row`. */
export function capacityUse(plan: Plan, ledger: Ledger): Float64Array {
  const rows = capacityRows(plan);
  const kinds = TOKEN_KINDS.length;
  const use = new Float64Array(ledger.epochs * rows.length);
  const rowsOfPlacement = placementRows(plan, rows);
  for (let epoch = 0; epoch < ledger.epochs; epoch++) {
    for (const [placement, members] of rowsOfPlacement) {
      for (let c = 0; c < ledger.classes; c++) {
        const at = ledgerCell(ledger, epoch, placement, c) * kinds;
        const input = ledger.tokens[at + INPUT]! + ledger.tokens[at + CACHE_WRITE]!;
        const output = ledger.tokens[at + OUTPUT]!;
        if (input + output === 0) continue;
        for (const row of members) {
          const { perInputToken, perOutputToken } = rows[row]!;
          use[epoch * rows.length + row]! += perInputToken[c]! * input + perOutputToken[c]! * output;
        }
      }
    }
  }
  return use;
}

/** The rows whose endpoints a placement's calls may have run at. */
function placementRows(plan: Plan, rows: readonly CapacityRow[]): ReadonlyMap<number, readonly number[]> {
  const endpointsOf = new Map<number, Set<number>>();
  for (const { destinations, placements, longPrompts } of routesOf(plan)) {
    destinations.forEach((endpoint, i) => {
      for (const placement of [placements[i]!, longPrompts?.placements[i]]) {
        if (placement === undefined) continue;
        const found = endpointsOf.get(placement) ?? new Set();
        endpointsOf.set(placement, found.add(endpoint));
      }
    });
  }
  return new Map(
    [...endpointsOf].map(([placement, endpoints]) => [
      placement,
      rows.flatMap((row, i) => (row.endpoints.some((endpoint) => endpoints.has(endpoint)) ? [i] : [])),
    ]),
  );
}

/** Units that the endpoints of a row of `capacityRows` can do of what an epoch's calls bring; Infinity = no limit. */
export type CapacityLimits = (epoch: number, row: number) => number;

/**
 * From the epoch's begin to when its last call must have been answered, beside the other tenants of that replication,
 * faults left out. Never less than what the strategy got through there: noise has mean 1 over many calls, not over each
 * few. Worked out for the epochs that are asked for: a schedule may go on for weeks after the last request.
 *
 * @param used of the strategy in this replication, see `capacityUse`
 */
export function capacityLimits(plan: Plan, strategy: number, replication: number, used: Float64Array): CapacityLimits {
  const rows = capacityRows(plan);
  const seed = replicationSeed(plan.seed, replication);
  const { epochStartMs } = plan.money.schedule;
  const { attemptMs, requestMs } = (plan.strategies[strategy]!.client ?? plan.client).timeout;
  const lateMs = Math.min(attemptMs, requestMs);
  const endMs = Number.isFinite(plan.durationMs) ? plan.durationMs + plan.drainMs : Number.POSITIVE_INFINITY;
  const unitsTo = rows.map(({ endpoints, throughputs }) =>
    endpoints.map((endpoint, i) => unitsOf(plan.world.endpoints[endpoint]!, throughputs[i]!, seed)),
  );
  return (epoch, row) => {
    const fromMs = epochStartMs[epoch]!;
    const arrivedMs = Math.min(epochStartMs[epoch + 1] ?? Number.POSITIVE_INFINITY, plan.durationMs);
    const toMs = Math.min(endMs, arrivedMs + lateMs);
    if (!Number.isFinite(toMs)) return Number.POSITIVE_INFINITY;
    const units = unitsTo[row]!.reduce((sum, to) => sum + to(Math.max(fromMs, toMs)) - to(fromMs), 0);
    return Math.max(units, used[epoch * rows.length + row] ?? 0);
  };
}

/** Units that an endpoint can have done by an instant. */
function unitsOf({ id, capacity, localHourAtStart }: EndpointPlan, { unitsPerMs }: Throughput, seed: number) {
  const background = isQueueing(capacity) ? capacity.background : null;
  if (background === null) return (ms: number) => ms * unitsPerMs(0);
  const tenants = new BackgroundTenants(background, mix32(purposeKey(seed, `background/${id}`)), localHourAtStart);
  const done = [0];
  return (ms: number): number => {
    const step = Math.floor(ms / background.stepMs);
    while (done.length <= step + 1) {
      done.push(done.at(-1)! + background.stepMs * unitsPerMs(tenants.occupied));
      tenants.advance();
    }
    const part = ms / background.stepMs - step;
    return done[step]! * (1 - part) + done[step + 1]! * part;
  };
}

/**
 * Whether no call of a class can be answered by a route within its caller's limits: the round trip and the time of the
 * class's smallest call at an empty endpoint, with the least noise, are longer.
 */
export function isTooSlow(plan: Plan, strategy: number, classIndex: number, route: RoutePlan): boolean {
  const { timeout } = plan.strategies[strategy]!.client ?? plan.client;
  const limitMs = Math.min(timeout.attemptMs, timeout.requestMs);
  if (limitMs === Number.POSITIVE_INFINITY) return false;
  const { inputMin, outputMin } = callSizes(plan.traffic[classIndex]!);
  const { rttMs, jitterCv } = plan.network;
  const origins = plan.traffic[classIndex]!.originShares.map(({ originIndex }) => originIndex);
  // With jitter a message may take next to no time.
  const tripMs =
    jitterCv > 0 ? 0 : Math.min(...origins.map((o) => rttMs[o * plan.regionNames.length + route.sourceRegion]!));
  const leastMs = route.destinations.map((endpoint, i) => {
    const { capacity, windowMs } = plan.world.endpoints[endpoint]!;
    if (windowMs < Number.POSITIVE_INFINITY) return 0;
    return (
      leastMsOf(capacity, inputMin, outputMin * Math.min(1, route.decodeFactor)) + (jitterCv > 0 ? 0 : route.hopMs[i]!)
    );
  });
  return tripMs + Math.min(...leastMs) > limitMs;
}

/** Of one replication: plain data. */
export interface Arrivals {
  readonly replication: number;
  /**
   * Input and output tokens of counted requests, see `arrivalCell`: apart those that may be sent up to the epoch in
   * which the deadline of the epoch's first request falls, and those that arrived late enough for a later one.
   */
  readonly tokens: Float64Array;
}

/** Position of input tokens, with output behind it. @param isLate 0 or 1 */
export function arrivalCell(classes: number, epoch: number, classIndex: number, isLate: number): number {
  return ((epoch * classes + classIndex) * 2 + isLate) * 2;
}

/** Counts the tokens of deferrable classes that arrive after the warm-up. Costs nothing where there are none. */
export class ArrivalCounter {
  readonly found: Arrivals;
  private readonly plan: Plan;
  private readonly isDeferrable: readonly boolean[];
  private readonly epochs: Epochs;
  /** By class: the epoch in which the latest request's deadline falls. */
  private readonly deadlines: readonly Epochs[];
  private seen = 0;

  constructor(plan: Plan, replication: number) {
    const { epochStartMs } = plan.money.schedule;
    this.plan = plan;
    this.isDeferrable = plan.classes.map(({ deferrable }) => deferrable);
    this.epochs = new Epochs(epochStartMs);
    this.deadlines = plan.classes.map(() => new Epochs(epochStartMs));
    const cells = this.isDeferrable.includes(true) ? epochStartMs.length * plan.classes.length * 4 : 0;
    this.found = { replication, tokens: new Float64Array(cells) };
  }

  /** Chunks must come in the order of time. */
  add({ length, arrivalMs, classIndex, inputTokens, outputTokens, maxTokens }: TrafficChunk): void {
    const { tokens } = this.found;
    const { warmup, classes, models, money } = this.plan;
    const from = this.seen;
    this.seen += length;
    if (tokens.length === 0) return;
    const { epochStartMs } = money.schedule;
    for (let row = 0; row < length; row++) {
      const c = classIndex[row]!;
      const ms = arrivalMs[row]!;
      const isCounted =
        (warmup.kind !== "duration" || ms >= warmup.amount) &&
        (warmup.kind !== "requests" || from + row >= warmup.amount);
      if (!isCounted || !this.isDeferrable[c]) continue;
      const { sloE2eMs, model } = classes[c]!;
      const epoch = this.epochs.at(ms);
      // Without an objective there is no deadline, and the last epoch is never over.
      const deadlineMs = Math.min(ms + sloE2eMs, Number.MAX_VALUE);
      const isLate = this.deadlines[c]!.at(deadlineMs) > epochAt(money.schedule, epochStartMs[epoch]! + sloE2eMs);
      const at = arrivalCell(classes.length, epoch, c, isLate ? 1 : 0);
      const limit = outputLimit(maxTokens[row]!, models[model]!.maxOutputTokens);
      tokens[at]! += inputTokens[row]!;
      tokens[at + 1]! += Math.min(outputTokens[row]!, limit);
    }
  }
}
