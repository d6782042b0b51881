import { readFile } from "node:fs/promises";
import { z } from "zod";
import { MeridianError } from "../../simulator/errors.ts";
import { type ProfileData, profileDataSchema } from "../../simulator/profiles/profile-data.ts";
import { type QuotaData, quotaDataSchema } from "../../simulator/profiles/quota-data.ts";
import { type RoundTripData, roundTripDataSchema } from "../../simulator/world/network/round-trip-data.ts";
import { type PriceBookData, priceBookDataSchema } from "../../simulator/world/pricing/price-book-data.ts";

/** The bundled facts about Amazon Bedrock, checked against their shapes. */
export interface Reference {
  readonly prices: PriceBookData;
  readonly profiles: ProfileData;
  readonly quotas: QuotaData;
  readonly roundTrips: RoundTripData;
}

const FOLDER = new URL("../../scenarios/reference/", import.meta.url);

/**
 * Reads the four bundled data sets.
 *
 * @param folder where they lie; another one for tests or for newer data of the same shape
 * @throws MeridianError environment, REFERENCE_UNREADABLE; data, REFERENCE_DAMAGED
 */
export async function loadReference(folder: URL = FOLDER): Promise<Reference> {
  const [prices, profiles, quotas, roundTrips] = await Promise.all([
    load(folder, "bedrock-prices.json", priceBookDataSchema),
    load(folder, "bedrock-profiles.json", profileDataSchema),
    load(folder, "bedrock-quotas.json", quotaDataSchema),
    load(folder, "region-rtt.json", roundTripDataSchema),
  ]);
  return { prices, profiles, quotas, roundTrips };
}

async function load<T>(folder: URL, file: string, schema: z.ZodType<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(new URL(file, folder), "utf8");
  } catch (cause) {
    const problem = {
      code: "REFERENCE_UNREADABLE",
      what: `the bundled data file ${file} cannot be read`,
      where: `scenarios/reference/${file}`,
      fix: "install Meridian again; the file is part of it",
    };
    throw new MeridianError("environment", problem, { cause });
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new MeridianError("data", {
    code: "REFERENCE_DAMAGED",
    what: `the data file does not have its shape: ${z.prettifyError(parsed.error).split("\n").slice(0, 3).join(" ")}`,
    where: `scenarios/reference/${file}`,
    fix: "restore the file from the release",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
