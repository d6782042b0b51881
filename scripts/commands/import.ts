/** `meridian import`: puts recorded requests into the store, each once, so that scenarios can name them. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { TIME_UNITS } from "../../simulator/base/instants.ts";
import type { RecordedRow } from "../../simulator/traffic/recorded-rows.ts";
import { checkImportName, importRequests } from "../traffic/imports.ts";
import { pseudonymousRow, pseudonymsOf } from "../traffic/pseudonyms.ts";
import { readingOf, writeRejects } from "../traffic/read.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { addBadRowOptions, RUNS_FOLDER } from "./options.ts";

export const importCommand: CommandDefinition = {
  examples: [
    ["meridian import s3-logs/ --name prod-week-36", "a folder of logs; again with more files appends what is new"],
    [
      "meridian import spend.json --name gateway --anonymise key.txt",
      "teams, sessions and ids under stable pseudonyms",
    ],
    [
      "meridian import day.parquet --name lab --columns time=ts input=prompt_tok output=answer_tok --unit s",
      "columns of your own",
    ],
  ],
  configure,
  run: runImport,
};

function configure(command: Command): void {
  command
    .argument("<files...>", "files or folders of requests, in any format of list formats")
    .requiredOption("--name <name>", "what scenarios call them: arrivals: { imported: name }")
    .option("--out <dir>", "folder of runs, which holds the store", RUNS_FOLDER)
    .option("--format <name>", "format of the files, where it is not to be found")
    .addOption(new Option("--unit <unit>", "unit of numeric times").choices([...TIME_UNITS]))
    .option("--columns <role=name...>", "what columns of yours mean: time=ts input=prompt_tok output=answer_tok")
    .option("--tag <key>", "tag of the requests whose value is their class label")
    .option(
      "--anonymise <key-file>",
      "replace tenants, classes, sessions and ids by pseudonyms made with this file's text",
    );
  addBadRowOptions(command);
  command.option("--rejects <file>", "with skip: where bad rows are listed", "rejects.jsonl");
}

async function runImport({ args, options, terminal }: CommandInput): Promise<number> {
  const name = String(options.name);
  checkImportName(name);
  const reading = readingOf(options);
  const of = options.anonymise === undefined ? undefined : await pseudonymsOf(String(options.anonymise));
  const rename = (row: RecordedRow) => (of === undefined ? row : pseudonymousRow(row, of));
  const paths = args.map((path) => ({ path: resolve(path), source: path }));
  const imported = await importRequests(String(options.out), name, paths, reading, rename).catch((error: unknown) => {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing) throw error;
    const what = "there is no such file or folder";
    throw new MeridianError("data", { code: "TRACE_NOT_FOUND", where: args.join(", "), what, fix: "check the path" });
  });
  await writeRejects(reading.badRows, options);
  for (const note of imported.notes) terminal.note(`note: ${note}`);
  if (options.json === true) terminal.out(jsonDocument("import", { ...imported }));
  else {
    const { rows, files, format, duplicates } = imported;
    const from = `${files.toLocaleString("en-US")} ${files === 1 ? "file" : "files"} (${format})`;
    const known = duplicates === 0 ? "" : `, ${duplicates.toLocaleString("en-US")} were there already`;
    terminal.out(`${name}: ${rows.toLocaleString("en-US")} requests of ${from} added${known}`);
  }
  return EXIT_CODES.ok;
}
