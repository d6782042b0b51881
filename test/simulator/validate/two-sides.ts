import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import type { MeasuredRun } from "../../../simulator/bench/measured.ts";
import { runJob } from "../../../simulator/experiment/index.ts";
import type { summarise } from "../../../simulator/experiment/replication-stats.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { collectRows, type SimulatedRows } from "../../../simulator/validate/samples.ts";
import { replayVirtually } from "../bench/virtual-wire.ts";
import { HAIKU } from "../scenario/base.ts";

/** Three regions, two with tight quotas, two classes: throttling and failover within minutes of virtual time. */
export function tightScenario(over: Partial<ScenarioInput> = {}, world: object = {}): ScenarioInput {
  const tokens = { input: { lognormal: { mean: 100, cv: 0.5 } }, output: { lognormal: { mean: 60, cv: 0.5 } } };
  return {
    name: "two-sides",
    seed: 11,
    requests: 1200,
    replications: 1,
    routers: 2,
    drain: "10m",
    world: {
      regions: [{ name: "a" }, { name: "b" }, { name: "c" }],
      models: {
        m: {
          id: HAIKU,
          burndown: 1,
          capacity: {
            kind: "batching",
            stepBase: "10ms",
            stepPerSequence: "2ms",
            prefill: { base: "200ms" },
            noise: { lognormal: { mean: 1, cv: 0.5 } },
            maxBatch: 6,
            maxQueueDelay: "2s",
          },
        },
      },
      network: { roundTrips: "none", jitter: "none" },
      prices: { book: "none", overrides: [{ model: "m", input: 1, output: 5 }] },
      quotas: [{ region: "a", tokensPerMinute: "20k", law: "token-bucket" }],
      ...world,
    },
    traffic: [
      { class: "chat", arrivals: { poisson: "4/s" }, tokens: { ...tokens, maxTokens: 150 } },
      { class: "code", arrivals: { poisson: "2/s" }, tokens: { ...tokens, maxTokens: 100 } },
    ],
    strategies: [{ priority: { targets: ["a", "b", "c"], cooldown: "5s" } }],
    client: { retry: "standard" },
    ...over,
  } as ScenarioInput;
}

export interface SimulatedTestRun {
  readonly rows: SimulatedRows;
  readonly run: MeasuredRun;
  readonly stats: ReturnType<typeof summarise>;
}

/** What a simulation of strategy 0 says, as rows and summed up. */
export function simulated(plan: Plan): SimulatedTestRun {
  const collector = collectRows(plan);
  const job = runJob({ plan }, { replication: 0, strategyIndices: [0] }, { observerOf: () => collector });
  let step = job.next();
  while (step.done !== true) step = job.next();
  const rows = collector.rows();
  const regions = new Map(rows.records.map(({ id, region }) => [id, region ?? undefined]));
  const ranIn: MeasuredRun["ranIn"] = ({ i, o }) => regions.get(`${i}.${o}`);
  const { attempts, requests } = rows;
  const run = { schedule: recordSchedule(plan), attempts, requests, isStreaming: true, ranIn };
  return { rows, run, stats: step.value.stats[0]! };
}

/** The same by replaying routers on a virtual wire. */
export function replayed(plan: Plan): MeasuredRun {
  const { attempts, requests, ranIn } = replayVirtually(plan, 0);
  const schedule = recordSchedule(plan);
  return { schedule, attempts, requests, isStreaming: true, ranIn: ({ i, o }) => ranIn.get(`${i}.${o}`) };
}
