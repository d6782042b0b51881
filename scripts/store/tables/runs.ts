/** Tables of saved runs: the run, its strategies, their classes, regions and hours. */
import type { GroupResult, RunResult, StrategyResult } from "../../../simulator/experiment/result.ts";
import type { ColumnType, StoreColumn, StoreRow, StoreTable, StoreView } from "../database.ts";
import { STRATEGY_COMPARISONS } from "./comparisons.ts";

const column = (name: string, type: ColumnType, doc: string): StoreColumn => ({ name, type, doc });

/** One row a run. */
export const RUN_RECORDS: StoreTable = {
  name: "run_records",
  version: 2,
  keyColumn: "run",
  doc: "One row a run, without its tags: read the view runs",
  columns: [
    column("scenario", "text", "name of the scenario"),
    column("kind", "text", "simulated or measured"),
    column("saved_at", "instant", "when it was saved, UTC"),
    column("elapsed_s", "number", "how long the command took, s"),
    column("meridian", "text", "version that made it"),
    column("scenario_sha256", "text", "digest of scenario.yaml"),
    column("traffic_sha256", "text", "digest of what its traffic was drawn from; equal digests have equal requests"),
    column("seed", "integer", "root seed"),
    column("replications", "integer", "replications done"),
    column("duration_s", "number", "length of the run, s; null where it ended after a number of requests"),
    column("billing", "text", "billing rule"),
    column("baseline_strategy", "text", "strategy that the others are compared with"),
    column("strategies", "integer", "number of strategies"),
    column("requests", "integer", "requests of the baseline strategy, all replications"),
    column("assertions_failed", "integer", "gates that did not hold"),
    column("verdict", "text", "the answer in one sentence"),
  ],
};

/** What people ask for: runs with their tags and baseline names. */
export const RUNS_VIEW: StoreView = {
  name: "runs",
  doc: "One row a run, with its tags and the baseline names that it has",
  sql: "SELECT r.*, l.tags, l.baselines FROM run_records r LEFT JOIN run_labels l ON l.run = r.run",
};

/** Kept beside the runs, not in their rows, since they change. */
export const RUN_LABELS: Omit<StoreTable, "version"> = {
  name: "run_labels",
  keyColumn: "run",
  doc: "Tags and baseline names of runs, as they are now",
  columns: [
    column("tags", "text", "tags, joined by a comma"),
    column("baselines", "text", "baseline names, joined by a comma"),
  ],
};

const SHARE_DOC = "of all attempts or requests, in [0, 1]; mean over replications";
const GROUP_COLUMNS: readonly StoreColumn[] = [
  column("sent", "integer", "requests, all replications"),
  column("served", "integer", "requests served, all replications"),
  column("e2e_p50_ms", "number", "p50 of end-to-end latency, ms"),
  column("e2e_p95_ms", "number", "p95 of end-to-end latency, ms"),
  column("e2e_p95_low_ms", "number", "lower end of its 95 % interval"),
  column("e2e_p95_high_ms", "number", "upper end of its 95 % interval"),
  column("e2e_p99_ms", "number", "p99 of end-to-end latency, ms"),
  column("ttft_p95_ms", "number", "p95 of the time to the first token, ms"),
  column("throttled_share", "number", `attempts answered 429 ${SHARE_DOC}`),
  column("failed_share", "number", `requests not served ${SHARE_DOC}`),
  column("slo_share", "number", `requests with an objective that were served within it ${SHARE_DOC}`),
  column("traffic_share", "number", `requests in this group ${SHARE_DOC}`),
  column("bill_usd", "number", "bill of a replication under the run's billing rule, USD"),
  column("usd_per_1k_served", "number", "USD per 1,000 served requests under the run's billing rule"),
  column("input_tokens", "integer", "input tokens, all replications"),
  column("output_tokens", "integer", "output tokens, all replications"),
];

const STRATEGY = column("strategy", "text", "label of the strategy");

export const STRATEGIES: StoreTable = {
  name: "strategies",
  version: 1,
  keyColumn: "run",
  doc: "One row a strategy of a run",
  columns: [
    STRATEGY,
    column("kind", "text", "kind of strategy"),
    column("status", "text", "ok or unstable"),
    column("is_baseline", "boolean", "whether the others are compared with it"),
    ...GROUP_COLUMNS,
  ],
};

export const CLASSES: StoreTable = {
  name: "classes",
  version: 2,
  keyColumn: "run",
  doc: "One row a strategy and class of traffic",
  columns: [
    STRATEGY,
    column("class", "text", "class of traffic"),
    column("tags", "json", "tags of the class"),
    ...GROUP_COLUMNS,
  ],
};

/** Classes rolled up by their tags: sums, and shares of them. */
export const TAGS_VIEW: StoreView = {
  name: "tags",
  doc: "One row a run, strategy, tag and value: requests, bill and tokens of the classes that have it",
  sql: `SELECT run, strategy, tag, json_extract_string(tags, '$."' || tag || '"') AS value, sum(sent) AS sent,
    sum(served) AS served, sum(bill_usd) AS bill_usd, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, count(*) AS classes
    FROM (SELECT *, unnest(json_keys(tags)) AS tag FROM classes) GROUP BY ALL ORDER BY ALL`,
};

export const REGIONS: StoreTable = {
  name: "regions",
  version: 1,
  keyColumn: "run",
  doc: "One row a strategy and region that ran the requests",
  columns: [STRATEGY, column("region", "text", "region that ran them"), ...GROUP_COLUMNS],
};

export const HOURS: StoreTable = {
  name: "hours",
  version: 1,
  keyColumn: "run",
  doc: "One row a strategy and hour of the run",
  columns: [
    STRATEGY,
    column("hour", "integer", "hours since the start of the run"),
    column("starts_at", "instant", "when it begins, UTC"),
    ...GROUP_COLUMNS,
  ],
};

/** What a run's rows are made from beside its result. */
export interface RunFacts {
  /** ISO instant; undefined where the run has no provenance. */
  readonly savedAt: string | undefined;
  readonly elapsedMs: number | undefined;
}

/** All rows of one run, by table. */
export function runRows(result: RunResult, facts: RunFacts): ReadonlyMap<StoreTable, readonly StoreRow[]> {
  const each = (rows: (strategy: StrategyResult) => readonly StoreRow[]) =>
    result.strategies.flatMap((strategy) => rows(strategy).map((row) => ({ strategy: strategy.name, ...row })));
  const group = (one: GroupResult) => groupRow(one, result);
  return new Map<StoreTable, readonly StoreRow[]>([
    [RUN_RECORDS, [recordRow(result, facts)]],
    [
      STRATEGIES,
      each((one) => [
        { kind: one.kind, status: one.status, is_baseline: one.name === result.baseline, ...group(one.total) },
      ]),
    ],
    [
      CLASSES,
      each((one) => one.byClass.map((part) => ({ class: part.name, tags: tagsOf(result, part.name), ...group(part) }))),
    ],
    [REGIONS, each((one) => one.byRegion.map((part) => ({ region: part.name, ...group(part) })))],
    [HOURS, each((one) => one.byHour.map((part) => ({ hour: part.hour, starts_at: part.startsAt, ...group(part) })))],
    [
      STRATEGY_COMPARISONS,
      result.comparisons.map((one) => ({
        strategy: one.strategy,
        metric: one.metric,
        baseline_value: one.baselineValue,
        value: one.value,
        difference: one.difference.value,
        difference_low: one.difference.low,
        difference_high: one.difference.high,
        relative: one.relative.value,
        verdict: one.verdict,
        replications: one.difference.n,
      })),
    ],
  ]);
}

function tagsOf({ classes }: RunResult, name: string): Readonly<Record<string, string>> {
  return classes.find((each) => each.name === name)?.tags ?? {};
}

function recordRow(result: RunResult, { savedAt, elapsedMs }: RunFacts): StoreRow {
  return {
    scenario: result.scenario.name,
    kind: result.kind,
    saved_at: savedAt ?? null,
    elapsed_s: elapsedMs === undefined ? null : elapsedMs / 1000,
    meridian: result.versions.meridian,
    scenario_sha256: result.scenario.sha256,
    traffic_sha256: result.trafficSha256 ?? null,
    seed: result.seed,
    replications: result.replications.done,
    duration_s: result.durationMs === null ? null : result.durationMs / 1000,
    billing: result.billing,
    baseline_strategy: result.baseline,
    strategies: result.strategies.length,
    requests: result.strategies[0]?.total.counts.sent ?? 0,
    assertions_failed: result.assertions.filter((each) => !each.passed).length,
    verdict: result.verdict,
  };
}

function groupRow(group: GroupResult, { billing }: RunResult): StoreRow {
  const { counts, e2eMs, ttftMs } = group;
  return {
    sent: counts.sent,
    served: counts.served,
    e2e_p50_ms: e2eMs.p50.value,
    e2e_p95_ms: e2eMs.p95.value,
    e2e_p95_low_ms: e2eMs.p95.low,
    e2e_p95_high_ms: e2eMs.p95.high,
    e2e_p99_ms: e2eMs.p99.value,
    ttft_p95_ms: ttftMs.p95.value,
    throttled_share: group.throttledAttemptShare.value,
    failed_share: group.failedShare.value,
    slo_share: group.goodputShare.value,
    traffic_share: group.trafficShare.value,
    bill_usd: group.cost[billing].totalUsd.value,
    usd_per_1k_served: group.cost[billing].usdPer1kServed.value,
    input_tokens: counts.inputTokens,
    output_tokens: counts.outputTokens,
  };
}
