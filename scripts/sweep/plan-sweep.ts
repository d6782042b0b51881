/**
 * From a scenario and its factors to the job file of a sweep: everything that can be wrong is found before a job runs. Then its
 * rounds: its jobs, and those that its results ask for, until they ask for none.
 */
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { nextPoints } from "../../simulator/sweep/adaptive.ts";
import { DESIGNS } from "../../simulator/sweep/designs/index.ts";
import {
  type AdaptiveRule,
  distinct,
  type Factor,
  jobValues,
  parseRange,
  SWEEP_SCHEMA_VERSION,
  type SweepFile,
  type SweepJob,
} from "../../simulator/sweep/job.ts";
import type { SweepClass } from "../../simulator/sweep/points.ts";
import { type PreparedExperiment, prepareText } from "../io/experiment.ts";
import { parseAssignment } from "../io/overrides.ts";
import { packageVersion } from "../io/process.ts";
import { createStatusLine } from "../io/progress.ts";
import { parseScenario } from "../io/scenario-text.ts";
import type { Terminal } from "../io/terminal.ts";
import { formatPath } from "../io/yaml-source.ts";
import type { JobStore } from "./job-store.ts";
import { runSweep } from "./run-sweep.ts";
import { readRows, type SweepRows } from "./sweep-report.ts";
import { filesFor, jobKey, overridesAt } from "./variant.ts";

export interface SweepRequest {
  readonly name: string;
  readonly base: PreparedExperiment;
  readonly scenarioFile: string;
  readonly factors: readonly Factor[];
  readonly design: string;
  readonly points: number;
  readonly seed: number;
  readonly adaptive?: AdaptiveRule | null;
}

/**
 * A factor as the command line writes it: `path=0.5..4x8`, `path=[a, b]`, `path=value`.
 *
 * @throws MeridianError usage, SET_SYNTAX or SWEEP_RANGE
 * @example parseVary("seed=[1, 2, 3]") // => { kind: "list", path: "seed", values: [1, 2, 3] }
 */
export function parseVary(text: string): Factor {
  const { path, value } = parseAssignment(text, VARY);
  const name = formatPath(path);
  const range = typeof value === "string" ? parseRange(name, value) : undefined;
  if (value === null || value === "") {
    const fix = `write --vary ${name}=low..high, or a list: --vary '${name}=[a, b]'`;
    throw new MeridianError("usage", {
      code: "SWEEP_EMPTY",
      what: "no values are given",
      where: `--vary ${text}`,
      fix,
    });
  }
  return range ?? { kind: "list", path: name, values: Array.isArray(value) ? value : [value] };
}

const VARY = { option: "--vary", fix: "write for example --vary load=0.5..4x8 or --vary 'seed=[1, 2, 3]'" } as const;

/** Variants that are resolved before the sweep begins; of more, the first and the last. */
const RESOLVED_MAX = 32;

/**
 * Makes the jobs. The form of every variant is checked; of a small sweep, its meaning, too.
 *
 * @throws MeridianError usage or data with the problems of the first point that cannot run, and which point that is
 */
export async function planSweep(request: SweepRequest): Promise<SweepFile> {
  const { base, scenarioFile, factors } = request;
  const points = designOf(request.design).points({ factors, points: request.points, seed: request.seed });
  if (points.length === 0)
    throw new MeridianError("usage", {
      code: "SWEEP_EMPTY",
      what: "the sweep has no points",
      fix: "give --vary path=low..high",
    });
  const jobs = await jobsAt(
    { base, scenarioFile, factors },
    points.map((point) => ({ values: jobValues(point) })),
  );
  const { name, design, seed } = request;
  return {
    schemaVersion: SWEEP_SCHEMA_VERSION,
    meridianVersion: packageVersion(),
    name,
    scenarioYaml: base.yaml,
    scenarioFile,
    design,
    seed,
    factors,
    baseline: base.inputs.plan.strategies[base.inputs.plan.baseline]!.name,
    classes: classesOf(base),
    adaptive: request.adaptive ?? null,
    jobs,
  };
}

/** The same sweep with more points after its own. */
async function withPoints(
  sweep: SweepFile,
  base: PreparedExperiment,
  points: readonly Omit<SweepJob, "key">[],
): Promise<SweepFile> {
  return { ...sweep, jobs: [...sweep.jobs, ...(await jobsAt({ ...sweep, base }, points))] };
}

/** The keys of points: equal content has an equal key, in this sweep or another. */
async function jobsAt(
  where: { readonly base: PreparedExperiment; readonly scenarioFile: string; readonly factors: readonly Factor[] },
  points: readonly Omit<SweepJob, "key">[],
): Promise<readonly SweepJob[]> {
  const { base, scenarioFile, factors } = where;
  const jobs: SweepJob[] = [];
  for (const [at, point] of points.entries()) {
    const overrides = overridesAt({ factors }, point);
    const content = await naming(point.values, factors, async () => {
      const isResolved = points.length <= RESOLVED_MAX || at === 0 || at === points.length - 1;
      const { value, yaml } = parseScenario(base.yaml, scenarioFile, scenarioSchema, overrides);
      const files = isResolved ? undefined : filesFor(value, base.files);
      return files === undefined
        ? prepareText(base.yaml, scenarioFile, { overrides, strategies: [] })
        : { yaml, files };
    });
    jobs.push({ key: jobKey(content), ...point });
  }
  return jobs;
}

const USUAL_SHARE = 0.95;

/** Classes with their objectives. */
export function classesOf({ inputs }: PreparedExperiment): readonly SweepClass[] {
  const known = (ms: number) => (Number.isFinite(ms) ? ms : null);
  return inputs.plan.classes.map(({ name, sloE2eMs, sloTtftMs, sloShare }) => ({
    name,
    sloE2eMs: known(sloE2eMs),
    sloTtftMs: known(sloTtftMs),
    sloShare: sloShare ?? USUAL_SHARE,
  }));
}

function designOf(name: string) {
  const design = DESIGNS.find((each) => each.name === name);
  if (design !== undefined) return design;
  const names = DESIGNS.map((each) => each.name);
  throw new MeridianError("usage", {
    code: "SWEEP_DESIGN",
    what: `there is no design "${name}"`,
    fix: suggestOneOf(name, names),
  });
}

/** Problems of a variant say at which point they stand. */
async function naming<T>(point: readonly unknown[], factors: readonly Factor[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
    const place = factors.map(({ path }, i) => `${path}=${JSON.stringify(point[i] ?? "as it is")}`).join(", ");
    const problems = error.problems.map((problem) => ({ ...problem, what: `${problem.what} (at ${place})` }));
    throw new MeridianError(error.kind, problems, { cause: error });
  }
}

export interface RoundOptions {
  readonly workers: number | undefined;
  /** Jobs go to workers over this Redis; undefined: to threads of this process. */
  readonly redisUrl: string | undefined;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A sweep with all its rounds, and what came of them. */
export interface FinishedSweep {
  readonly sweep: SweepFile;
  readonly found: SweepRows;
}

/** Runs what is not done, round by round. The points of a round depend on the results alone, not on who ran them. */
export async function runRounds(
  sweep: SweepFile,
  base: PreparedExperiment,
  store: JobStore,
  options: RoundOptions,
): Promise<FinishedSweep> {
  let whole = sweep;
  for (let round = 2; ; round++) {
    await runJobs(whole, store, options);
    const found = await readRows(whole, store);
    const points = nextPoints(whole, found.rows);
    if (points.length === 0) return { sweep: whole, found };
    options.terminal.note(`round ${round}: ${points.length} more variants where the answer lies`);
    whole = await withPoints(whole, base, points);
  }
}

/** The rounds that the store's results already ask for: the last one has jobs that are not done, or none is left. */
export async function planRounds(sweep: SweepFile, base: PreparedExperiment, store: JobStore): Promise<SweepFile> {
  let whole = sweep;
  for (;;) {
    if (whole.adaptive === null) return whole;
    const found = await readRows(whole, store);
    if (found.done < distinct(whole.jobs).length) return whole;
    const points = nextPoints(whole, found.rows);
    if (points.length === 0) return whole;
    whole = await withPoints(whole, base, points);
  }
}

async function runJobs(sweep: SweepFile, store: JobStore, options: RoundOptions): Promise<void> {
  const { workers, redisUrl, terminal, signal } = options;
  if (redisUrl === undefined) {
    const { ran, wereDone } = await runSweep(sweep, store, { jobs: sweep.jobs, workers, terminal, signal });
    terminal.note(`${ran} ran, ${wereDone} were done before`);
    return;
  }
  // Only sweeps over a queue load the code that speaks to it.
  const { sendAndWait } = await import("./queue.ts");
  const { live, quiet } = terminal;
  const line = createStatusLine({ stream: process.stderr, live, quiet, liveEveryMs: 500 });
  try {
    const onDone = (done: number, of: number) => line.show(`${done} of ${of} jobs done`);
    const onIdle = () =>
      terminal.note(`no worker is there; start one: meridian worker --redis ${redisUrl} --store ${store.place}`);
    await sendAndWait(sweep, store, { redisUrl, signal, onDone, onIdle });
  } finally {
    line.stop();
  }
}
