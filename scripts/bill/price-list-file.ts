/** A price list of AWS from a file: the bulk API's JSON, or its CSV in the same shape. */
import { CsvError, parse } from "csv-parse/sync";
import { MeridianError } from "../../simulator/base/errors.ts";
import { readPlainText } from "./read-bill.ts";

const FIX = "name an index.json or index.csv of AWS's bulk price list, as it was downloaded";

/**
 * @returns what `readPriceList` reads
 * @throws MeridianError data PRICE_LIST_UNREADABLE
 */
export async function loadPriceList(file: string): Promise<unknown> {
  const unreadable = (what: string) =>
    new MeridianError("data", { code: "PRICE_LIST_UNREADABLE", what, where: file, fix: FIX });
  const text = await readPlainText(file).catch((error: unknown) => {
    if (!(error instanceof MeridianError)) throw error;
    throw unreadable(`the file cannot be read: ${error.problems[0]!.what}`);
  });
  try {
    return isPriceListCsv(text) ? priceListOfCsv(text) : JSON.parse(text);
  } catch (error) {
    if (error instanceof CsvError) throw unreadable(error.message);
    // The parser's words quote the file.
    if (error instanceof SyntaxError) throw unreadable("the file is neither JSON nor the CSV of a price list");
    throw error;
  }
}

/** The CSV begins with five lines of what stands above the products in JSON. */
export function isPriceListCsv(text: string): boolean {
  return /^\uFEFF?"?FormatVersion"?,/.test(text);
}

/** Attributes of JSON that are read, by the column's name without spaces and case. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  usagetype: "usagetype",
  regioncode: "regionCode",
  servicename: "servicename",
  model: "model",
  titanmodel: "titanModel",
  inferencetype: "inferenceType",
  servicetier: "service_tier",
};

function priceListOfCsv(text: string): unknown {
  const rows = parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true }) as readonly string[][];
  const at = rows.findIndex(([first]) => first === "SKU");
  const head = new Map(rows.slice(0, Math.max(0, at)).map(([key, value]) => [key!.replace(/\s/g, ""), value] as const));
  const columns = (rows[at] ?? []).map((name) => name.toLowerCase().replace(/[^a-z]/g, ""));
  const products: Record<string, { attributes: Record<string, string> }> = {};
  const terms: Record<string, Record<string, { priceDimensions: Record<string, unknown> }>> = {};
  for (const row of at < 0 ? [] : rows.slice(at + 1)) {
    const cell = (name: string) => row[columns.indexOf(name)] ?? "";
    const sku = cell("sku");
    const named = columns.flatMap((column, i) => {
      const attribute = ATTRIBUTES[column];
      return attribute === undefined || (row[i] ?? "") === "" ? [] : [[attribute, row[i]!] as const];
    });
    products[sku] ??= { attributes: Object.fromEntries(named) };
    if (cell("termtype") !== "OnDemand") continue;
    const price = {
      unit: cell("unit"),
      beginRange: cell("startingrange") || "0",
      pricePerUnit: { [cell("currency")]: cell("priceperunit") },
    };
    const ofSku = (terms[sku] ??= {});
    const term = (ofSku[cell("offertermcode")] ??= { priceDimensions: {} });
    term.priceDimensions[cell("ratecode")] = price;
  }
  return {
    offerCode: head.get("OfferCode"),
    publicationDate: head.get("PublicationDate"),
    products,
    terms: { OnDemand: terms },
  };
}
