/** The bill that a command is asked about: a file, or what was imported into the store, with its lines tagged and read. */
import { basename } from "node:path";
import type { Command } from "commander";
import { MeridianError } from "../../simulator/base/errors.ts";
import { createModelNames, type ModelNames } from "../../simulator/bill/classify.ts";
import { type Bill, createBill } from "../../simulator/bill/spend.ts";
import type { CommonOptions } from "../commands/command.ts";
import { pairsOf, RUNS_FOLDER } from "../commands/options.ts";
import { loadReference } from "../io/reference.ts";
import { loadTagger, withTags } from "../io/tag-rules.ts";
import { readBillFile } from "./read-bill.ts";
import { readStoredBill } from "./stored-bill.ts";

export const BILL_FILES =
  "Cost Explorer (CSV or the API's JSON), CUR or FOCUS (CSV, Parquet), gzip too, or a folder of parts; without it, the bill in the store";

/** Options of every command that reads a bill. */
export function addBillOptions(command: Command): void {
  command
    .argument("[file]", BILL_FILES)
    .option("--store <dir>", "folder of runs whose store is read where no file is named", RUNS_FOLDER)
    .option("--source <name>", "of the store: cur, focus, cost-explorer ...; the one with most days unless given")
    .option("--map-model <name=id...>", "Bedrock id of a model that the table of models does not know by its name", [])
    .option("--tags <file>", 'rules that tag lines which lack a tag: tag team=search where usageType like "*Nova*"');
}

export interface OpenedBill {
  readonly bill: Bill;
  readonly names: ModelNames;
  /** Path of the file, or the source in the store. */
  readonly from: string;
  /** For titles: the file's name, or the source. */
  readonly title: string;
}

/** @throws MeridianError of the file, of the rules, of the store, or usage BILL_SOURCE_OF_FILE */
export async function openBill(file: string | undefined, options: CommonOptions): Promise<OpenedBill> {
  const { models } = await loadReference();
  const known = createModelNames(models.ids.map((id) => ({ id, name: models.nameOf(id)! })));
  const mapped = pairsOf((options.mapModel ?? []) as readonly string[], "--map-model");
  const names: ModelNames = { idOf: (name) => mapped.get(name) ?? known.idOf(name) };
  const tagger = options.tags === undefined ? undefined : await loadTagger(String(options.tags));
  const source = options.source as string | undefined;
  if (file !== undefined && source !== undefined)
    throw new MeridianError("usage", {
      code: "BILL_SOURCE_OF_FILE",
      what: "--source is for bills in the store, and a file is named",
      fix: "leave out one of the two",
    });
  const exported = file === undefined ? await readStoredBill(String(options.store), source) : await readBillFile(file);
  const bill = createBill(tagger === undefined ? exported : withTags(exported, tagger, names), names);
  return {
    bill,
    names,
    from: file ?? `${String(options.store)}, ${exported.view}`,
    title: file === undefined ? exported.view : basename(file),
  };
}
