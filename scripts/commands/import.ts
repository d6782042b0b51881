/** `meridian import`: puts recorded requests, bills and price lists into the store, each once. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { importedBillText, plainAmounts } from "../../reports/bill/imports-text.ts";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { TIME_UNITS } from "../../simulator/base/instants.ts";
import { createModelNames } from "../../simulator/bill/classify.ts";
import { readPriceList } from "../../simulator/bill/price-list.ts";
import type { RecordedRow } from "../../simulator/traffic/recorded-rows.ts";
import { importBill, importPriceList, kindOfFile } from "../bill/import-bill.ts";
import type { ImportedLines } from "../bill/import-parts.ts";
import { loadPriceList } from "../bill/price-list-file.ts";
import { readBillFile } from "../bill/read-bill.ts";
import { loadReference } from "../io/reference.ts";
import { loadTagger, tagRow, withTags } from "../io/tag-rules.ts";
import { checkImportName, importRequests } from "../traffic/imports.ts";
import { pseudonymousRow, pseudonymsOf, readingOf, writeRejects } from "../traffic/read.ts";
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
    ["meridian import cur.parquet focus.csv.gz", "bills; the same days again replace what was there"],
    ["meridian import bill.csv --tags tags.txt", "with the tags that rules give to lines without one"],
    ["meridian import index.json", "a price list of AWS, for meridian sql"],
  ],
  configure,
  run: runImport,
};

function configure(command: Command): void {
  command
    .argument("<files...>", "files or folders: requests in any format of list formats, bills, AWS price lists")
    .option("--name <name>", "of requests: what scenarios call them: arrivals: { imported: name }")
    .option("--out <dir>", "folder of runs, which holds the store", RUNS_FOLDER)
    .option("--format <name>", "format of the files, where it is not to be found")
    .addOption(new Option("--unit <unit>", "unit of numeric times").choices([...TIME_UNITS]))
    .option("--columns <role=name...>", "what columns of yours mean: time=ts input=prompt_tok output=answer_tok")
    .option("--tag <key>", "of requests: tag whose value is their class label; of bills: the teams'")
    .option("--tags <file>", 'rules that tag what lacks a tag: tag team=search where modelId like "*haiku*"')
    .option(
      "--anonymise <key-file>",
      "replace tenants, classes, sessions and ids by pseudonyms made with this file's text",
    );
  addBadRowOptions(command);
  command.option("--rejects <file>", "with skip: where bad rows are listed", "rejects.jsonl");
}

async function runImport(input: CommandInput): Promise<number> {
  const kinds = await Promise.all(input.args.map(kindOfFile));
  if (kinds.every((kind) => kind === "requests")) return requests(input);
  const other = kinds.indexOf("requests");
  if (other < 0) return billing(input, kinds as readonly ("bill" | "price list")[]);
  throw new MeridianError("usage", {
    code: "IMPORT_MIXED",
    what: "this is neither a bill nor a price list, and others of the files are",
    where: input.args[other]!,
    fix: "import requests by a command of their own, with --name",
  });
}

/** Bills and price lists, one after the other. */
async function billing(
  { args, options, terminal }: CommandInput,
  kinds: readonly ("bill" | "price list")[],
): Promise<number> {
  const { models } = await loadReference();
  const names = createModelNames(models.ids.map((id) => ({ id, name: models.nameOf(id)! })));
  const out = String(options.out);
  const imported: Record<string, unknown>[] = [];
  const earlier: ImportedLines = new Map();
  for (const [i, file] of args.entries()) {
    if (kinds[i] === "price list") {
      const list = readPriceList(await loadPriceList(file), file, names);
      const rows = await importPriceList(out, list);
      imported.push({ file, kind: "price list", offer: list.offer, asOf: list.asOf, rows, left: list.left });
      if (options.json === true) continue;
      const left = list.left.reduce((sum, each) => sum + each.products, 0);
      terminal.out(`${file}: ${rows} prices of ${list.offer}, ${list.asOf}; ${left} products are of no token or tier`);
      continue;
    }
    const exported = await readBillFile(file);
    const tagged =
      options.tags === undefined ? exported : withTags(exported, await loadTagger(String(options.tags)), names);
    const found = await importBill(out, tagged, names, options.tag as string | undefined, earlier);
    imported.push({ file, kind: "bill", ...found });
    for (const note of found.notes) terminal.note(`note: ${note}`);
    if (options.json !== true) terminal.out(`${file}: ${importedBillText(found)}`);
  }
  if (options.json === true) terminal.out(jsonDocument("import", { imported: plainAmounts(imported) }));
  return EXIT_CODES.ok;
}

async function requests({ args, options, terminal }: CommandInput): Promise<number> {
  if (options.name === undefined) {
    const fix = "name them: --name prod-week-36";
    throw new MeridianError("usage", { code: "IMPORT_NAME", what: "requests need a name", where: "--name", fix });
  }
  const name = String(options.name);
  checkImportName(name);
  const reading = readingOf(options);
  const tagger = options.tags === undefined ? undefined : await loadTagger(String(options.tags));
  const of = options.anonymise === undefined ? undefined : await pseudonymsOf(String(options.anonymise));
  const hide = (row: RecordedRow) => (of === undefined ? row : pseudonymousRow(row, of));
  const rename = (row: RecordedRow) => hide(tagger === undefined ? row : tagRow(row, tagger, reading.tag ?? null));
  const paths = args.map((path) => ({ path: resolve(path), source: path }));
  const imported = await importRequests(String(options.out), name, paths, reading, rename).catch((error: unknown) => {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing) throw error;
    const what = "there is no such file or folder";
    throw new MeridianError("data", { code: "TRACE_NOT_FOUND", where: args.join(", "), what, fix: "check the path" });
  });
  await writeRejects(reading.badRows, options, args);
  for (const note of [...imported.notes, ...(tagger?.notes() ?? [])]) terminal.note(`note: ${note}`);
  if (options.json === true) terminal.out(jsonDocument("import", { ...imported }));
  else {
    const { rows, files, format, duplicates } = imported;
    const from = `${files.toLocaleString("en-US")} ${files === 1 ? "file" : "files"} (${format})`;
    const known = duplicates === 0 ? "" : `, ${duplicates.toLocaleString("en-US")} were there already`;
    terminal.out(`${name}: ${rows.toLocaleString("en-US")} requests of ${from} added${known}`);
  }
  return EXIT_CODES.ok;
}
