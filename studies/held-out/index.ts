/**
 * `npm run study`: derives the figures of docs/held-out.md from the rows and fitted worlds in the folder data, and
 * compares them with the page (exit code 99 where they differ).
 * Options: --write updates the page; --fit repeats the calibration on the kept runs; --measure repeats the measurement
 * with k6, in real time; --virtual in virtual time; --serve keeps a world's endpoints up. --world and --condition name
 * one, --out the folder, --noise N gives the servers of --virtual other noise draws.
 */
import { join } from "node:path";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { readOptions, runCommand, usageError, wholeNumber } from "../arguments.ts";
import { CONDITIONS, type Condition, fitWorld } from "./conditions.ts";
import { serve } from "./http.ts";
import { measure } from "./measure.ts";
import { checkStudy, studyTables, writeStudy } from "./report.ts";
import { changeWorld, KEPT_FOLDER, saveMeasured } from "./runs.ts";
import { deriveStudy } from "./study.ts";
import { runVirtually } from "./virtual.ts";
import { type HeldOutWorld, WORLDS } from "./worlds.ts";

const USAGE = "STUDY_USAGE";
const OPTIONS = {
  write: { type: "boolean", default: false },
  fit: { type: "boolean", default: false },
  measure: { type: "boolean", default: false },
  virtual: { type: "boolean", default: false },
  serve: { type: "boolean", default: false },
  world: { type: "string" },
  condition: { type: "string" },
  noise: { type: "string", default: "0" },
  out: { type: "string" },
} as const;
const VIRTUAL_FOLDER = "runs/held-out-virtual";

await runCommand(main);

async function main(argv: readonly string[]): Promise<number> {
  const values = readOptions(argv, USAGE, OPTIONS);
  if (values.serve && values.world === undefined) throw usageError(USAGE, "--serve needs --world", "--world steps");
  // Runs in virtual time must not mix with measured ones.
  const out = values.out ?? (values.virtual ? VIRTUAL_FOLDER : KEPT_FOLDER);
  const worlds = worldsCalled(values.world);
  const conditions = conditionsCalled(values.condition);
  const noise = wholeNumber(USAGE, "noise", values.noise, 0, 999_999);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  if (values.serve) await serve(worlds[0]!, stop.signal, (yaml) => process.stdout.write(yaml));
  else if (values.measure) await each(worlds, conditions, out, (...one) => measure(...one, stop.signal));
  else if (values.virtual) await each(worlds, conditions, out, (...one) => runVirtually(...one, noise));
  else if (values.fit) {
    for (const { name } of worlds) say(await changeWorld(out, name, (folder) => fitWorld(folder, stop.signal)));
  } else return derive(worlds, out, values.write);
  return EXIT_CODES.ok;
}

/** Derives the figures, and writes them or compares them with the kept ones. */
async function derive(worlds: readonly HeldOutWorld[], folder: string, isWriting: boolean): Promise<number> {
  const cases = await deriveStudy(worlds, folder, say);
  process.stdout.write(`${studyTables(cases)}\n`);
  // Only the kept folder has a page.
  if (folder !== KEPT_FOLDER) return EXIT_CODES.ok;
  if (isWriting) await writeStudy(cases, folder);
  else if (!(await checkStudy(cases, folder, say))) return EXIT_CODES.assertion;
  return EXIT_CODES.ok;
}

async function each(
  worlds: readonly HeldOutWorld[],
  conditions: readonly Condition[],
  out: string,
  run: (world: HeldOutWorld, condition: Condition) => ReturnType<typeof measure>,
): Promise<void> {
  for (const world of worlds) {
    for (const condition of conditions) {
      await changeWorld(out, world.name, async (folder) => {
        await saveMeasured(join(folder, condition.name), await run(world, condition));
      });
      say(join(out, world.name, condition.name));
    }
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function worldsCalled(name: string | undefined): readonly HeldOutWorld[] {
  const worlds = WORLDS.filter((world) => name === undefined || world.name === name);
  if (worlds.length > 0) return worlds;
  throw usageError(USAGE, `there is no world "${name}"`, `worlds are ${WORLDS.map((world) => world.name).join(", ")}`);
}

function conditionsCalled(name: string | undefined): readonly Condition[] {
  const conditions = CONDITIONS.filter((condition) => name === undefined || condition.name === name);
  if (conditions.length > 0) return conditions;
  const names = CONDITIONS.map((condition) => condition.name).join(", ");
  throw usageError(USAGE, `there is no condition "${name}"`, `conditions are ${names}`);
}
