/** Measured runs as they are stored: the parts of a run folder from which figures and fits are derived. */
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { stableJson } from "../../scripts/io/text-files.ts";
import {
  type AttemptRow,
  decodeSchedule,
  encodeSchedule,
  parseRow,
  type RequestRow,
  type ScheduleRow,
} from "../../simulator/bench/rows.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { packFolder, unpackFolder } from "../archive.ts";
import type { HeldOutWorld } from "./worlds.ts";

/** One strategy's measured run. */
export interface Measured {
  /** The scenario as it ran. */
  readonly yaml: string;
  readonly schedule: readonly ScheduleRow[];
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
  readonly facts: MeasuredFacts;
}

export interface MeasuredFacts {
  readonly strategy: string;
  readonly target: string;
  readonly targets: readonly string[];
  readonly classes: readonly string[];
  readonly origins: readonly string[];
  readonly roundTripMs: Readonly<Record<string, number>>;
  /** Dispatch lag and the endpoints' own lateness at the 99th percentile, ms; null in virtual time. */
  readonly lagMsP99: number | null;
  readonly serverLateMsP99: number | null;
  readonly k6: string | null;
}

/** The study's data: an archive of runs and fits per world, and the figures. */
export const KEPT_FOLDER = join(import.meta.dirname, "data");
const WORK_FOLDER = join(PACKAGE_ROOT, "runs", "held-out");

/**
 * Folder of a world's runs and fitted world.
 *
 * @param folder with a folder per world; or `KEPT_FOLDER`, whose archive is unpacked: do not write to that
 * @throws MeridianError data STUDY_DATA_MISSING, STUDY_DATA_DAMAGED
 */
export async function worldFolder(folder: string, world: string): Promise<string> {
  return folder === KEPT_FOLDER ? unpackFolder(archiveOf(world)) : join(folder, world);
}

/** Changes a world's folder. That of a kept world is copied to runs/held-out, changed there, and packed again. */
export async function changeWorld<T>(folder: string, world: string, change: (own: string) => Promise<T>): Promise<T> {
  if (folder !== KEPT_FOLDER) return change(join(folder, world));
  const own = join(WORK_FOLDER, world);
  await rm(own, { recursive: true, force: true });
  await cp(await unpackFolder(archiveOf(world)), own, { recursive: true });
  const done = await change(own);
  await packFolder(own, archiveOf(world));
  return done;
}

function archiveOf(world: string): string {
  return join(KEPT_FOLDER, `${world}.tar.gz`);
}

const ROWS = "rows-1.jsonl.gz";
const SCHEDULE = "schedule.json.gz";

/** Writes a run folder of one strategy. Rows are sorted, so that equal runs give equal bytes. */
export async function saveMeasured(folder: string, run: Measured): Promise<void> {
  await mkdir(folder, { recursive: true });
  const attempts = run.attempts.map(trimmedAttempt).sort((a, b) => a.i - b.i || a.o - b.o);
  const requests = run.requests.map(trimmedRequest).sort((a, b) => a.i - b.i);
  const rowsText = `${[...attempts, ...requests].map((row) => JSON.stringify(row)).join("\n")}\n`;
  const { strategy, target, k6, lagMsP99, serverLateMsP99, ...names } = run.facts;
  await writeFile(join(folder, "scenario.yaml"), run.yaml);
  await writeFile(join(folder, ROWS), gzipSync(rowsText, { level: 9 }));
  await writeFile(join(folder, SCHEDULE), gzipSync(encodeSchedule(run.schedule), { level: 9 }));
  await writeFile(
    join(folder, "bench.json"),
    stableJson({
      schemaVersion: 1,
      valid: true,
      reasons: [],
      target,
      k6,
      ...names,
      strategies: [
        {
          strategy,
          requests: requests.length,
          attempts: attempts.length,
          lagMsP99,
          serverLateMsP99,
          rows: ROWS,
          rowsSha256: createHash("sha256").update(rowsText).digest("hex"),
        },
      ],
    }),
  );
}

/** Facts of a run of a plan's first strategy. */
export function factsOf(
  plan: Plan,
  world: HeldOutWorld,
  how: Pick<MeasuredFacts, "target" | "lagMsP99" | "serverLateMsP99" | "k6">,
): MeasuredFacts {
  return {
    strategy: plan.strategies[0]!.name,
    targets: plan.targets.map(({ id }) => id),
    classes: plan.classes.map(({ name }) => name),
    origins: plan.originNames,
    roundTripMs: Object.fromEntries(world.regions.map((each) => [each.region, each.roundTripMs])),
    ...how,
  };
}

/** Rounds instants to the microsecond, and drops the service's request ids, which no figure needs. */
function trimmedAttempt(row: AttemptRow): AttemptRow {
  const { s, e, f } = row;
  return { ...row, s: toMicroseconds(s), e: toMicroseconds(e), f: f === null ? null : toMicroseconds(f), id: "" };
}

function trimmedRequest(row: RequestRow): RequestRow {
  return { ...row, b: toMicroseconds(row.b), e: toMicroseconds(row.e) };
}

function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Reads what `saveMeasured` wrote. */
export async function readMeasured(folder: string): Promise<Measured> {
  const bench = JSON.parse(await readFile(join(folder, "bench.json"), "utf8")) as Bench;
  const { strategies, target, k6, targets, classes, origins, roundTripMs } = bench;
  const { strategy, lagMsP99, serverLateMsP99 } = strategies[0]!;
  const rows = gunzipSync(await readFile(join(folder, ROWS)))
    .toString("utf8")
    .split("\n")
    .flatMap((line) => parseRow(line) ?? []);
  return {
    yaml: await readFile(join(folder, "scenario.yaml"), "utf8"),
    schedule: decodeSchedule(gunzipSync(await readFile(join(folder, SCHEDULE))).toString("utf8")),
    attempts: rows.filter((row) => row.t === "a"),
    requests: rows.filter((row) => row.t === "r"),
    facts: { strategy, target, k6, targets, classes, origins, roundTripMs, lagMsP99, serverLateMsP99 },
  };
}

interface Bench extends Omit<MeasuredFacts, "strategy" | "lagMsP99" | "serverLateMsP99"> {
  readonly strategies: readonly Pick<MeasuredFacts, "strategy" | "lagMsP99" | "serverLateMsP99">[];
}
