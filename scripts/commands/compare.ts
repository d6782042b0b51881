/** `meridian compare`: runs against a baseline run, with intervals, gates and one answer. */
import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import junit, { type Builder } from "junit-report-builder";
import { EXIT_CODES, formatProblem, MeridianError, printable } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { compareRuns } from "../../simulator/compare/compare.ts";
import { type Gate, judgeGates, parseGate, rowsOfGates } from "../../simulator/compare/gates.ts";
import type { ComparisonResult } from "../../simulator/compare/result.ts";
import { SAMPLE_METRICS, type SampleMetric } from "../../simulator/experiment/result.ts";
import { type LoadedRun, loadRun } from "../compare/load.ts";
import { appendJobSummary, stableJson, writeReport } from "../io/text-files.ts";
import { type FoundRun, findRuns } from "../store/find-runs.ts";
import { comparisonRows, RUN_COMPARISONS } from "../store/tables/comparisons.ts";
import { openStoreWriter } from "../store/writer.ts";
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
    const fix =
      "compare valid runs of one length, warm-up and billing rule, or add --force to see the numbers all the same";
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

export const FORMATS = ["table", "md", "csv", "json", "html"] as const;
type Format = (typeof FORMATS)[number];

/** The format asked for: by its name, or by the ending of the output file. @throws MeridianError usage COMPARE_FORMAT */
export function formatOf(options: CommonOptions): Format {
  const ending = /\.([a-z]+)$/.exec(String(options.output ?? ""))?.[1];
  const asked =
    options.json === true ? "json" : String(options.format ?? (ending === "txt" ? "table" : (ending ?? "table")));
  const format = FORMATS.find((each) => each === asked);
  if (format !== undefined) return format;
  throw new MeridianError("usage", {
    code: "COMPARE_FORMAT",
    what: `there is no format "${asked}"`,
    fix: suggestOneOf(asked, FORMATS),
  });
}

interface WriteHow {
  readonly format: Format;
  readonly options: CommonOptions;
  readonly terminal: CommandInput["terminal"];
  readonly runs: readonly LoadedRun[];
}

/** Writes everything that the options ask for. */
export async function writeComparison(
  result: ComparisonResult,
  { format, options, terminal, runs }: WriteHow,
): Promise<void> {
  const reports = await import("../../reports/compare/index.ts");
  const output = typeof options.output === "string" ? options.output : undefined;
  const look = { colour: output === undefined && terminal.colour, width: output === undefined ? terminal.width : 120 };
  const render: Readonly<Record<Format, () => string | Promise<string>>> = {
    table: () => reports.renderComparisonTerminal(result, look),
    md: () => reports.renderComparisonMarkdown(result),
    csv: () => reports.renderComparisonCsv(result),
    json: () => stableJson(result),
    html: () =>
      reports.renderComparisonHtml(
        result,
        runs.map((run) => run.result),
      ),
  };
  const text = await render[format]();
  if (output === undefined) terminal.out(text.trimEnd());
  else {
    await writeReport(output, text);
    terminal.note(`wrote ${output}`);
    if (options.quiet !== true && format !== "table") terminal.note(result.verdict);
  }
  if (typeof options.junit === "string") {
    await writeReport(options.junit, junitText(result));
    terminal.note(`wrote ${options.junit}`);
  }
  await appendJobSummary(reports.renderComparisonMarkdown(result), process.env.GITHUB_STEP_SUMMARY);
}

/**
 * One test case a gate. A comparison without gates has one that passes, so that a build server finds a report.
 *
 * @returns a whole XML document
 */
export function junitText(result: ComparisonResult): string {
  // The package is CommonJS: its export is the builder itself, whatever its types say of a default.
  const builder = (junit as unknown as Builder).newBuilder();
  const names = result.runs.map(({ label }) => label).join(" vs ");
  const suite = builder.testSuite().name(printable(`meridian compare ${names}`));
  if (result.gates.length === 0) {
    suite.testCase().className("meridian.compare").name("compared").standardOutput(printable(result.verdict));
  }
  for (const { text, passed, found } of result.gates) {
    const test = suite.testCase().className("meridian.compare").name(printable(text));
    if (passed) test.standardOutput(printable(found));
    else test.failure(printable(found), "gate");
  }
  return builder.build();
}

/**
 * Writes the rows of a comparison; those of the same runs and groups are replaced. Nothing is kept where no run is of
 * this store: the comparison is about other folders.
 *
 * @param root the folder of runs
 * @param runs the runs as they were found, by the labels that the comparison has
 * @param now the instant that is written beside the rows
 * @returns why nothing could be kept; undefined where all is well. The comparison itself stands either way
 */
export async function keepComparison(
  root: string,
  runs: readonly Pick<FoundRun, "id" | "folder" | "label">[],
  result: ComparisonResult,
  now: () => Date = () => new Date(),
): Promise<string | undefined> {
  const isOurs = ({ folder }: Pick<FoundRun, "folder">) => resolve(folder, "..") === resolve(root);
  if (result.rows.length === 0 || !runs.some(isOurs)) return undefined;
  const ids = new Map(runs.map((run) => [run.label, isOurs(run) ? run.id : resolve(run.folder)]));
  const groups = [...new Set(result.rows.map(({ scope, metric }) => `${scope} ${metric}`))].sort();
  const what = JSON.stringify([result.runs.map(({ label }) => ids.get(label) ?? label), groups]);
  const key = createHash("sha256").update(what).digest("hex").slice(0, 32);
  const writer = openStoreWriter(root);
  try {
    await writer.replace(RUN_COMPARISONS, key, comparisonRows(result, ids, now().toISOString()));
    return undefined;
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind !== "environment") throw error;
    return error.problems.map(({ what: why }) => why).join("; ");
  } finally {
    writer.close();
  }
}
