/** `meridian prices`: which list prices are old or missing, and a price list of AWS's taken into a book of one's own. */

import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Option } from "commander";
import { renderPriceCheck, renderPriceImport } from "../../reports/bill/imports-text.ts";
import { EXIT_CODES, MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { didYouMean } from "../../simulator/base/near-names.ts";
import { createModelNames } from "../../simulator/bill/classify.ts";
import { readPriceList, staleRows, updateBook } from "../../simulator/bill/price-list.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { createPriceBook } from "../../simulator/service/pricing/price-book.ts";
import type { PriceBookData, PriceRow } from "../../simulator/service/pricing/price-book-data.ts";
import { loadPriceList } from "../bill/price-list-file.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { loadPriceBook, savePriceBook } from "../io/price-book-file.ts";
import { loadReference } from "../io/reference.ts";
import { loadScenario } from "../io/scenario-file.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { wholeNumber } from "./options.ts";

export const pricesCommand: CommandDefinition = {
  examples: [
    ["meridian prices check", "entries of the bundled book that are older than 90 days"],
    ["meridian prices check scenarios/flagship.yaml", "only for the models of a scenario, and what it lacks"],
    [
      "meridian prices import index.json --book prices.json",
      "a price list of AWS's into a book of your own, with a diff",
    ],
  ],
  configure: (command) =>
    void command
      .argument("<what>", "check or import")
      .argument("[file]", "check: a scenario; import: index.json or index.csv of an offer of AWS's bulk price list")
      .option("--book <file>", "price book of your own; import begins it with the bundled prices")
      .addOption(new Option("--max-age <days>", "check: older entries are named").default(90).argParser(wholeNumber(0)))
      .option("--dry-run", "import: show the difference and write nothing"),
  run: async (input) => {
    const [what, file] = input.args;
    if (what === "check") return check(input);
    if (what === "import" && file !== undefined && input.options.book !== undefined) return importList(file, input);
    const fix = "meridian prices check [scenario], or meridian prices import <index.json> --book <file>";
    const near = didYouMean(String(what), ["check", "import"]);
    const said = what === "import" ? "import wants a file and --book" : `prices cannot "${what}"${near}`;
    throw new MeridianError("usage", { code: "PRICES_WHAT", what: said, fix });
  },
};

async function importList(file: string, { options, terminal }: CommandInput): Promise<number> {
  const reference = await loadReference();
  const path = String(options.book);
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  const book = isThere ? await loadPriceBook(path) : reference.prices;
  const { models } = reference;
  const names = createModelNames(models.ids.map((id) => ({ id, name: models.nameOf(id)! })));
  const imported = readPriceList(await loadPriceList(file), file, names);
  const update = updateBook(book, imported);
  const isWritten = options.dryRun !== true && imported.rows.length > 0;
  if (isWritten) await savePriceBook(path, update.book);
  const { changes, confirmed, gone } = update;
  if (options.json === true) {
    const { offer, asOf, left } = imported;
    terminal.out(jsonDocument("prices-import", { book: path, isWritten, offer, asOf, changes, confirmed, gone, left }));
  } else terminal.out(renderPriceImport(imported, update, isWritten ? path : undefined, terminal));
  if (imported.rows.length > 0) return EXIT_CODES.ok;
  throw new MeridianError("data", {
    code: "PRICE_LIST_EMPTY",
    what: "the list has no price of a token that is known",
    where: file,
    fix: "download an offer of Amazon Bedrock: AmazonBedrock, AmazonBedrockFoundationModels or AmazonBedrockService",
  });
}

async function check({ args, options, terminal }: CommandInput): Promise<number> {
  const path = options.book as string | undefined;
  const used = args[1] === undefined ? undefined : await pricesUsedBy(args[1], path);
  const rows = used?.rows ?? (await bookOf(path)).prices;
  const today = Date.now();
  const maxDays = Number(options.maxAge);
  const found = {
    entries: rows.length,
    maxDays,
    stale: staleRows(rows, maxDays, today),
    missing: used?.missing ?? [],
  };
  if (options.json === true) terminal.out(jsonDocument("prices-check", found));
  else terminal.out(renderPriceCheck(found, today, terminal));
  return found.stale.length + found.missing.length === 0 ? EXIT_CODES.ok : EXIT_CODES.assertion;
}

async function bookOf(path: string | undefined): Promise<PriceBookData> {
  return path === undefined ? (await loadReference()).prices : loadPriceBook(path);
}

interface UsedPrices {
  /** List prices behind what the scenario's targets sell; its own overrides have no date and are not among them. */
  readonly rows: readonly PriceRow[];
  readonly missing: readonly Problem[];
}

async function pricesUsedBy(file: string, path: string | undefined): Promise<UsedPrices> {
  const { value: scenario } = await loadScenario(file, scenarioSchema, []);
  const { book: named, overrides } = scenario.world.prices;
  const own = path ?? (named.endsWith(".json") ? join(dirname(file), named) : undefined);
  const data = named === "none" && path === undefined ? null : await bookOf(own);
  const asked = path === undefined ? [] : [{ path: BOOK_PATH, value: resolve(path), origin: "--book" }];
  try {
    const { plan } = (await prepareExperiment(file, { overrides: asked, strategies: [] })).inputs;
    const modelIds = Object.fromEntries(plan.models.map(({ name, id }) => [name, id]));
    const book = createPriceBook({ data, overrides, modelIds });
    const rows = plan.money.schedule.keys.flatMap((key) => {
      const quote = book.quote(key);
      if ("code" in quote || quote.asOf === "") return [];
      const routing = key.family === "global" ? ("global" as const) : ("in-region-or-geo" as const);
      const model = modelIds[key.model] ?? key.model;
      return [{ ...quote, ...quote.prices, model, region: key.region, tier: key.tier, routing }];
    });
    return { rows, missing: [] };
  } catch (error) {
    if (!(error instanceof MeridianError)) throw error;
    const missing = error.problems.filter(({ code }) => /^PRICE_(MODEL_UNKNOWN|NOT_LISTED)$/.test(code));
    if (missing.length < error.problems.length) throw error;
    return { rows: [], missing };
  }
}

const BOOK_PATH = ["world", "prices", "book"];
