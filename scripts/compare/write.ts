/**
 * What becomes of a comparison: written to the terminal or a file in one of its formats, its gates as JUnit XML, the job
 * summary; and kept beside the runs, for `meridian sql`.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import junit, { type Builder } from "junit-report-builder";
import writeFileAtomic from "write-file-atomic";
import { MeridianError, printable } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import type { ComparisonResult } from "../../simulator/compare/result.ts";
import type { CommandInput, CommonOptions } from "../commands/command.ts";
import { appendJobSummary, environmentProblem, stableJson } from "../io/text-files.ts";
import type { FoundRun } from "../store/find-runs.ts";
import { comparisonRows, RUN_COMPARISONS } from "../store/tables/comparisons.ts";
import { openStoreWriter } from "../store/writer.ts";
import type { LoadedRun } from "./load.ts";

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
    await writeFile(output, text);
    terminal.note(`wrote ${output}`);
    if (options.quiet !== true && format !== "table") terminal.note(result.verdict);
  }
  if (typeof options.junit === "string") {
    await writeFile(options.junit, junitText(result));
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

async function writeFile(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    const fix = "check that the folder exists and can be written to";
    throw new MeridianError("environment", environmentProblem("REPORT_NOT_WRITTEN", error, path, fix), {
      cause: error,
    });
  }
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
