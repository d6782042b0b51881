/**
 * What is legal in a scenario and probably not meant, in words: what a reader of its results should know, and what it asks of
 * its service.
 */
import { MINUTE_MS } from "../base/time.ts";
import { capacitySpecOf, ignoresPriority } from "../service/capacity/index.ts";
import type { MeterSpec } from "../service/quota/meter.ts";
import type { RoutePlan } from "../service/service-plan.ts";
import type { ArrivalSpec } from "../traffic/arrivals/index.ts";
import type { ClassTraffic } from "../traffic/class-stream.ts";
import { createTraffic } from "../traffic/source.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import { createTurns } from "../traffic/turns.ts";
import type { ClassInput } from "./classes.ts";
import type { ClientInput } from "./client.ts";
import type { TargetDraft } from "./drafts.ts";
import type { FaultInput } from "./faults.ts";
import type { ModelsInput } from "./models.ts";
import type { Plan } from "./plan.ts";
import type { StrategyInput } from "./strategies.ts";
import { hasLevelOfItsOwn } from "./tiers.ts";

/** Models, traffic and clients of a scenario, as far as remarks go by them. */
export interface RemarksInput {
  readonly world: {
    readonly models: ModelsInput;
    readonly faults: readonly FaultInput[];
    /** ms */
    readonly healthDelay: number;
  };
  readonly traffic: readonly Pick<ClassInput, "class" | "arrivals" | "sessions" | "targets">[];
  readonly client: Pick<ClientInput, "hedge">;
  readonly strategies: readonly (Pick<StrategyInput, "kind" | "name" | "options"> & {
    readonly client: Pick<ClientInput, "hedge"> | undefined;
  })[];
  /** ms; undefined where the run ends by its requests. */
  readonly duration?: number | undefined;
}

/** One sentence each. */
export function remarksOf(
  scenario: RemarksInput,
  targets: readonly Pick<TargetDraft, "id" | "tier">[],
): readonly string[] {
  return [
    ...classesWithoutArrivals(scenario),
    ...usersWithoutSessions(scenario),
    ...faultsAfterTheEnd(scenario),
    ...pinnedOnlyWhileHealthy(scenario, targets),
    ...hedgesWithoutBudget(scenario),
    ...queuesIgnoringPriority(scenario, targets),
  ];
}

function faultsAfterTheEnd({ world, duration = Number.POSITIVE_INFINITY }: RemarksInput): readonly string[] {
  return world.faults.flatMap(({ kind, at = 0 }, i) =>
    at < duration
      ? []
      : [
          `Fault ${i + 1} (${kind}) begins after the run: at ${at / 1000} s of ${duration / 1000} s, so it never strikes.`,
        ],
  );
}

/** Health checks take away the one target of `single`, too: what stands for a client without any goes elsewhere then. */
function pinnedOnlyWhileHealthy(
  { world, strategies, traffic, duration = Number.POSITIVE_INFINITY }: RemarksInput,
  targets: readonly Pick<TargetDraft, "id">[],
): readonly string[] {
  const others = (home: string) => (each: { readonly id: string }) => regionOf(each.id) !== home;
  const isLost = (home: string) =>
    world.faults.some(
      ({ kind, region = home, at = 0, for: length = duration }) =>
        kind === "outage" && region === home && length > world.healthDelay && at + world.healthDelay < duration,
    );
  return strategies.flatMap(({ kind, name = kind, options }) => {
    const home = regionOf(String(options.target));
    if (kind !== "single" || !isLost(home)) return [];
    const goesOn = traffic.some(({ targets: own }) => (own?.map((id) => ({ id })) ?? targets).some(others(home)));
    if (!goesOn) return [];
    const from = `${world.healthDelay / 1000} s after ${home} is lost`;
    return [
      `${name} sends requests elsewhere from ${from}, when health checks see it: world.healthDelay: 24h, or targets of the class, have a client without them.`,
    ];
  });
}

/** `us-east-1` of `us-east-1/us@flex`. */
function regionOf(target: string): string {
  return target.replace(/[/@].*$/, "");
}

/** When all answers are slow, a fixed silence passes at nearly every call, and hedges add to what makes them slow. */
function hedgesWithoutBudget({ client, strategies }: RemarksInput): readonly string[] {
  const hedges = strategies.map((each) => (each.client ?? client).hedge);
  const isUnbounded = hedges.some((hedge) => typeof hedge?.after === "number" && hedge.budget === undefined);
  if (!isUnbounded) return [];
  return [
    "Hedges have no budget: when answers are slow, nearly every call is sent again, which slows them further; hedge.budget, say 10 %, bounds it.",
  ];
}

function classesWithoutArrivals({ traffic }: RemarksInput): readonly string[] {
  const silent = traffic.filter((each) => isSilent(each.arrivals));
  if (silent.length === traffic.length) return ["No class has a rate above 0: nothing arrives, and nothing is learnt."];
  return silent.map((each) => `Class ${each.class} has a rate of 0: nothing arrives.`);
}

/** Callers who are meant to go on calling need sessions: on their own each sends one request. */
function usersWithoutSessions({ traffic }: RemarksInput): readonly string[] {
  return traffic.flatMap(({ class: name, arrivals, sessions }) =>
    arrivals.process === "users" && sessions === undefined
      ? [`Each of the users of class ${name} sends one request and no more: sessions with turns make them go on.`]
      : [],
  );
}

function isSilent(arrivals: ArrivalSpec): boolean {
  if (arrivals.process === "mmpp") return arrivals.states.every(({ ratePerS }) => ratePerS === 0);
  return "ratePerS" in arrivals && arrivals.ratePerS === 0;
}

/** Tiers, and priorities of classes, do nothing in queues that serve first come, first served. */
function queuesIgnoringPriority(
  { world }: RemarksInput,
  targets: readonly Pick<TargetDraft, "tier">[],
): readonly string[] {
  const tiers = [...new Set(targets.map(({ tier }) => tier))].filter(hasLevelOfItsOwn);
  if (tiers.length === 0) return [];
  const ignoring = Object.entries(world.models).filter(([, { capacity, capacityIn }]) =>
    [capacity, ...Object.values(capacityIn)].some((each) => ignoresPriority(capacitySpecOf(each, "priority"))),
  );
  return ignoring.map(
    ([name]) =>
      `Some queues of ${name} do not serve by priority, as the scenario says: the ${tiers.length === 1 ? "tier" : "tiers"} ${tiers.join(" and ")} wait there like standard.`,
  );
}

/** Calls of each class that are looked at, or the sessions that begin; and so many turns of one. */
const SAMPLE_ROWS = 2000;
const SAMPLE_TURNS = 100;
/** Below these, a class may be meant so: a test of overload, answers that are cut now and then. */
const OVERLOAD = 10;
const CUT_SHARE = 0.1;

/** One sentence each: on the origins, max_tokens and the load of each class. */
export function demandRemarks(plan: Plan, classes: readonly Pick<ClassInput, "class" | "origin">[]): readonly string[] {
  return [
    ...classes.flatMap(originRemarks),
    ...plan.classes.flatMap((_, c) => {
      const calls = sampleOf(plan, c);
      return calls === undefined ? [] : [...limitRemarks(plan, c, calls), ...loadRemarks(plan, c, calls)];
    }),
  ];
}

/** Shares of origins are weights: 60 and 60 are 50 % each. Small whole numbers are written as weights. */
function originRemarks({ class: name, origin }: Pick<ClassInput, "class" | "origin">): readonly string[] {
  if (origin === undefined || typeof origin === "string") return [];
  const sum = Object.values(origin).reduce((total, share) => total + share, 0);
  const areWeights = Object.values(origin).every((share) => Number.isInteger(share) && share < 10);
  if (areWeights || Math.abs(sum - 1) < 0.005 || Math.abs(sum - 100) < 0.5) return [];
  const shares = Object.entries(origin).map(([place, share]) => `${place} ${percent(share / sum)}`);
  return [
    `The origin shares of class ${name} sum to ${figure(sum)}, not to 1: they are taken as weights (${shares.join(", ")}).`,
  ];
}

/** Means over the first calls of a class. */
interface Calls {
  readonly perMinute: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the answers, as many as max_tokens lets through. */
  readonly servedTokens: number;
  readonly maxTokens: number;
  /** Share of answers that max_tokens cuts. */
  readonly cutShare: number;
}

function sampleOf(plan: Plan, classIndex: number): Calls | undefined {
  const traffic = plan.traffic[classIndex]!;
  const { durationMs } = plan;
  const requestsMax = traffic.sessions === undefined ? SAMPLE_ROWS : Number.POSITIVE_INFINITY;
  const options = { seed: plan.seed, replication: 0, durationMs, requestsMax, chunkRows: SAMPLE_ROWS };
  const rows = createTraffic([traffic], options).next();
  if (rows === undefined || rows.length === 0) return undefined;
  const perMinute = perMinuteOf(plan, classIndex, rows);
  const chunk = withTurns(traffic, plan.seed, rows);
  const { maxOutputTokens } = plan.models[plan.classes[classIndex]!.model]!;
  const limitOf = (row: number) => chunk.maxTokens[row]! || maxOutputTokens;
  const mean = (of: (row: number) => number) => {
    let sum = 0;
    for (let row = 0; row < chunk.length; row++) sum += of(row);
    return sum / chunk.length;
  };
  return {
    perMinute: (perMinute * chunk.length) / rows.length,
    inputTokens: mean((row) => chunk.inputTokens[row]!),
    outputTokens: mean((row) => chunk.outputTokens[row]!),
    servedTokens: mean((row) => Math.min(chunk.outputTokens[row]!, limitOf(row))),
    maxTokens: mean(limitOf),
    cutShare: mean((row) => Number(chunk.outputTokens[row]! > limitOf(row))),
  };
}

/** The calls of sessions: first ones, and those that follow answers. */
function withTurns(traffic: ClassTraffic, seed: number, rows: TrafficChunk): Omit<TrafficChunk, "arrivalMs"> {
  if (traffic.sessions === undefined) return rows;
  const turns = createTurns(traffic, seed);
  const calls = { ...rows, inputTokens: [] as number[], outputTokens: [] as number[], maxTokens: [] as number[] };
  for (let row = 0; row < rows.length; row++) {
    const session = rows.session![row]!;
    let [input, output, limit] = [rows.inputTokens[row]!, rows.outputTokens[row]!, rows.maxTokens[row]!];
    for (let turn = 1; ; turn++) {
      calls.inputTokens.push(input);
      calls.outputTokens.push(output);
      calls.maxTokens.push(limit);
      if (turn >= Math.min(SAMPLE_TURNS, rows.turns![row]!)) break;
      input = turns.inputTokens(session, turn, input + output);
      if (input > turns.contextMax) break;
      output = turns.outputTokens(session, turn);
      limit = turns.maxTokens(session, turn, output);
    }
  }
  const [inputTokens, outputTokens, maxTokens] = [calls.inputTokens, calls.outputTokens, calls.maxTokens].map(
    (column) => Int32Array.from(column),
  ) as [Int32Array, Int32Array, Int32Array];
  return { ...rows, length: inputTokens.length, inputTokens, outputTokens, maxTokens };
}

/** As stated, where a rate is; else from the first calls to the last of the sample, or over the whole run. */
function perMinuteOf(plan: Plan, classIndex: number, { length, arrivalMs }: TrafficChunk): number {
  const { arrivals } = plan.traffic[classIndex]!;
  if ("ratePerS" in arrivals && arrivals.ratePerS !== null) return arrivals.ratePerS * 60;
  const spanMs = length < SAMPLE_ROWS ? plan.durationMs : arrivalMs[length - 1]!;
  return Number.isFinite(spanMs) && spanMs > 0 ? (length * MINUTE_MS) / spanMs : 0;
}

function limitRemarks(plan: Plan, classIndex: number, calls: Calls): readonly string[] {
  const { name, model } = plan.classes[classIndex]!;
  const { name: modelName, maxOutputTokens } = plan.models[model]!;
  const remarks: string[] = [];
  if (calls.maxTokens > maxOutputTokens) {
    remarks.push(
      `Class ${name} asks for max_tokens of ${figure(calls.maxTokens)}, above the ${figure(maxOutputTokens)} that ${modelName} can write: the service refuses such calls with 400.`,
    );
  }
  if (calls.cutShare >= CUT_SHARE) {
    remarks.push(
      `max_tokens cuts ${percent(calls.cutShare)} of the answers of class ${name}: they would have ${figure(calls.outputTokens)} tokens on average, and at most ${figure(calls.maxTokens)} are allowed.`,
    );
  }
  return remarks;
}

function loadRemarks(plan: Plan, classIndex: number, calls: Calls): readonly string[] {
  const { name, model, legal } = plan.classes[classIndex]!;
  const account = plan.world.accountOfClass[classIndex]!;
  const indices = new Set<number>();
  for (const t of plan.targets.keys()) {
    if (legal[t] !== 1) continue;
    const routes = withOverflow(plan.world.routes[t * plan.models.length + model] ?? null);
    for (const route of routes) indices.add(route.quotas[account] ?? -1);
  }
  const quotas = [...indices].map((index) => plan.world.quotas[index]);
  const tokens = (burndown: number) => calls.perMinute * (calls.inputTokens + burndown * calls.servedTokens);
  const burndown = Math.min(...quotas.map((quota) => quota?.burndown ?? 1));
  return [
    remarkOn(name, calls.perMinute, "calls", sumOf(quotas.map((quota) => quota?.requests))),
    remarkOn(name, tokens(burndown), "tokens", sumOf(quotas.map((quota) => quota?.tokensPerMinute))),
  ].flatMap((remark) => remark ?? []);
}

function remarkOn(name: string, asked: number, unit: string, granted: number): string | undefined {
  if (!(asked >= OVERLOAD * granted)) return undefined;
  const times =
    granted > 0
      ? `${figure(Number((asked / granted).toPrecision(3)))} times the ${figure(granted)}`
      : "where none is allowed";
  return `Class ${name} asks for about ${figure(Number(asked.toPrecision(3)))} ${unit} a minute, ${times} that the quotas of its targets grant: almost all are throttled.`;
}

function withOverflow(route: RoutePlan | null): readonly RoutePlan[] {
  return route === null ? [] : [route, ...withOverflow(route.overflow)];
}

/** A minute's worth of all limits; Infinity where one of them is missing. */
function sumOf(meters: readonly (MeterSpec | null | undefined)[]): number {
  return meters.reduce(
    (sum, meter) => sum + (meter ? (meter.limit * MINUTE_MS) / meter.windowMs : Number.POSITIVE_INFINITY),
    0,
  );
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function figure(value: number): string {
  return (value >= 100 ? Math.round(value) : Number(value.toPrecision(3))).toLocaleString("en-US");
}
