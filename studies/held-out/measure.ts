/** Measures a world with k6, in real time. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { runChild } from "../../scripts/bench/k6-program.ts";
import { type LoopWatch, watchLoop } from "../../scripts/bench/target.ts";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { recordSchedule } from "../../simulator/bench/make-plan.ts";
import { parseRow } from "../../simulator/bench/rows.ts";
import { type Condition, prepareCondition } from "./conditions.ts";
import { endpointsYaml, startWorld } from "./http.ts";
import { factsOf, type Measured } from "./runs.ts";
import type { HeldOutWorld } from "./worlds.ts";

const MERIDIAN = join(PACKAGE_ROOT, "scripts", "meridian.mjs");
/** Time limit of a run, with k6's start, its drain and the report. */
const LIMIT_MS = 5 * 60_000;
/** Endpoints later than this at the 99th percentile did not follow their physics. */
const SERVER_LATE_MS_MAX = 10;

/**
 * Measures a world under a condition with `meridian bench`, in real time: the endpoints run in this process, k6 and the
 * command in others.
 *
 * @throws MeridianError assertion STUDY_RUN_INVALID when the machine was too busy; environment when the bench failed
 */
export async function measure(world: HeldOutWorld, condition: Condition, signal: AbortSignal): Promise<Measured> {
  const { yaml, inputs } = await prepareCondition(world.name, condition);
  const { plan } = inputs;
  const faults: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), "meridian-study-"));
  const watch = watchServing();
  const fleet = await startWorld(world, plan, plan.seed, {
    internalError: (error) => faults.push(String(error)),
    outcome: watch.served,
  });
  try {
    await writeFile(join(folder, "scenario.yaml"), yaml);
    await writeFile(join(folder, "endpoints.yaml"), endpointsYaml(world, fleet));
    const end = await runChild(
      process.execPath,
      [MERIDIAN, "bench", "scenario.yaml", "--target", "endpoints.yaml", "--out", "runs", "--json", "--quiet"],
      { cwd: folder, env: process.env, limitMs: LIMIT_MS, signal },
    );
    const lateMs = watch.lateMsP99();
    if (end.code !== EXIT_CODES.ok && end.code !== EXIT_CODES.assertion) throw failed(end.tail);
    const run = join(folder, "runs", "latest");
    const bench = JSON.parse(await readFile(join(run, "bench.json"), "utf8")) as Bench;
    const reasons = [...bench.reasons, ...faults];
    if (lateMs > SERVER_LATE_MS_MAX) reasons.push(`the endpoints woke ${lateMs.toFixed(1)} ms late`);
    if (reasons.length > 0) throw invalid(`${world.name}/${condition.name}`, reasons);
    const rows = gunzipSync(await readFile(join(run, "rows-1.jsonl.gz")))
      .toString("utf8")
      .split("\n")
      .flatMap((line) => parseRow(line) ?? []);
    return {
      yaml,
      schedule: recordSchedule(plan),
      attempts: rows.filter((row) => row.t === "a"),
      requests: rows.filter((row) => row.t === "r"),
      facts: factsOf(plan, world, {
        target: `the held-out world "${world.name}" behind HTTP`,
        lagMsP99: bench.strategies[0]!.lagMs.p99,
        serverLateMsP99: lateMs,
        k6: bench.k6,
      }),
    };
  } finally {
    watch.stop();
    await fleet.close(0);
    await rm(folder, { recursive: true, force: true });
  }
}

const LOOK_MS = 2000;

/**
 * Measures how late this process wakes between the first answer and the last; k6's start and the report do not count.
 */
function watchServing() {
  let watch: LoopWatch | undefined;
  let hasServed = false;
  let lateMs = 0;
  const timer = setInterval(() => {
    if (hasServed) lateMs = watch!.lateMs(0.99);
    hasServed = false;
  }, LOOK_MS);
  return {
    served(): void {
      watch ??= watchLoop();
      hasServed = true;
    },
    lateMsP99: () => lateMs,
    stop(): void {
      clearInterval(timer);
      watch?.stop();
    },
  };
}

/** The part of bench.json that is used. */
interface Bench {
  readonly reasons: readonly string[];
  readonly k6: string;
  readonly strategies: readonly { readonly lagMs: { readonly p99: number } }[];
}

function failed(tail: readonly string[]): MeridianError {
  return new MeridianError("environment", {
    code: "STUDY_BENCH_FAILED",
    what: `meridian bench failed: ${tail.join(" ").slice(-500)}`,
    fix: "run meridian doctor",
  });
}

function invalid(what: string, reasons: readonly string[]): MeridianError {
  return new MeridianError("assertion", {
    code: "STUDY_RUN_INVALID",
    what: `the run proves nothing: ${reasons.join("; ")}`,
    where: what,
    fix: "free the machine of other work and measure again",
  });
}
