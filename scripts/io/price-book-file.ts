/** A user's price book: a JSON file of the bundled book's shape. */

import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import { repeatedKey } from "../../simulator/base/repeated-keys.ts";
import { type PriceBookData, priceBookDataSchema } from "../../simulator/service/pricing/price-book-data.ts";
import { environmentProblem, readTextFile, stableJson } from "./text-files.ts";

const KIND = { code: "PRICE_BOOK", noun: "price book", bytesMax: 64 * 2 ** 20, kind: "data" } as const;

/**
 * @param path of a file that `meridian prices import` has written, or one of the same shape
 * @throws MeridianError data: not there, no JSON, or not of the shape
 */
export async function loadPriceBook(path: string): Promise<PriceBookData> {
  const text = await readTextFile(path, KIND);
  let value: unknown;
  try {
    value = JSON.parse(text);
    const twice = repeatedKey(text);
    if (twice !== undefined) value = new SyntaxError(`an object has the key ${JSON.stringify(twice)} twice`);
  } catch (error) {
    value = error;
  }
  const parsed = priceBookDataSchema().safeParse(value, { jitless: true });
  if (parsed.success) return parsed.data;
  const what =
    value instanceof Error
      ? `this is not valid JSON: ${value.message}`
      : z.prettifyError(parsed.error).split("\n").slice(0, 3).join(" ");
  throw new MeridianError("data", {
    code: "PRICE_BOOK_FORMAT",
    what,
    where: path,
    fix: "write it with meridian prices import, or copy scenarios/reference/bedrock-prices.json and change its rows",
  });
}

/**
 * Writes a book whole or not at all, so that a scenario never reads half of one.
 *
 * @param path a file that is there is written over
 * @throws MeridianError environment: the file cannot be written
 */
export async function savePriceBook(path: string, book: PriceBookData): Promise<void> {
  try {
    const { default: writeFileAtomic } = await import("write-file-atomic");
    await writeFileAtomic(path, stableJson(book));
  } catch (error) {
    const fix = "check that the folder exists and can be written to";
    throw new MeridianError("environment", environmentProblem("PRICE_BOOK_NOT_WRITTEN", error, path, fix), {
      cause: error,
    });
  }
}
