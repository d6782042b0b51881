/** `meridian report`: rebuilds the reports of a saved run. */
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { readRun, type StoredRun } from "../io/run-store.ts";
import { environmentProblem, stableJson } from "../io/text-files.ts";
import type { CommandDefinition, CommandInput } from "./command.ts";
import { RUNS_FOLDER } from "./options.ts";

export const reportCommand: CommandDefinition = {
  examples: [
    ["meridian report latest", "rewrites report.html and summary.md, prints the table"],
    ["meridian report runs/flagship-... --format md", "prints the Markdown summary"],
    ["meridian report latest --format html -o /tmp/r.html", "writes the page elsewhere"],
  ],
  configure: (command) => {
    command
      .argument("<run>", "a run folder, an id in the runs folder, or latest")
      .option("--format <format>", "html, md or table: print that instead of rewriting the folder's files")
      .option("-o, --output <file>", "write the format to a file")
      .option("--out <dir>", "the runs folder", RUNS_FOLDER);
  },
  run: runReport,
};

async function runReport(input: CommandInput): Promise<number> {
  const run = await readRun(input.args[0]!, String(input.options.out));
  return reportOn(run, input).catch((error: unknown) => {
    if (error instanceof MeridianError) throw error;
    const what = `the result lacks what a report shows (${error instanceof Error ? error.message : String(error)})`;
    const fix = "simulate the run's scenario.yaml again";
    throw new MeridianError("data", { code: "RUN_DAMAGED", what, where: join(run.folder, "result.json"), fix });
  });
}

async function reportOn(run: StoredRun, { options, terminal }: CommandInput): Promise<number> {
  const { renderHtml, renderMarkdown, renderTerminal } = await import("../../reports/index.ts");
  const table = () => renderTerminal(run.result, { colour: terminal.colour, width: terminal.width });
  const render: Readonly<Record<string, () => string | Promise<string>>> = {
    html: () => renderHtml(run.result),
    md: () => renderMarkdown(run.result),
    table,
  };
  if (options.json === true) {
    terminal.out(stableJson(run.result).trimEnd());
    return EXIT_CODES.ok;
  }
  if (options.format === undefined && options.output === undefined) {
    await write(join(run.folder, "report.html"), await renderHtml(run.result));
    await write(join(run.folder, "summary.md"), renderMarkdown(run.result));
    terminal.out(table());
    terminal.note(`report: ${join(run.folder, "report.html")}`);
    return EXIT_CODES.ok;
  }
  const format = String(options.format ?? "html");
  const chosen = Object.hasOwn(render, format) ? render[format] : undefined;
  if (chosen === undefined) {
    const fix = `formats are ${Object.keys(render).join(", ")}`;
    throw new MeridianError("usage", { code: "REPORT_FORMAT", what: `there is no format "${format}"`, fix });
  }
  const text = await chosen();
  if (typeof options.output === "string") {
    await write(options.output, text);
    terminal.note(`wrote ${options.output}`);
  } else terminal.out(text);
  return EXIT_CODES.ok;
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    const fix = "check that the folder exists and can be written to";
    throw new MeridianError("environment", environmentProblem("REPORT_NOT_WRITTEN", error, path, fix), {
      cause: error,
    });
  }
}
