import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDurationMs } from "../../simulator/scenario/units.ts";
import type { ProbeSettings } from "../io/probe/prepare.ts";
import { wholeNumber } from "../io/scenario-options.ts";
import type { CommonOptions } from "./command.ts";

/** Adds the options that say what is called, where and as whom; `probe` and `doctor` share them. */
export function addProbeTargetOptions(command: Command): void {
  command
    .option("--region <name...>", "regions to call; AWS_REGION unless given")
    .option("--model <id...>", "models or inference profiles to call")
    .addOption(
      new Option("--endpoint-url <url>", "one endpoint for all regions, e.g. http://127.0.0.1:7400").conflicts(
        "endpoints",
      ),
    )
    .option("--endpoints <file>", "file that maps regions to URLs, as bench --target takes it")
    .option("--allow-host <host...>", "hosts other than this machine that the URLs may name")
    .option("--profile <name>", "profile of the shared AWS files")
    .addOption(new Option("--price <in,out>", "USD per million tokens, where no price is known").argParser(prices))
    .addOption(new Option("--budget-usd <usd>", "spend no more than this").argParser(usd))
    .option("--yes", "spend it without asking");
}

/** Adds the options of how many calls there are, how often and how large. */
export function addProbePaceOptions(command: Command): void {
  command
    .addOption(new Option("--count <n>", "calls of each region and model").default(20).argParser(countUpTo(1000)))
    .addOption(duration("--interval <time>", "from one call of a region to the next", "2s"))
    .addOption(duration("--timeout <time>", "how long one call may take", "60s"))
    .addOption(duration("--limit <time>", "after so long no call begins", "30m"))
    .addOption(tokens("--input-tokens <n>", "size of the prompt, about", 500))
    .addOption(tokens("--output-tokens <n>", "tokens of the answer at most", 100))
    .addOption(new Option("--seed <n>", "seed of prompts and pauses").default(1).argParser(wholeNumber(0)));
}

export function probeSettings(scenario: string | undefined, options: CommonOptions): ProbeSettings {
  return {
    scenario,
    regions: (options.region as readonly string[] | undefined) ?? [],
    models: (options.model as readonly string[] | undefined) ?? [],
    endpointUrl: options.endpointUrl as string | undefined,
    endpoints: options.endpoints as string | undefined,
    allowedHosts: (options.allowHost as readonly string[] | undefined) ?? [],
    profile: options.profile as string | undefined,
    prices: options.price as ProbeSettings["prices"],
    inputTokens: (options.inputTokens as number | undefined) ?? 20,
    outputTokens: (options.outputTokens as number | undefined) ?? 5,
    env: process.env,
  };
}

function duration(flags: string, description: string, standard: string): Option {
  return new Option(flags, description).default(parseDurationMs(standard), standard).argParser((text) => {
    const ms = parseDurationMs(text);
    if (ms !== undefined && ms > 0 && ms <= MS_MAX) return ms;
    throw new InvalidArgumentError("It must be a time such as 500ms, 2s or 5m.");
  });
}

/** Timers hold no more. */
const MS_MAX = 2 ** 31 - 1;

function tokens(flags: string, description: string, standard: number): Option {
  return new Option(flags, description).default(standard).argParser(countUpTo(200_000));
}

function countUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = wholeNumber(1)(text);
    if (value <= max) return value;
    throw new InvalidArgumentError(`It must be at most ${max}.`);
  };
}

function prices(text: string): ProbeSettings["prices"] {
  const [input = Number.NaN, output = Number.NaN, ...more] = text.split(",").map((part) => Number(part.trim() || "x"));
  if (more.length === 0 && input >= 0 && output >= 0 && input < 1e6 && output < 1e6) return { input, output };
  throw new InvalidArgumentError("It must be two prices in USD per million tokens, such as 3,15.");
}

function usd(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be an amount in USD above 0, such as 0.50.");
}
