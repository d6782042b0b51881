import { type AuditRecord, createAudit } from "../../../simulator/engine/audit.ts";
import { type CloudWatchDocument, createCloudWatchSeries } from "../../../simulator/engine/cloudwatch.ts";
import type { SimulationObserver } from "../../../simulator/engine/observer.ts";
import { type JobOutput, runJob } from "../../../simulator/experiment/index.ts";
import type { ReplicationStats } from "../../../simulator/experiment/replication-stats.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { HAIKU, scenarioInput } from "../scenario/base.ts";

export interface Watched {
  readonly plan: Plan;
  readonly stats: ReplicationStats;
  readonly records: readonly AuditRecord[];
  readonly cloudwatch: CloudWatchDocument;
}

/** Runs one strategy of a plan under an audit and a series at once. */
export function watch(plan: Plan, strategy = 0, replication = 0): Watched {
  const records: AuditRecord[] = [];
  const audit = createAudit({ plan, strategy, replication, write: (record) => records.push(record) });
  const series = createCloudWatchSeries(plan);
  const both: SimulationObserver = {
    onAttemptEnd: (attempt) => {
      audit.onAttemptEnd(attempt);
      series.onAttemptEnd(attempt);
    },
    onRequestEnd: (request) => audit.onRequestEnd(request),
    onRunEnd: () => {
      audit.onRunEnd();
      series.onRunEnd();
    },
  };
  const { stats } = drain(runJob({ plan }, { replication, strategyIndices: [strategy] }, { observerOf: () => both }));
  return { plan, stats: stats[0]!, records, cloudwatch: series.document() };
}

export function drain(steps: Generator<unknown, JobOutput>): JobOutput {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Everything that can happen to a request: three legal regions and one that the rule forbids, profiles, quotas that
 * refuse, queues that overflow, timeouts whose answers come too late, hedges, errors, an outage, a prompt cache, a
 * price that changes by the hour, a warm-up, a run that ends with calls under way.
 */
export function eventful(over: Partial<ScenarioInput> = {}): ScenarioInput {
  return scenarioInput({
    start: "2026-05-04T10:30:00Z",
    duration: "20m",
    drain: "2s",
    warmup: "2m",
    requests: undefined,
    world: {
      regions: ["eu-west-1", "eu-central-1", "us-east-1"],
      models: {
        m: {
          id: HAIKU,
          burndown: 3,
          errors: 0.02,
          cache: { ttl: "5m", minimumTokens: 50 },
          capacity: {
            kind: "slots",
            servers: 6,
            waitingRoom: 6,
            patience: { exponential: { mean: "8s" } },
            service: { lognormal: { mean: "2s", cv: 1.5 } },
            perOutputToken: "2ms",
          },
        },
      },
      targets: ["eu-west-1", "eu-central-1", "us-east-1", "eu-west-1/pair"],
      profiles: { define: [{ name: "pair", model: "m", destinations: ["eu-west-1", "eu-central-1"] }] },
      quotas: [{ tokensPerMinute: "16k" }, { region: "eu-central-1", requests: 60 }],
      prices: { hourly: { sine: { swing: { peakToTrough: 1.31 }, peakAt: "15:00 local" } }, billing: "source" },
      faults: [{ kind: "outage", region: "eu-central-1", at: "8m", for: "2m" }],
    },
    traffic: [
      {
        class: "bound",
        tags: { team: "x" },
        residency: "eu",
        arrivals: { poisson: "3/s" },
        tokens: {
          input: { lognormal: { mean: 200, cv: 1 } },
          output: 60,
          maxTokens: 150,
          prefix: { tokens: 80, distinct: 20 },
        },
        origin: { "eu-west-1": 0.5, "us-east-1": 0.5 },
      },
      {
        class: "free",
        arrivals: { poisson: "2/s" },
        tokens: { input: 100, output: { lognormal: { mean: 80, cv: 1 } }, maxTokens: 300 },
        origin: "us-east-1",
      },
    ],
    strategies: ["round-robin"],
    client: { streams: false, retry: "standard", timeout: "6s", deadline: "20s", hedge: { after: "4s", max: 1 } },
    ...over,
  } as unknown as ScenarioInput);
}
