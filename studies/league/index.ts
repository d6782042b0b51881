/**
 * `npm run league -- flagship ...`: the same strategies on shipped scenarios, as a table with intervals, how far each is
 * from the least possible, and whether one that learns beats all that do not. Words name scenarios (all unless given).
 * Options: --replications N, --p95 10s (ceiling of cheapest-within), --set path=value (repeatable), --write (also writes
 * docs/league-table.md), --whole. See docs/league.md.
 */
import { globSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { learnersText } from "../../reports/tables/learners.ts";
import { type PreparedExperiment, prepareExperiment } from "../../scripts/io/experiment.ts";
import { parseSet } from "../../scripts/io/overrides.ts";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { jobsOf, runExperiment } from "../../scripts/io/run-experiment.ts";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { runCommand, usageError, wholeNumber } from "../arguments.ts";
import { boundLines, leagueTable } from "./table.ts";

const USAGE = "LEAGUE_USAGE";

const PAGE = "docs/league-table.md";

/** What names strategies of the scenario's own: without them it cannot stand. */
const NAMING_STRATEGIES: readonly { readonly scenario: string; readonly path: string; readonly value: unknown }[] = [
  { scenario: "spiky-eu", path: "world.reserved", value: [] },
];

/** Too long to run whole under every strategy: slices of it, unless `--whole` is given. */
const SLICED: Readonly<Record<string, object>> = { flagship: { count: 24, length: "3m" } };

await runCommand(main);

/** What can run on any scenario: nothing that names targets. */
function strategies(p95: string): readonly unknown[] {
  return [
    "random",
    "round-robin",
    "least-outstanding",
    "power-of-two",
    "least-latency",
    "lowest-usage",
    "prefix-affinity",
    "price-weighted",
    "cheapest",
    { "cheapest-within": { p95 } },
    { "cheapest-hour": { p95 } },
    { "most-headroom": { below: "30%" } },
    { score: { score: { price: 1, failures: 1 }, p95 } },
    { name: "litellm shuffle", litellm: {} },
    { name: "litellm latency", litellm: { routing: "latency-based-routing", buffer: 0.1 } },
    { name: "litellm cost", litellm: { routing: "cost-based-routing" } },
    "bandit",
    { "drift-plus-penalty": { missed: "3%" } },
  ];
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(argv);
  const files = globSync("scenarios/*.yaml", { cwd: PACKAGE_ROOT })
    .sort()
    .filter((file) => positionals.length === 0 || positionals.includes(basename(file, ".yaml")));
  if (files.length === 0) {
    throw usageError(USAGE, `no shipped scenario is called ${positionals.join(" or ")}`, "see scenarios/");
  }
  const page: string[] = [];
  for (const file of files) {
    const name = basename(file, ".yaml");
    const given = (path: string, value: unknown) => ({ path: path.split("."), value, origin: "league" });
    const sliced = SLICED[name];
    const overrides = [
      ...(sliced === undefined || values.whole ? [] : [given("slices", sliced)]),
      given("strategies", strategies(values.p95)),
      given("assert", []),
      ...NAMING_STRATEGIES.filter(({ scenario }) => scenario === name).map(({ path, value }) => given(path, value)),
      given("baseline", "random"),
      given("validation", {}),
      given("replications", wholeNumber(USAGE, "replications", values.replications)),
      ...values.set.map(parseSet),
    ];
    const experiment = await prepareExperiment(join(PACKAGE_ROOT, file), { overrides, strategies: [] });
    const heading = `## ${name}`;
    const text = hasChoice(experiment.inputs.plan)
      ? [heading, ...(await sectionOf(experiment))].join("\n\n")
      : `${heading}\n\nOne target for each class: there is nothing to choose.`;
    process.stdout.write(`${text}\n\n`);
    page.push(text);
  }
  if (values.write) writeFileSync(join(PACKAGE_ROOT, PAGE), pageText(page, positionals, values));
  return EXIT_CODES.ok;
}

/** Whether some class may go to more than one target. */
function hasChoice({ classes }: Plan): boolean {
  return classes.some(({ legal }) => legal.reduce((sum, each) => sum + each, 0) > 1);
}

async function sectionOf(experiment: PreparedExperiment): Promise<readonly string[]> {
  const jobs = jobsOf(experiment);
  const quiet = { onProgress: () => {}, onJobDone: () => {}, signal: new AbortController().signal, foresight: true };
  const result = await runExperiment(experiment, jobs, quiet);
  return [leagueTable(result), ...boundLines(result), ...learnersText(result)];
}

function pageText(
  sections: readonly string[],
  names: readonly string[],
  { replications, p95, set }: { replications: string; p95: string; set: readonly string[] },
): string {
  const options = [
    ...names,
    `--replications ${replications}`,
    `--p95 ${p95}`,
    ...set.map((each) => `--set ${each}`),
  ].join(" ");
  const head = `# Every strategy on every shipped scenario

Written by \`npm run league -- --write ${options}\`: ${replications} replications of each, the same traffic and draws for
all; the flagship's day by 24 slices of three minutes (\`--whole\` runs all of it). [How to read it](league.md).`;
  return `${[head, ...sections].join("\n\n")}\n`;
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        replications: { type: "string", default: "3" },
        p95: { type: "string", default: "10s" },
        set: { type: "string", multiple: true, default: [] },
        write: { type: "boolean", default: false },
        whole: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw usageError(USAGE, (error as Error).message, "options are --replications --p95 --set --write --whole");
  }
}
