/** `meridian init`: writes a first scenario from five answers, or from a file of recorded calls. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { AWS_REGIONS, regionDirectory } from "../../simulator/base/regions.ts";
import { createProfileBook } from "../../simulator/service/profiles.ts";
import {
  type Answers,
  answersFrom,
  DEFAULTS,
  type Question,
  recordedAnswers,
  scenarioText,
} from "../init/first-scenario.ts";
import { prepareText } from "../io/experiment.ts";
import { PACKAGE_ROOT } from "../io/process.ts";
import { loadReference } from "../io/reference.ts";
import { environmentProblem } from "../io/text-files.ts";
import { beginStrategy } from "../strategy/template.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, jsonDocument } from "./command.ts";

const EXAMPLE = "azure-conv-2023";
const QUESTIONS: readonly Question[] = ["regions", "model", "rate", "objective", "quota"];

export const initCommand: CommandDefinition = {
  examples: [
    ["meridian init", "asks five questions and writes scenario.yaml"],
    ["meridian init mine.yaml --from calls.csv", "replays recorded calls, of any format that is read"],
    ["meridian init --example", "an hour of recorded chat, nothing asked"],
    ["meridian init mine.ts --strategy", "a strategy of your own to begin with, as strategy new writes it"],
    ["meridian init --yes --regions eu-west-1,eu-central-1 --rate 50k/d", "answers as options, defaults for the rest"],
  ],
  configure: (command) => {
    command
      .argument("[file]", "scenario to write; one that is there is never overwritten", "scenario.yaml")
      .option("--from <calls>", "recorded calls to replay: a file, or a recording of list traces")
      .option("--example", `the same as --from ${EXAMPLE} --yes`)
      .option("-y, --yes", "asks nothing: defaults for all that is not given")
      .option("--regions <names>", "regions that may be called, with commas; the first is home")
      .option("--model <id>", "Bedrock id of the model")
      .option("--rate <rate>", "calls at the busiest time: 2/s, 300/min, 50k/d")
      .option("--objective <time>", "time within which 95 % of the answers are to be complete")
      .option("--quota <tokens>", "tokens a minute in each region; none for no limit")
      .option("--format <name>", "format of the recorded calls, where it is not to be found")
      .option("--strategy", "write a strategy of your own in place of a scenario: mine.ts, mine.js");
  },
  run: runInit,
};

async function runInit({ args, options, terminal, signal }: CommandInput): Promise<number> {
  if (options.strategy === true) {
    return beginStrategy(args[0] === "scenario.yaml" ? "mine.ts" : args[0]!, terminal);
  }
  const file = args[0] ?? "scenario.yaml";
  // Before a question is asked, not after the last one.
  if (existsSync(file)) throw fileExists(file);
  const base = await baseOf(file, options);
  const given = Object.fromEntries(
    QUESTIONS.flatMap((each) => (typeof options[each] === "string" ? [[each, options[each]]] : [])),
  ) as Partial<Record<Question, string>>;
  const answers = await answered(base, given, options, signal);
  const { text, summary } = await soundText(file, answers);
  await writeNew(file, text);
  if (options.json === true) terminal.out(jsonDocument("init", { file, answers }));
  else {
    terminal.out(`wrote ${file}: ${summary}`);
    terminal.out(`next: npx meridian check ${file}`);
  }
  return EXIT_CODES.ok;
}

async function baseOf(file: string, options: CommonOptions): Promise<Answers> {
  const from = options.from ?? (options.example === true ? EXAMPLE : undefined);
  if (typeof from !== "string") return DEFAULTS;
  return recordedAnswers(from, dirname(resolve(file)), options);
}

/** Asked on a terminal; elsewhere only what was given counts, and --yes says that the defaults may stand for the rest. */
async function answered(
  base: Answers,
  given: Readonly<Partial<Record<Question, string>>>,
  options: CommonOptions,
  signal: AbortSignal,
): Promise<Answers> {
  if (options.yes === true || options.example === true) return answersFrom(given, base);
  const { stdin, stderr } = process;
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    const what = "there is no terminal to ask five questions on";
    const fix = "say --yes for the defaults, with --regions, --model, --rate, --objective or --quota for what differs";
    throw new MeridianError("usage", { code: "INIT_NO_TERMINAL", what, fix });
  }
  answersFrom(given, base);
  const { askFor } = await import("../init/ask.ts");
  return askFor(base, given, { signal, streams: { input: stdin, output: stderr } });
}

/** The text, once it is a scenario that would run. @throws MeridianError what `check` would say of the answers */
async function soundText(file: string, answers: Answers): Promise<{ readonly text: string; readonly summary: string }> {
  const folder = dirname(resolve(file));
  const schema = relative(folder, join(PACKAGE_ROOT, "scenarios", "scenario.schema.json")).replaceAll("\\", "/");
  const name = basename(file, extname(file));
  const plain = scenarioText({ name, answers, schema, profiles: [], reached: [] });
  try {
    return { text: plain, summary: (await prepareText(plain, file)).summary };
  } catch (error) {
    if (!(error instanceof MeridianError)) throw error;
    if (!error.problems.some(({ code }) => code === "MODEL_ONLY_THROUGH_PROFILES")) throw error;
    const sold = await throughProfiles(answers);
    const text = scenarioText({ name, answers, schema, ...sold });
    return { text, summary: (await prepareText(text, file)).summary };
  }
}

/** Targets of a model that is sold only through inference profiles: of each region the geographic one. */
async function throughProfiles({
  regions,
  model,
}: Answers): Promise<{ readonly profiles: readonly string[]; readonly reached: readonly string[] }> {
  const book = createProfileBook({
    data: (await loadReference()).profiles,
    spec: { restrictToWorld: false, define: [] },
    directory: regionDirectory(),
    worldRegions: AWS_REGIONS.map(({ id }) => id),
  });
  const profiles: string[] = [];
  const reached = new Set<string>();
  for (const source of regions) {
    const profile = book.profilesOf(model, source).find((id) => !id.startsWith("global."));
    if (profile === undefined) continue;
    const route = book.route({ profile, source });
    if (!("destinations" in route)) continue;
    profiles.push(`${source}/${profile.split(".")[0]}`);
    for (const each of route.destinations) if (!regions.includes(each)) reached.add(each);
  }
  return { profiles, reached: [...reached] };
}

async function writeNew(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: "wx" }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw fileExists(file);
    const fix = "choose a folder that exists and can be written to";
    throw new MeridianError("environment", environmentProblem("INIT_NOT_WRITTEN", error, file, fix));
  });
}

function fileExists(file: string): MeridianError {
  const fix = "give another name: meridian init other.yaml";
  return new MeridianError("usage", { code: "INIT_FILE_EXISTS", what: "this file is there already", where: file, fix });
}
