/**
 * `npm run validation`: the study of docs/validation.md.
 * Options: --virtual runs the study's worlds in virtual time and leaves a run folder for each condition; --world names
 * one world, --out the folder.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MeridianError } from "../../simulator/errors.ts";
import { CONDITIONS, type Condition } from "./conditions.ts";
import { FOREIGN_WORLDS, type ForeignWorld } from "./foreign/worlds.ts";
import { measure } from "./measure.ts";
import { saveMeasured } from "./measured.ts";
import { runVirtually } from "./virtual-run.ts";

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MeridianError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}

async function main(argv: readonly string[]): Promise<void> {
  const { values } = readArguments(argv);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  for (const world of worldsNamed(values.world)) {
    for (const condition of conditionsNamed(values.condition)) {
      const folder = join(values.out, world.name, condition.name);
      const run = values.measure ? await measure(world, condition, stop.signal) : await runVirtually(world, condition);
      await saveMeasured(folder, run);
      say(folder);
    }
  }
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        virtual: { type: "boolean", default: false },
        measure: { type: "boolean", default: false },
        world: { type: "string" },
        condition: { type: "string" },
        out: { type: "string", default: "runs/foreign" },
      },
    });
  } catch (error) {
    throw usage((error as Error).message, "options are --virtual --measure --world --condition --out");
  }
}

function conditionsNamed(name: string | undefined): readonly Condition[] {
  const conditions = CONDITIONS.filter((condition) => name === undefined || condition.name === name);
  if (conditions.length > 0) return conditions;
  throw usage(`there is no condition "${name}"`, `conditions are ${CONDITIONS.map((each) => each.name).join(", ")}`);
}

function worldsNamed(name: string | undefined): readonly ForeignWorld[] {
  const worlds = FOREIGN_WORLDS.filter((world) => name === undefined || world.name === name);
  if (worlds.length > 0) return worlds;
  throw usage(`there is no world "${name}"`, `worlds are ${FOREIGN_WORLDS.map((world) => world.name).join(", ")}`);
}

function usage(what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code: "VALIDATION_USAGE", what, fix });
}
