/** `meridian report`: rebuilds the reports of a saved run. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Explorable, NotExplorable } from "../../reports/live/panel.ts";
import { EXIT_CODES, MeridianError, printable } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { readRun, type StoredRun } from "../io/run-store.ts";
import { stableJson, writeReport } from "../io/text-files.ts";
import { explorableOf } from "../playground/load.ts";
import type { CommandDefinition, CommandInput } from "./command.ts";
import { RUNS_FOLDER } from "./options.ts";

export const reportCommand: CommandDefinition = {
  examples: [
    ["meridian report latest", "rewrites report.html and summary.md, prints the table"],
    ["meridian report runs/flagship-... --format md", "prints the Markdown summary"],
    ["meridian report latest --explorable", "a page in which sliders change the load, the quotas and more"],
    ["meridian report latest --format html -o /tmp/r.html", "writes the page elsewhere"],
  ],
  configure: (command) => {
    command
      .argument("<run>", "a run folder, an id in the runs folder, or latest")
      .option("--format <format>", "html, md or table: print that instead of rewriting the folder's files")
      .option("-o, --output <file>", "write the format to a file")
      .option("--explorable", "put the simulator into the page, to try other numbers there; up to 1.5 MB more")
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
  const explorable = options.explorable === true ? await explorableOfRun(run) : undefined;
  if (explorable !== undefined && "absence" in explorable)
    terminal.note(`note: the report has no playground: ${printable(explorable.absence)}`);
  const html = () => renderHtml(run.result, explorable);
  const render: Readonly<Record<string, () => string | Promise<string>>> = {
    html,
    md: () => renderMarkdown(run.result),
    table,
  };
  if (options.json === true) {
    terminal.out(stableJson(run.result).trimEnd());
    return EXIT_CODES.ok;
  }
  if (options.format === undefined && options.output === undefined) {
    await writeReport(join(run.folder, "report.html"), await html());
    await writeReport(join(run.folder, "summary.md"), renderMarkdown(run.result));
    terminal.out(table());
    terminal.note(`report: ${join(run.folder, "report.html")}`);
    return EXIT_CODES.ok;
  }
  const format = String(options.format ?? "html");
  const chosen = Object.hasOwn(render, format) ? render[format] : undefined;
  if (chosen === undefined) {
    const fix = suggestOneOf(format, Object.keys(render));
    throw new MeridianError("usage", { code: "REPORT_FORMAT", what: `there is no format "${format}"`, fix });
  }
  const text = await chosen();
  if (typeof options.output === "string") {
    await writeReport(options.output, text);
    terminal.note(`wrote ${options.output}`);
  } else terminal.out(text);
  return EXIT_CODES.ok;
}

/** A measured run has a scenario too: what is simulated then is its model of the endpoints. */
async function explorableOfRun({ folder }: StoredRun): Promise<Explorable | NotExplorable> {
  const file = join(folder, "scenario.yaml");
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? { absence: "the run has no scenario beside its result" } : explorableOf(text, file);
}
