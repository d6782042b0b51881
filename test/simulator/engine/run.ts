import { END } from "../../../simulator/client/request-rules.ts";
import type { AttemptWatcher, SimulationObserver } from "../../../simulator/engine/observer.ts";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { replicationSeed, Simulation, type SimulationOutput } from "../../../simulator/engine/simulation.ts";
import { summarise } from "../../../simulator/experiment/replication-stats.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { createTraffic } from "../../../simulator/traffic/source.ts";
import type { TrafficChunk } from "../../../simulator/traffic/traffic.ts";
import { HAIKU, planOf, worldInput } from "../scenario/base.ts";

/** A row of traffic as a test writes it. */
export interface Row {
  readonly atMs: number;
  readonly classIndex?: number;
  readonly input?: number;
  readonly output?: number;
  readonly maxTokens?: number;
}

export type World = ScenarioInput["world"];
type Capacity = World["models"][string]["capacity"];

/** Servers that take the same time for every attempt. */
export const capacity = (servers: number | "unlimited", service = "1s", over: object = {}): Capacity =>
  ({ kind: "slots", servers, service: { constant: service }, ...over }) as Capacity;
/** Two regions with one model of that capacity. */
export const world = (slots: Capacity, over: Partial<World> = {}) =>
  worldInput({ models: { m: { id: HAIKU, burndown: 1, capacity: slots } }, ...over });
/** Arrivals at equal distances from 0. */
export const rows = (count: number, gapMs: number): Row[] =>
  Array.from({ length: count }, (_, i) => ({ atMs: i * gapMs }));
/** A client with retry rules of its own. */
export const custom = (rules: object, over: object = {}): ScenarioInput["client"] =>
  ({ retry: { custom: rules }, ...over }) as ScenarioInput["client"];

export function chunkOf(rows: readonly Row[]): TrafficChunk {
  const ints = (pick: (row: Row) => number) => Int32Array.from(rows, pick);
  return {
    length: rows.length,
    arrivalMs: Float64Array.from(rows, (row) => row.atMs),
    classIndex: Uint16Array.from(rows, (row) => row.classIndex ?? 0),
    originIndex: new Uint16Array(rows.length),
    inputTokens: ints((row) => row.input ?? 100),
    outputTokens: ints((row) => row.output ?? 50),
    maxTokens: ints((row) => row.maxTokens ?? 200),
    prefixTokens: ints(() => 0),
    prefixId: ints(() => -1),
  };
}

/** One strategy of a scenario through given rows, or its own traffic; the invariants of a run are checked. */
export function simulate(input: ScenarioInput, rows?: readonly Row[]) {
  return simulatePlan(planOf(input), rows);
}

export function simulatePlan(
  plan: Plan,
  rows?: readonly Row[],
  observer: SimulationObserver | null = null,
  watcher: AttemptWatcher | null = null,
) {
  const simulation = new Simulation(plan, plan.strategies[0]!, replicationSeed(plan.seed, 0), observer, watcher);
  if (rows === undefined) {
    const { seed, durationMs, requestsMax } = plan;
    const traffic = createTraffic(plan.traffic, { seed, replication: 0, durationMs, requestsMax });
    for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) simulation.run(chunk);
  } else if (rows.length > 0) simulation.run(chunkOf(rows));
  const output: SimulationOutput = simulation.end();
  const stats = summarise(plan, 0, 0, output);
  const { fields } = stats.total;
  const ends = Object.fromEntries(
    Object.entries(END)
      .map(([name, end]) => [name, fields[end]!] as const)
      .filter(([, count]) => count > 0),
  );
  return {
    plan,
    output,
    stats,
    total: stats.total,
    ends,
    sent: fields[FIELD.sent]!,
    attempts: fields[FIELD.attempts]!,
  };
}
