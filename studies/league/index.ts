/**
 * `npm run league -- flagship ...`: the same strategies on shipped scenarios, as a table with intervals, and whether one
 * that learns beats all that do not. Words name scenarios (all unless given).
 * Options: --replications N, --p95 10s (ceiling of cheapest-within), --set path=value (repeatable). See
 * docs/league.md.
 */
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { prepareExperiment } from "../../scripts/io/experiment.ts";
import { parseSet } from "../../scripts/io/overrides.ts";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { jobsOf, runExperiment } from "../../scripts/io/run-experiment.ts";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { runCommand, usageError, wholeNumber } from "../arguments.ts";
import { leagueTable, learnersText } from "./table.ts";

const USAGE = "LEAGUE_USAGE";

await runCommand(main);

/** What can run on any scenario: nothing that names targets. */
function strategies(p95: string): readonly unknown[] {
  return [
    "random",
    "round-robin",
    "least-outstanding",
    "least-latency",
    "lowest-usage",
    "power-of-d",
    "price-weighted",
    "cheapest",
    { "cheapest-within": { p95 } },
    { "cheapest-hour": { p95 } },
    { "most-headroom": { below: "30%" } },
    { score: { score: { price: 1, failures: 1 }, p95 } },
    { name: "litellm latency", litellm: { routing: "latency-based-routing", buffer: 0.1 } },
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
  for (const file of files) {
    const given = (path: string, value: unknown) => ({ path: path.split("."), value, origin: "league" });
    const overrides = [
      given("strategies", strategies(values.p95)),
      given("assert", []),
      given("baseline", "random"),
      given("validation", {}),
      given("replications", wholeNumber(USAGE, "replications", values.replications)),
      ...values.set.map(parseSet),
    ];
    const experiment = await prepareExperiment(join(PACKAGE_ROOT, file), { overrides, strategies: [] });
    const jobs = jobsOf(experiment);
    const quiet = { onProgress: () => {}, onJobDone: () => {}, signal: new AbortController().signal };
    const result = await runExperiment(experiment, jobs, quiet);
    const text = [`## ${basename(file, ".yaml")}`, leagueTable(result), ...learnersText(result)].join("\n\n");
    process.stdout.write(`${text}\n\n`);
  }
  return EXIT_CODES.ok;
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
      },
    });
  } catch (error) {
    throw usageError(USAGE, (error as Error).message, "options are --replications --p95 --set");
  }
}
