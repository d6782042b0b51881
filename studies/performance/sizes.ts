/**
 * `npm run perf -- memory`: the peak memory of R3, the full model, with few requests and with many.
 * Options: --requests N,N (default 1000000,8000000), --json.
 * `npm run perf -- workers`: the duration of `meridian simulate` on R3 with one worker and with two, in turn.
 * Options: --requests N (of each of two replications, default 1000000), --rounds N (default 3), --json.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { readOptions, wholeNumber } from "../arguments.ts";
import { runChild, withCompiledEngine } from "./programs.ts";
import { type Spread, spreadOf } from "./rounds.ts";

const MEMORY_USAGE = "MEMORY_USAGE";
const WORKERS_USAGE = "WORKERS_USAGE";
/**
 * At most: of the peak of any run, and of a run's over the first one's. A result has figures for each simulated hour,
 * about 0.1 MB of them: eight times the requests at the same rate are 216 hours more.
 */
const PEAK_MIB_MAX = 400;
const GROWTH_MAX = 1.2;
/** At least: how many times faster two workers are. */
const SPEEDUP_MIN = 1.7;
const LIMIT_MS = 900_000;

/** Peaks by number of requests, for each mode of R3. */
export async function measureMemory(argv: readonly string[]): Promise<number> {
  const values = readOptions(argv, MEMORY_USAGE, {
    requests: { type: "string", default: "1000000,8000000" },
    json: { type: "boolean", default: false },
  });
  const sizes = values.requests.split(",").map((each) => wholeNumber(MEMORY_USAGE, "requests", each));
  const rows: MemoryRow[] = [];
  await withCompiledEngine(async (engine) => {
    for (const model of ["r3-lo", "r3-cw"] as const) {
      for (const requests of sizes) {
        const { peakRssMiB } = await engine(model, requests, 1);
        rows.push({ model, requests, peakMiB: peakRssMiB! });
      }
    }
  });
  const judged = judgeMemory(rows);
  say(values.json, judged, () =>
    markdownTable([
      ["model", "requests", "peak, MiB", "over the first", ""],
      ...judged.rows.map(({ model, requests, peakMiB, growth, holds }) => [
        model.toUpperCase(),
        requests.toLocaleString("en-US"),
        peakMiB.toFixed(0),
        growth.toFixed(2),
        holds ? "holds" : "BROKEN",
      ]),
    ]),
  );
  return judged.holds ? EXIT_CODES.ok : EXIT_CODES.assertion;
}

/** The peak of one run. */
interface MemoryRow {
  readonly model: string;
  readonly requests: number;
  readonly peakMiB: number;
}

/** Each peak against the first of its model and against the limit. */
export function judgeMemory(rows: readonly MemoryRow[]) {
  const judged = rows.map((row) => {
    const growth = row.peakMiB / rows.find(({ model }) => model === row.model)!.peakMiB;
    return { ...row, growth, holds: row.peakMiB <= PEAK_MIB_MAX && growth <= GROWTH_MAX };
  });
  return { rows: judged, holds: judged.every(({ holds }) => holds) };
}

/** Durations of the whole command, start-up and report included: what a user waits for. */
export async function measureWorkers(argv: readonly string[]): Promise<number> {
  const values = readOptions(argv, WORKERS_USAGE, {
    requests: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  });
  const requests = wholeNumber(WORKERS_USAGE, "requests", values.requests);
  const rounds = wholeNumber(WORKERS_USAGE, "rounds", values.rounds);
  const one: number[] = [];
  const two: number[] = [];
  for (let i = 0; i < rounds; i++) {
    one.push(await simulateSeconds(requests, 1));
    two.push(await simulateSeconds(requests, 2));
    process.stderr.write(`workers: round ${i + 1} of ${rounds}\n`);
  }
  const judged = judgeWorkers(one, two);
  const machine = { cores: availableParallelism(), load: loadavg()[0]! };
  say(values.json, { requests, machine, ...judged }, () =>
    [
      markdownTable([
        ["workers", "seconds (min/median/max)"],
        ["1", spread(judged.oneS)],
        ["2", spread(judged.twoS)],
        ["1 over 2", spread(judged.speedup)],
      ]),
      `${machine.cores} cores, load average ${machine.load.toFixed(1)}: ${judged.holds ? "holds" : "BROKEN"}`,
    ].join("\n\n"),
  );
  return judged.holds ? EXIT_CODES.ok : EXIT_CODES.assertion;
}

/** Round by round, since other work of the machine meets neighbours alike. */
export function judgeWorkers(one: readonly number[], two: readonly number[]) {
  const speedup = spreadOf(one.map((seconds, i) => seconds / two[i]!));
  return { oneS: spreadOf(one), twoS: spreadOf(two), speedup, holds: speedup.median >= SPEEDUP_MIN };
}

async function simulateSeconds(requests: number, workers: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "meridian-workers-"));
  const command = join(PACKAGE_ROOT, "scripts", "meridian.mjs");
  const scenario = join(PACKAGE_ROOT, "studies", "performance", "r3.yaml");
  const sizes = ["--set", `requests=${requests}`, "--replications", "2", "--workers", String(workers)];
  const beganMs = performance.now();
  try {
    await runChild(process.execPath, [command, "simulate", scenario, ...sizes, "--out", folder], LIMIT_MS);
    return (performance.now() - beganMs) / 1_000;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function spread({ min, median, max }: Spread): string {
  return [min, median, max].map((value) => value.toFixed(value < 10 ? 2 : 1)).join(" / ");
}

function say(wantsJson: boolean, value: object, text: () => string): void {
  process.stdout.write(`${wantsJson ? JSON.stringify({ schemaVersion: 1, ...value }, null, 2) : text()}\n`);
}
