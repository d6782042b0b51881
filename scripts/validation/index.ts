/**
 * `npm run validation`: the study of docs/validation.md.
 * Options: --virtual runs the study's worlds in virtual time and leaves a run folder for each condition; --world names
 * one world, --out the folder.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MeridianError } from "../../simulator/errors.ts";
import { CONDITIONS } from "./conditions.ts";
import { FOREIGN_WORLDS, type ForeignWorld } from "./foreign/worlds.ts";
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
  for (const world of worldsNamed(values.world)) {
    for (const condition of CONDITIONS) {
      const folder = join(values.out, world.name, condition.name);
      await saveMeasured(folder, await runVirtually(world, condition));
      process.stderr.write(`${folder}\n`);
    }
  }
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        virtual: { type: "boolean", default: false },
        world: { type: "string" },
        out: { type: "string", default: "runs/foreign" },
      },
    });
  } catch (error) {
    throw usage((error as Error).message, "options are --virtual --world --out");
  }
}

function worldsNamed(name: string | undefined): readonly ForeignWorld[] {
  const worlds = FOREIGN_WORLDS.filter((world) => name === undefined || world.name === name);
  if (worlds.length > 0) return worlds;
  throw usage(`there is no world "${name}"`, `worlds are ${FOREIGN_WORLDS.map((world) => world.name).join(", ")}`);
}

function usage(what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code: "VALIDATION_USAGE", what, fix });
}
