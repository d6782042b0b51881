/** `meridian compare`: runs against a baseline run, with intervals, gates and one answer. */
import { basename, dirname, join } from "node:path";
import { EXIT_CODES, formatProblem, MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { compareRuns } from "../../simulator/compare/compare.ts";
import { type Gate, judgeGates, parseGate, rowsOfGates } from "../../simulator/compare/gates.ts";
import type { ComparisonResult } from "../../simulator/compare/result.ts";
import { SAMPLE_METRICS, type SampleMetric } from "../../simulator/experiment/result.ts";
import { type LoadedRun, loadRun } from "../compare/load.ts";
import { FORMATS, formatOf, keepComparison, writeComparison } from "../compare/write.ts";
import { findRuns } from "../store/find-runs.ts";
import type { CommandDefinition, CommandInput, CommonOptions } from "./command.ts";
import { RUNS_FOLDER } from "./options.ts";

export const compareCommand: CommandDefinition = {
  examples: [
    ["meridian compare latest~1 latest", "the run before the last one against the last one"],
    ["meridian compare runs/a runs/b runs/c", "b and c against a"],
    ["meridian compare latest --baseline main", "against the run that `meridian runs name main` named"],
    ["meridian compare latest~1 latest --fail-on regression", "exit 99 where anything is shown to be worse"],
    ["meridian compare a.json b.json --fail-on 'p95(e2e, class=chat) > +5%' --junit gates.xml", "a gate, for a build"],
    ["meridian compare 'acme-*' --format html -o compare.html", "all of them, with charts side by side"],
  ],
  configure: (command) => {
    command
      .argument("<runs...>", "run folders, result files, ids, patterns of ids, latest, latest~1, baselines, tag:<tag>")
      .option("--baseline <run>", "the run that the others are compared with; the first one unless given")
      .option(
        "--fail-on <gate...>",
        "regression, or a change such as 'p95(e2e, class=chat) > +5%'; exit 99 where it fails",
      )
      .option("--metric <name...>", "only these metrics, as result.json names them, e.g. e2eMsP99")
      .option("--by-region", "also by region that ran the requests")
      .option("--by-tag", "also by tag of the classes: share of requests, failures and bill")
      .option("--match <a=b...>", "compare strategy a of the baseline run with strategy b of the others")
      .option("--force", "compare in spite of what makes the runs unlike; the reason is shown")
      .option("--format <format>", `${FORMATS.join(", ")}; by the output's ending unless given`)
      .option("-o, --output <file>", "write the comparison to a file")
      .option("--junit <file>", "also write the gates as JUnit XML")
      .option("--out <dir>", "the runs folder", RUNS_FOLDER);
  },
  run: runCompare,
};

async function runCompare({ args, options, terminal }: CommandInput): Promise<number> {
  const names = typeof options.baseline === "string" ? [options.baseline, ...args] : args;
  const format = formatOf(options);
  const found = await findRuns(names, String(options.out));
  if (found.length < 2) {
    const what = found.length === 1 ? `only ${found[0]!.label} was named` : "no run was named";
    throw new MeridianError("usage", {
      code: "COMPARE_ONE_RUN",
      what: `${what}: there is nothing to compare it with`,
      fix: "name two runs or more, for example latest~1 latest",
    });
  }
  const runs: LoadedRun[] = [];
  const named = distinctLabels(found);
  for (const run of named) runs.push(await loadRun(run));
  for (const { note } of runs) if (note !== undefined) terminal.note(`note: ${note}`);
  const gates = ((options.failOn as readonly string[] | undefined) ?? []).map((text) =>
    parseGate(text, runs[0]!.result),
  );
  const result = comparisonOf(runs, gates, options);
  await writeComparison(result, { format, options, terminal, runs });
  const lost = await keepComparison(String(options.out), named, result);
  if (lost !== undefined) terminal.note(`note: the comparison is not kept for meridian sql: ${lost}`);
  return verdictCode(result, gates, terminal.problem);
}

function comparisonOf(runs: readonly LoadedRun[], gates: readonly Gate[], options: CommonOptions): ComparisonResult {
  const first = runs[0]!.result;
  const comparison = compareRuns(runs, {
    force: options.force === true,
    byRegion: options.byRegion === true,
    byTag: options.byTag === true,
    also: rowsOfGates(gates, first),
    ...metricsOf(options),
    match: matchOf(options),
  });
  return { ...comparison, gates: judgeGates(gates, comparison, first) };
}

/** Labels are unique: of runs of one name, the folder around them is told, and the whole path where that is not enough. */
function distinctLabels<T extends { readonly label: string; readonly folder: string }>(
  runs: readonly T[],
): readonly T[] {
  const withName = (run: T, all: readonly T[], name: string) =>
    all.filter(({ label }) => label === run.label).length > 1 ? { ...run, label: name } : run;
  const near = runs.map((run) => withName(run, runs, join(basename(dirname(run.folder)), run.label)));
  return near.map((run) => withName(run, near, run.folder));
}

function metricsOf(options: CommonOptions): { readonly metrics?: readonly SampleMetric[] } {
  const asked = (options.metric as readonly string[] | undefined) ?? [];
  if (asked.length === 0) return {};
  const unknown = asked.filter((name) => !(SAMPLE_METRICS as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new MeridianError(
      "usage",
      unknown.map((name) => ({
        code: "COMPARE_METRIC",
        what: `there is no metric "${name}"`,
        where: "--metric",
        fix: suggestOneOf(name, SAMPLE_METRICS),
      })),
    );
  }
  return { metrics: asked as readonly SampleMetric[] };
}

function matchOf(options: CommonOptions): ReadonlyMap<string, string> {
  const pairs = ((options.match as readonly string[] | undefined) ?? []).map((text) => {
    const at = text.indexOf("=");
    if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)] as const;
    throw new MeridianError("usage", {
      code: "COMPARE_MATCH",
      what: `"${text}" names no two strategies`,
      where: "--match",
      fix: "write --match single=cheapest",
    });
  });
  return new Map(pairs);
}

function verdictCode(result: ComparisonResult, gates: readonly Gate[], problem: (text: string) => void): number {
  const refusals = result.forced ? [] : result.pairings.flatMap((pairing) => pairing.refusals);
  if (refusals.length > 0) {
    const fix = "compare runs of one length, warm-up and billing rule, or add --force to see the numbers all the same";
    throw new MeridianError(
      "data",
      refusals.map((what) => ({ code: "COMPARE_REFUSED", what: what.replace(/\.$/, ""), fix })),
    );
  }
  if (result.rows.length === 0) {
    const what = "the runs have no strategy in common";
    throw new MeridianError("data", { code: "COMPARE_NOTHING", what, fix: "pair strategies with --match a=b" });
  }
  const failed = result.gates.filter(({ passed }) => !passed);
  for (const gate of failed) problem(formatProblem({ code: "GATE_FAILED", what: `${gate.text}; found ${gate.found}` }));
  return gates.length > 0 && failed.length > 0 ? EXIT_CODES.assertion : EXIT_CODES.ok;
}
