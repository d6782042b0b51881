/** Whether a world answers fitted traffic as it answers the recording: the test that a model of traffic has to stand. */
import { mean } from "simple-statistics";
import { z } from "zod";
import { FIELD } from "../../simulator/engine/recorder.ts";
import { runJob } from "../../simulator/experiment/job.ts";
import type { GroupStats, ReplicationStats } from "../../simulator/experiment/replication-stats.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { traceSpec } from "../../simulator/traffic/arrivals/trace.ts";
import type { ClassTraffic } from "../../simulator/traffic/class-stream.ts";
import { takeRows } from "../../simulator/traffic/columns.ts";
import type { ClassFit, TrafficFit } from "../../simulator/traffic/fit/fit-traffic.ts";
import type { RecordedColumns } from "../../simulator/traffic/traffic.ts";
import { replayable } from "../../simulator/traffic/transform.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { loadScenario } from "../io/scenario-file.ts";
import { interrupted } from "../io/worker-pool.ts";

/** A figure under recorded and under fitted traffic: means over replications. */
interface Compared {
  readonly name: string;
  readonly recorded: number;
  readonly fitted: number;
  /** Smallest and largest of the fitted replications. */
  readonly fittedRange: readonly [number, number];
  readonly passes: boolean;
}

export interface WorldCheck {
  readonly scenario: string;
  readonly strategy: string;
  /** By class, and all together where there are several. */
  readonly groups: readonly { readonly name: string; readonly p95: Compared; readonly throttled: Compared }[];
  readonly passes: boolean;
}

/** How far p95 may be off, of the recorded value, and the share of throttled attempts, in points. */
const P95_TOLERANCE = 0.05;
const THROTTLED_TOLERANCE = 0.01;
/** The recording has one course, the model as many as are drawn. */
const RECORDED_REPLICATIONS = 3;
const FITTED_REPLICATIONS = 8;

/**
 * Simulates the scenario's world and baseline strategy on the recording and on the fitted traffic. The classes are
 * those of the fit; each keeps what the scenario says of the class of its name, or else of its first class: objectives,
 * residency, targets, max_tokens.
 *
 * @throws MeridianError for a scenario that cannot be run; interrupted
 */
export async function worldCheck(
  scenario: string,
  { classes }: TrafficFit,
  recorded: RecordedColumns,
  signal: AbortSignal,
): Promise<WorldCheck> {
  const { columns } = replayable(recorded);
  const plan = await planOf(scenario, classes, columns);
  const run = (traffic: readonly ClassTraffic[], replications: number) =>
    simulated({ ...plan, traffic }, replications, signal);
  const own = await run(
    plan.traffic.map((each, c) => asRecorded(each, classes[c]!, columns)),
    RECORDED_REPLICATIONS,
  );
  const theirs = await run(
    plan.traffic.map((each, c) => asFitted(each, classes[c]!)),
    FITTED_REPLICATIONS,
  );
  const group = (name: string, of: (stats: ReplicationStats) => GroupStats) => ({
    name,
    p95: compared("p95", own.map(of), theirs.map(of), ({ e2e }) => e2e.p95, "relative"),
    throttled: compared("throttled attempts", own.map(of), theirs.map(of), throttledShare, "points"),
  });
  const groups = [
    ...plan.classes.map(({ name }, c) => group(name, ({ byClass }) => byClass[c]!)),
    ...(plan.classes.length > 1 ? [group("all", ({ total }) => total)] : []),
  ];
  return {
    scenario,
    strategy: plan.strategies[plan.baseline]!.name,
    groups,
    passes: groups.every(({ p95, throttled }) => p95.passes && throttled.passes),
  };
}

/** What a person reads of it. */
export function worldText({ scenario, strategy, groups, passes }: WorldCheck): string {
  const lines = groups.flatMap(({ name, p95, throttled }) => [
    `  ${p95.passes ? " " : "!"} ${name}: p95 ${seconds(p95.recorded)} recorded, ${seconds(p95.fitted)} fitted (${p95.fittedRange.map(seconds).join(" to ")})`,
    `  ${throttled.passes ? " " : "!"} ${name}: throttled ${percent(throttled.recorded)} recorded, ${percent(throttled.fitted)} fitted (${throttled.fittedRange.map(percent).join(" to ")})`,
  ]);
  const head = passes
    ? "as it answers the recording"
    : "NOT as it answers the recording: what is marked ! is too far off";
  return [`${scenario} under ${strategy} answers the fitted traffic ${head}`, ...lines].join("\n");
}

const frameSchema = z.looseObject({ traffic: z.array(z.looseObject({ class: z.string() })).min(1) });

async function planOf(file: string, classes: readonly ClassFit[], { arrivalMs }: RecordedColumns): Promise<Plan> {
  const templates = (await loadScenario(file, frameSchema)).value.traffic;
  const traffic = classes.map(({ name }) => {
    const template = templates.find((each) => each.class === name) ?? templates[0]!;
    const { maxTokens } = (template.tokens ?? {}) as { readonly maxTokens?: unknown };
    const tokens = { input: 1, output: 1, ...(maxTokens === undefined ? {} : { maxTokens }) };
    const { sessions: _, ...kept } = template;
    return { ...kept, class: name.slice(0, 60), arrivals: { poisson: "1/s" }, tokens };
  });
  const put = (key: string, value: unknown) => ({ path: [key], value, origin: "--check-in" });
  const overrides = [
    put("traffic", traffic),
    put("duration", `${Math.ceil((arrivalMs.at(-1)! + 1) / 1000)}s`),
    put("requests", undefined),
    put("arrivalsFrom", undefined),
    put("warmup", "none"),
    put("assert", undefined),
  ];
  return (await prepareExperiment(file, { overrides, strategies: [] })).inputs.plan;
}

/** What the class asks for beside lengths: the scenario's limit, or the recorded one. */
function limitOf({ tokens }: ClassTraffic) {
  return tokens?.maxTokens === undefined ? {} : { maxTokens: tokens.maxTokens };
}

function asRecorded(traffic: ClassTraffic, fit: ClassFit, columns: RecordedColumns): ClassTraffic {
  const rows = fit.rowNumbers;
  const own = takeRows(
    columns,
    rows,
    Float64Array.from(rows, (row) => columns.arrivalMs[row]!),
  );
  const isTimed = own.e2eMs?.some((ms) => ms >= 0) === true;
  const { spec } = fit.sessions ?? {};
  return {
    ...traffic,
    arrivals: traceSpec("recorded", {}),
    tokens: limitOf(traffic),
    ...(spec === undefined
      ? {}
      : {
          sessions: { kind: "recorded", thinkMs: isTimed ? null : spec.thinkMs, afterFailure: "continue", cache: true },
        }),
    recordings: { recorded: { kind: "trace", columns: own } },
  };
}

function asFitted(
  traffic: ClassTraffic,
  { arrivals, input, output, correlation, maxTokens, prefix, sessions }: ClassFit,
): ClassTraffic {
  const limit = traffic.tokens?.maxTokens ?? maxTokens;
  return {
    ...traffic,
    arrivals: arrivals[0]!.spec,
    tokens: {
      ...(input && { input: input.spec }),
      ...(output && { output: output.spec }),
      ...(correlation !== undefined && { correlation }),
      ...(limit && { maxTokens: limit }),
      ...(prefix && { prefix }),
    },
    ...(sessions && { sessions: sessions.spec }),
  };
}

async function simulated(plan: Plan, replications: number, signal: AbortSignal): Promise<readonly ReplicationStats[]> {
  const stats: ReplicationStats[] = [];
  for (let replication = 0; replication < replications; replication++) {
    const job = runJob({ plan }, { replication, strategyIndices: [plan.baseline] });
    for (let step = job.next(); ; step = job.next()) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw interrupted();
      if (step.done !== true) continue;
      stats.push(...step.value.stats);
      break;
    }
  }
  return stats;
}

function throttledShare({ fields }: GroupStats): number {
  const attempts = fields[FIELD.attempts]!;
  return attempts === 0 ? 0 : fields[FIELD.attemptsThrottled]! / attempts;
}

function compared(
  name: string,
  own: readonly GroupStats[],
  theirs: readonly GroupStats[],
  of: (group: GroupStats) => number,
  how: "relative" | "points",
): Compared {
  const found = theirs.map(of);
  const [recorded, fitted] = [mean(own.map(of)), mean(found)];
  const error = how === "relative" ? Math.abs(fitted / recorded - 1) : Math.abs(fitted - recorded);
  const passes = error <= (how === "relative" ? P95_TOLERANCE : THROTTLED_TOLERANCE);
  return { name, recorded, fitted, fittedRange: [Math.min(...found), Math.max(...found)], passes };
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${Number((ms / 1000).toPrecision(3))} s` : "none";
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
