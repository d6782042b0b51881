/** Writes a comparison: to the terminal or a file in one of its formats, its gates as JUnit XML, and the job summary. */

import junit, { type Builder } from "junit-report-builder";
import writeFileAtomic from "write-file-atomic";
import { MeridianError, printable } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import type { ComparisonResult } from "../../simulator/compare/result.ts";
import type { CommandInput, CommonOptions } from "../commands/command.ts";
import { appendJobSummary, environmentProblem, stableJson } from "../io/text-files.ts";
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
