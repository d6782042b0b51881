/** `meridian traffic`: describes recorded requests, fits a model to them, generates and converts traffic. */
import { type Command, Option } from "commander";
import writeFileAtomic from "write-file-atomic";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { TIME_UNITS } from "../../simulator/base/instants.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { describeTraffic } from "../../simulator/traffic/describe.ts";
import { FITTED_PROCESSES } from "../../simulator/traffic/fit/arrivals.ts";
import { environmentProblem } from "../io/text-files.ts";
import { readTraffic, refuseOverInput } from "../traffic/read.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { addBadRowOptions, wholeNumber } from "./options.ts";

/** What can be done with traffic. A new one is a line here and its file. */
const ACTIONS: Readonly<Record<string, () => Promise<(input: CommandInput) => Promise<number>>>> = {
  convert: async () => (await import("../traffic/convert.ts")).convert,
  describe: async () => describe,
  fit: async () => (await import("../traffic/fit.ts")).fit,
  generate: async () => (await import("../traffic/generate.ts")).generate,
};

export const trafficCommand: CommandDefinition = {
  examples: [
    ["meridian traffic describe s3-logs/", "rates, bursts, lengths, tenants; a page with pictures"],
    [
      "meridian traffic describe day.csv --columns time=ts input=prompt_tok output=answer_tok --unit s",
      "columns of your own",
    ],
    ["meridian traffic fit azure-code-2023 --out code.traffic.yaml", "a synthetic model, and whether it passes"],
    ["meridian traffic fit azure-code-2023 --process poisson", "how far one process is: this one fails"],
    ["meridian traffic fit day.csv --check-in my-world.yaml", "and whether your world would tell them apart"],
    [
      "meridian traffic generate code.traffic.yaml --requests 1000000 --out code.parquet",
      "as many requests as you like",
    ],
    [
      "meridian traffic generate code.traffic.yaml --duration 1h --as aiperf --out code.jsonl",
      "for another tool to replay",
    ],
    [
      "meridian traffic convert s3-logs/ --only tenant=search --slice 10m..40m --scale-rate 2 --out search.csv",
      "a part of it at twice the rate",
    ],
    [
      "meridian traffic convert a.jsonl b.csv --max-tokens quantile:99% --split-by model --anonymise key.txt --out all.parquet",
      "several files as one, split by model, without names",
    ],
    ["meridian traffic describe log.jsonl.gz --on-bad-row skip --json", "one JSON document"],
  ],
  configure,
  run: async (input) => {
    const [action = ""] = input.args;
    const load = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (load === undefined) {
      const what = action === "" ? "say what to do with the traffic" : `"${action}" cannot be done with traffic`;
      const fix = suggestOneOf(action, Object.keys(ACTIONS));
      throw new MeridianError("usage", { code: "TRAFFIC_ACTION", what, fix });
    }
    return (await load())({ ...input, args: input.args.slice(1) });
  },
};

function configure(command: Command): void {
  command
    .argument("<action>", Object.keys(ACTIONS).join(", "))
    .argument("[files...]", "files or folders of any format, or bundled recordings: see list formats, list traces")
    .option("--format <name>", "format of the files, where it is not to be found")
    .addOption(new Option("--unit <unit>", "unit of numeric times").choices([...TIME_UNITS]))
    .option("--columns <role=name...>", "what columns of yours mean: time=ts input=prompt_tok output=answer_tok")
    .option("--tag <key>", "tag of the requests whose value is their class label")
    .option("--tags <file>", 'rules that tag calls without a tag: tag team=search where modelId like "*haiku*"')
    .option("--out <file>", "file to write")
    .option(
      "--check-in <scenario>",
      "fit: whether its world answers the fitted traffic as the recorded: p95 within 5 %, throttles within one point",
    )
    .addOption(
      new Option("--process <name>", "fit: this process of arrivals alone, whether it passes or not").choices([
        ...FITTED_PROCESSES,
      ]),
    )
    .option("--scale-rate <factor>", "convert: rate multiplied by this, by whole copies and a thinned one")
    .option("--scale-time <factor>", "convert: times multiplied by this")
    .option("--slice <from..to>", "convert: a part, from the start of the recording: 10m..1h")
    .option("--thin <share>", "convert: keep this share of the requests: 10%")
    .option("--tile", "convert: repeat the recording to fill --duration")
    .option("--only <label=value...>", "convert: requests with these labels alone: tenant=search model=nova-lite")
    .addOption(
      new Option("--split-by <label>", "convert: a file for each value").choices([
        "class",
        "origin",
        "model",
        "tenant",
      ]),
    )
    .option("--map-model <from=to...>", "convert: models under other names: claude-haiku-4-5=haiku")
    .option(
      "--max-tokens <policy>",
      "convert: recorded, unset, a number, quantile:99% of the answers by class, or times:1.5",
    )
    .option(
      "--anonymise <key-file>",
      "convert: tenants, classes and sessions under pseudonyms made with this file's text",
    )
    .addOption(new Option("--requests <n>", "generate: so many requests").argParser(wholeNumber(1)))
    .option("--duration <time>", "generate: requests of so long a time; convert: up to then")
    .addOption(new Option("--seed <n>", "generate, convert: seed of all draws").argParser(wholeNumber(0)))
    .option(
      "--answer-time <time>",
      "generate: what an answer is assumed to take, for turns that follow it: 800ms+15ms/token (1s+20ms/token)",
    )
    .option(
      "--as <format>",
      "generate, convert: csv, jsonl, parquet, mooncake, aiperf or guidellm; by the file's name unless given",
    );
  addBadRowOptions(command);
  command.option("--rejects <file>", "with skip: where bad rows are listed", "rejects.jsonl");
}

/** Text or JSON, and a page beside it. @throws MeridianError data TRACE_*; environment TRAFFIC_NOT_SAVED */
async function describe({ args, options, terminal }: CommandInput): Promise<number> {
  const read = await readTraffic(args, options);
  const traffic = describeTraffic(read.columns, read.notes);
  const origin = { name: read.name, format: read.format, files: read.files, sha256: read.sha256 };
  const out = String(options.out ?? "traffic.html");
  await refuseOverInput(out, args);
  if (options.json !== true || options.out !== undefined) {
    const { renderTrafficHtml } = await import("../../reports/index.ts");
    await writeFileAtomic(out, await renderTrafficHtml(traffic, origin)).catch((error: unknown) => {
      const fix = "name a place that can be written to with --out";
      throw new MeridianError("environment", environmentProblem("TRAFFIC_NOT_SAVED", error, out, fix));
    });
  }
  if (options.json === true) terminal.out(jsonDocument("traffic", { ...origin, traffic }));
  else {
    const { trafficText } = await import("../../reports/index.ts");
    terminal.out(trafficText(traffic, origin));
    terminal.note(`page: ${out}`);
  }
  return EXIT_CODES.ok;
}
