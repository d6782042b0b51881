/**
 * `npm run validation`: the study of docs/validation.md, derived anew from the rows and fitted worlds that are kept in
 * docs/validation, and compared with what the page says (exit code 99 where it differs).
 * Options: --write puts the derived figures in the page's place; --fit calibrates anew on the kept calibration runs;
 * --measure measures anew with k6, in real time; --virtual does so in virtual time; --serve keeps a world's endpoints
 * up. --world and --condition name one, --out the folder, --luck other chance of the servers in virtual time.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EXIT_CODES, MeridianError } from "../../simulator/errors.ts";
import { CONDITIONS, type Condition } from "./conditions.ts";
import { fitWorld } from "./fitted.ts";
import { FOREIGN_WORLDS, type ForeignWorld } from "./foreign/worlds.ts";
import { measure } from "./measure.ts";
import { saveMeasured } from "./measured.ts";
import { checkStudy, writeStudy } from "./results.ts";
import { serve } from "./serve.ts";
import { deriveStudy, STUDY_FOLDER } from "./study.ts";
import { studyTables } from "./table.ts";
import { runVirtually } from "./virtual-run.ts";

const MODES = ["write", "fit", "measure", "virtual", "serve"] as const;
const VIRTUAL_FOLDER = "runs/foreign";

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MeridianError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}

async function main(argv: readonly string[]): Promise<number> {
  const values = readArguments(argv);
  const worlds = worldsNamed(values.world);
  const conditions = conditionsNamed(values.condition);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  if (values.serve) await serve(worlds[0]!, stop.signal, (yaml) => process.stdout.write(yaml));
  else if (values.measure) await each(worlds, conditions, values.out, (...one) => measure(...one, stop.signal));
  else if (values.virtual)
    await each(worlds, conditions, values.out, (...one) => runVirtually(...one, luckOf(values.luck)));
  else if (values.fit) for (const world of worlds) say(await fitWorld(values.out, world.name, stop.signal));
  else {
    const cases = await deriveStudy(worlds, values.out, say);
    process.stdout.write(`${studyTables(cases)}\n`);
    // Elsewhere there is no page to hold them against.
    if (values.out !== STUDY_FOLDER) return EXIT_CODES.ok;
    if (values.write) await writeStudy(cases, values.out);
    else if (!(await checkStudy(cases, values.out, say))) return EXIT_CODES.assertion;
  }
  return EXIT_CODES.ok;
}

async function each(
  worlds: readonly ForeignWorld[],
  conditions: readonly Condition[],
  out: string,
  run: (world: ForeignWorld, condition: Condition) => ReturnType<typeof measure>,
): Promise<void> {
  for (const world of worlds) {
    for (const condition of conditions) {
      const folder = join(out, world.name, condition.name);
      await saveMeasured(folder, await run(world, condition));
      say(folder);
    }
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function readArguments(argv: readonly string[]) {
  const switches = Object.fromEntries(MODES.map((mode) => [mode, { type: "boolean", default: false }] as const));
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        ...(switches as Record<(typeof MODES)[number], { type: "boolean"; default: false }>),
        world: { type: "string" },
        condition: { type: "string" },
        luck: { type: "string", default: "0" },
        out: { type: "string" },
      },
    });
    if (values.serve && values.world === undefined) throw new Error("--serve needs --world");
    // What was not measured must not lie among what was.
    return { ...values, out: values.out ?? (values.virtual ? VIRTUAL_FOLDER : STUDY_FOLDER) };
  } catch (error) {
    const modes = MODES.map((mode) => `--${mode}`).join(" ");
    throw usage((error as Error).message, `options are ${modes} --world --condition --luck --out`);
  }
}

function worldsNamed(name: string | undefined): readonly ForeignWorld[] {
  const worlds = FOREIGN_WORLDS.filter((world) => name === undefined || world.name === name);
  if (worlds.length > 0) return worlds;
  throw usage(`there is no world "${name}"`, `worlds are ${FOREIGN_WORLDS.map((world) => world.name).join(", ")}`);
}

function luckOf(text: string): number {
  const luck = Number(text);
  if (Number.isInteger(luck) && luck >= 0 && luck < 1e6) return luck;
  throw usage(`--luck ${text} is no whole number from 0 to 999999`, "write for example --luck 1");
}

function conditionsNamed(name: string | undefined): readonly Condition[] {
  const conditions = CONDITIONS.filter((condition) => name === undefined || condition.name === name);
  if (conditions.length > 0) return conditions;
  throw usage(`there is no condition "${name}"`, `conditions are ${CONDITIONS.map((each) => each.name).join(", ")}`);
}

function usage(what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code: "VALIDATION_USAGE", what, fix });
}
