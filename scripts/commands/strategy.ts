/** `meridian strategy`: begins a strategy of your own, or writes one as a gateway's configuration. */
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { sortedNumbers } from "../../simulator/base/statistics.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import { readDecisions } from "../bedrock/decision-file.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { environmentProblem } from "../io/text-files.ts";
import { EXPORT_FORMATS } from "../strategy/exports.ts";
import { beginStrategy } from "../strategy/template.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { addScenarioOptions, overridesOf } from "./options.ts";

export const strategyCommand: CommandDefinition = {
  examples: [
    ["meridian strategy new mine.ts", "writes a strategy that works, to be changed; .js for JavaScript"],
    [
      "meridian strategy export a.yaml --strategy least-outstanding",
      "the scenario's strategy as LiteLLM's configuration",
    ],
    ["meridian strategy export a.yaml --strategy priority --as envoy -o route.yaml", "as Envoy AI Gateway's resources"],
    ["meridian strategy history audit.jsonl", "p95 of each target by hour, as cheapest-within takes it"],
    ["meridian strategy export a.yaml --as module -o router.mjs", "as a module with a router and a client"],
  ],
  configure: (command) => {
    addScenarioOptions(command);
    command
      .argument("<action>", Object.keys(ACTIONS).join(", "))
      .argument("<file...>", "new: the strategy's file; export: the scenario; history: a decision log or an audit")
      .option("--as <format>", "export: litellm, envoy or module", "litellm")
      .option("--strategy <name>", "export: which of the scenario's strategies; the first unless given")
      .option("-o, --output <file>", "export: write to a file instead of stdout");
  },
  run: runStrategy,
};

const ACTIONS: Readonly<Record<string, (input: CommandInput) => Promise<number>>> = {
  new: ({ args, terminal }) => beginStrategy(args[1]!, terminal),
  export: exportStrategy,
  history: printHistory,
};

async function runStrategy(input: CommandInput): Promise<number> {
  const action = input.args[0]!;
  const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (run !== undefined) return run(input);
  const fix = suggestOneOf(action, Object.keys(ACTIONS));
  throw new MeridianError("usage", { code: "STRATEGY_ACTION", what: `there is no action "${action}"`, fix });
}

/** Prints p95 by target and hour as the option `history` of cheapest-within. */
async function printHistory({ args, options, terminal }: CommandInput): Promise<number> {
  const found = await historyOf(args.slice(1));
  if (options.json === true) {
    terminal.out(jsonDocument("strategy-history", { files: args.slice(1), targets: Object.fromEntries(found) }));
    return EXIT_CODES.ok;
  }
  for (const [target, { calls, filled }] of found) {
    const few = filled === 0 ? "" : `; ${filled} hours had too few calls, and have the p95 of the day`;
    terminal.note(`${target}: ${calls.toLocaleString("en-US")} served calls${few}`);
  }
  const lines = [...found].map(
    ([target, { p95Ms }]) => `  ${JSON.stringify(target)}: [${p95Ms.map((ms) => `${ms}ms`).join(", ")}]`,
  );
  terminal.out(["history:", ...lines].join("\n"));
  return EXIT_CODES.ok;
}

/** Prints the strategy in a gateway's words, and says what they cannot. */
async function exportStrategy({ args, options, terminal }: CommandInput): Promise<number> {
  const names = EXPORT_FORMATS.map(({ name }) => name);
  const format = EXPORT_FORMATS.find(({ name }) => name === options.as);
  if (format === undefined) {
    const what = `a strategy cannot be exported as "${options.as}"`;
    const fix = suggestOneOf(String(options.as), names);
    throw new MeridianError("usage", { code: "STRATEGY_FORMAT", what, where: "--as", fix });
  }
  const named = options.strategy as string | undefined;
  const asked = { overrides: overridesOf(options), strategies: named === undefined ? [] : [named] };
  const { plan } = (await prepareExperiment(args[1]!, asked)).inputs;
  const strategy = plan.strategies[0]!;
  const { text, document, lost } = await format.write(plan, strategy);
  if (options.json === true) {
    const body = { strategy: strategy.name, format: format.name, config: document, lost };
    terminal.out(jsonDocument("strategy-export", body));
    return EXIT_CODES.ok;
  }
  if (typeof options.output !== "string") terminal.out(text.trimEnd());
  else {
    const { default: writeFileAtomic } = await import("write-file-atomic");
    await writeFileAtomic(options.output, text).catch((error: unknown) => {
      const fix = "choose a folder that can be written to";
      throw new MeridianError(
        "environment",
        environmentProblem("STRATEGY_NOT_WRITTEN", error, String(options.output), fix),
      );
    });
    for (const line of lost) terminal.note(`not kept: ${line}`);
    terminal.note(`wrote ${options.output}`);
  }
  return EXIT_CODES.ok;
}

/** What was found of one target. */
export interface TargetHistory {
  /** p95 of served attempts by UTC hour, ms; an hour with too few has that of the whole day. */
  readonly p95Ms: readonly number[];
  readonly calls: number;
  /** Hours that had too few calls of their own. */
  readonly filled: number;
}

/** From so few calls no p95 is taken: the largest of 20 is beyond it with a chance of a third. */
const CALLS_MIN = 60;

/**
 * Reads decision logs of clients, or audits of runs (`simulate --audit`), of any number of days.
 *
 * @throws MeridianError data DECISION_LOG_BAD_ROW, HISTORY_EMPTY
 */
export async function historyOf(files: readonly string[]): Promise<ReadonlyMap<string, TargetHistory>> {
  const byTarget = new Map<string, number[][]>();
  for (const file of files) {
    await readDecisions(file, ({ attempts }) => {
      for (const { target, outcome, givenUp, sentAt, endedAt, e2eMs } of attempts) {
        if (outcome !== "ok" || givenUp) continue;
        const hours = byTarget.get(target) ?? Array.from({ length: 24 }, () => []);
        byTarget.set(target, hours);
        hours[Math.floor(sentAt / HOUR_MS) % 24]!.push(e2eMs ?? endedAt - sentAt);
      }
    });
  }
  const known = [...byTarget].filter(([, hours]) => hours.flat().length >= CALLS_MIN);
  if (known.length === 0) {
    const what = `no target has ${CALLS_MIN} served calls`;
    const fix = "give decision logs, or audits of runs, of more traffic: simulate --audit audit.jsonl";
    throw new MeridianError("data", { code: "HISTORY_EMPTY", what, where: files.join(", "), fix });
  }
  return new Map(known.sort(([a], [b]) => (a < b ? -1 : 1)).map(([target, hours]) => [target, historyOfHours(hours)]));
}

function historyOfHours(hours: readonly (readonly number[])[]): TargetHistory {
  const all = hours.flat();
  const day = p95(all);
  return {
    p95Ms: hours.map((calls) => (calls.length >= CALLS_MIN ? p95(calls) : day)),
    calls: all.length,
    filled: hours.filter((calls) => calls.length < CALLS_MIN).length,
  };
}

/** Rank p (n - 1), interpolated, as everywhere. */
function p95(values: readonly number[]): number {
  const sorted = sortedNumbers(values);
  const at = 0.95 * (sorted.length - 1);
  const below = Math.floor(at);
  const part = at - below;
  const value = sorted[below]! * (1 - part) + (sorted[below + 1] ?? sorted[below]!) * part;
  return Math.round(value);
}
