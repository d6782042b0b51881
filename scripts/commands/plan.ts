/** `meridian plan`: which quota, how many regions, which profile, what to reserve and to defer, each with its run. */
import { join } from "node:path";
import { Option } from "commander";
import writeFileAtomic from "write-file-atomic";
import { renderAdviceHtml, renderAdviceMarkdown, renderAdviceText } from "../../reports/advice/index.ts";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { parseCount, parseShare } from "../../simulator/base/quantities.ts";
import { formatDecimal } from "../../simulator/bill/bill-line.ts";
import { precisionRule } from "../io/run-precise.ts";
import { requireStore } from "../io/run-store.ts";
import { makePlan } from "../plan/make-plan.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { addScenarioOptions, overridesOf, RUNS_FOLDER, wholeNumber } from "./options.ts";

export const planCommand: CommandDefinition = {
  examples: [
    ["meridian plan scenarios/as-published.yaml", "every question, answered from runs of some minutes in all"],
    ["meridian plan a.yaml --strategy fallback --headroom 50%", "quotas for this strategy, with room to grow"],
    ["meridian plan a.yaml --report plan", "also plan.html, plan.md and plan.json in a folder"],
    ["meridian plan a.yaml --budget 50M", "more requests: narrower intervals, longer runs"],
    ["meridian plan a.yaml --precision 2%", "replications until each interval is within 2 % of its value"],
  ],
  configure: (command) => {
    command.argument("<scenario>", "scenario file");
    addScenarioOptions(command);
    command
      .option("--strategy <name>", "size quotas for this strategy; the one that the run prefers unless given")
      .option("--headroom <share>", "ask for this much more than the busiest minute needs", "20%")
      .addOption(new Option("--budget <requests>", "simulate about so many requests in all").default("15M"))
      .option("--precision <share>", "add replications until p95 and cost are within it, e.g. 2%; no budget then")
      .option("--unit-tpm <tokens>", "tokens a minute that a model unit of provisioned throughput serves, e.g. 300k")
      .option("--workers <n>", "worker threads; the result does not depend on it", wholeNumber(1))
      .option("--out <dir>", "folder that receives the runs behind the answers", RUNS_FOLDER)
      .option("--report <dir>", "folder for plan.html, plan.md and plan.json");
  },
  run: runPlan,
};

async function runPlan({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const headroom = parseShare(String(options.headroom));
  const budget = parseCount(String(options.budget));
  if (headroom === undefined || headroom < 0)
    throw usage("--headroom", "PLAN_HEADROOM", "write a percentage, e.g. 20%");
  if (budget === undefined || budget < 1)
    throw usage("--budget", "PLAN_BUDGET", "write a number of requests, e.g. 10M");
  const unitTpm = options.unitTpm === undefined ? undefined : parseCount(String(options.unitTpm));
  if (options.unitTpm !== undefined && (unitTpm === undefined || unitTpm < 1))
    throw usage("--unit-tpm", "PLAN_UNIT_TPM", "write tokens a minute, input and output together, e.g. 300k");
  await requireStore(String(options.out));
  if (options.report !== undefined) await requireStore(String(options.report), "--report");
  const advice = await makePlan(
    { file: args[0]!, overrides: overridesOf(options) },
    {
      out: String(options.out),
      workers: options.workers as number | undefined,
      terminal,
      signal,
      precision: options.precision === undefined ? undefined : precisionRule({ precision: options.precision }),
      strategy: options.strategy as string | undefined,
      headroom,
      budget,
      unitTpm,
      replications: options.replications as number | undefined,
    },
  );
  const json = jsonDocument("plan", plain(advice));
  if (options.report !== undefined) {
    const folder = String(options.report);
    await writeFileAtomic(join(folder, "plan.html"), await renderAdviceHtml(advice));
    await writeFileAtomic(join(folder, "plan.md"), renderAdviceMarkdown(advice));
    await writeFileAtomic(join(folder, "plan.json"), `${json}\n`);
    terminal.note(`written: ${join(folder, "plan.html")}, plan.md, plan.json`);
  }
  terminal.out(options.json === true ? json : renderAdviceText(advice, terminal));
  return EXIT_CODES.ok;
}

function usage(where: string, code: string, fix: string): MeridianError {
  return new MeridianError("usage", { code, what: "this value cannot be read", where, fix });
}

/** Amounts as exact decimals in texts: JSON's numbers would lose digits. */
function plain(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value, (_, one) => (typeof one === "bigint" ? formatDecimal(one) : one)));
}
