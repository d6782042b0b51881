/** The bundled facts about Amazon Bedrock: prices, profiles, quotas, round trips, models; checked against their shapes. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import {
  createModelFacts,
  type ModelFacts,
  type ModelFactsData,
  modelFactsSchema,
} from "../../simulator/service/model-facts.ts";
import { type RoundTripData, roundTripDataSchema } from "../../simulator/service/network.ts";
import { type PriceBookData, priceBookDataSchema } from "../../simulator/service/pricing/price-book-data.ts";
import { type ProfileData, profileDataSchema } from "../../simulator/service/profiles.ts";
import { type QuotaData, quotaDataSchema } from "../../simulator/service/quota/default-quotas.ts";
import { IS_COMPILED, PACKAGE_ROOT } from "./process.ts";

export interface Reference {
  readonly prices: PriceBookData;
  readonly profiles: ProfileData;
  readonly quotas: QuotaData;
  readonly roundTrips: RoundTripData;
  readonly models: ModelFacts;
}

/** The five data sets as plain data. */
type ReferenceData = Omit<Reference, "models"> & { readonly models: ModelFactsData };

const FILES: Readonly<Record<keyof ReferenceData, string>> = {
  prices: "bedrock-prices.json",
  profiles: "bedrock-profiles.json",
  quotas: "bedrock-quotas.json",
  roundTrips: "region-rtt.json",
  models: "bedrock-models.json",
};
const SETS = Object.keys(FILES) as readonly (keyof ReferenceData)[];

const FOLDER = pathToFileURL(join(PACKAGE_ROOT, "scenarios", "reference/"));

/** What `npm run build` found in the five files when it checked them, beside the compiled code. */
export interface CheckedReference {
  /** Of the files' texts, hexadecimal. */
  readonly sha256: string;
  readonly data: ReferenceData;
}

/** Where the build leaves it; null for sources, which check the files at each start. */
const CHECKED = IS_COMPILED ? join(PACKAGE_ROOT, "dist", "reference.json") : null;

/**
 * Reads the five bundled data sets. The compiled package has them checked already: it checks them again only where the
 * files are no longer those that it was built with.
 *
 * @param folder where they lie; another one for tests or for newer data of the same shape
 * @param checked file of a `CheckedReference`; null for none
 * @throws MeridianError environment, REFERENCE_UNREADABLE; data, REFERENCE_DAMAGED
 */
export async function loadReference(folder: URL = FOLDER, checked: string | null = CHECKED): Promise<Reference> {
  const data = await readData(folder, checked);
  return { ...data, models: createModelFacts(data.models) };
}

/** The facts about models as plain data, which can be posted to a worker. @throws as `loadReference` */
export async function loadModelFactsData(): Promise<ModelFactsData> {
  return (await readData(FOLDER, CHECKED)).models;
}

/** Checks the data sets of a folder, for a build to keep. @throws as `loadReference` */
export async function checkReference(folder: URL = FOLDER): Promise<CheckedReference> {
  const texts = await readTexts(folder);
  return { sha256: digestOf(texts), data: checkTexts(texts) };
}

async function readData(folder: URL, checked: string | null): Promise<ReferenceData> {
  const [texts, known] = await Promise.all([readTexts(folder), checked === null ? undefined : readChecked(checked)]);
  const sha256 = digestOf(texts);
  if (known !== undefined && known.sha256 === sha256) return known.data;
  const data = latest?.sha256 === sha256 ? latest.data : checkTexts(texts);
  latest = { sha256, data };
  return data;
}

/** What was checked last: a process that reads many scenarios checks the same texts once. */
let latest: CheckedReference | undefined;

/** Undefined where it is missing or cut off: then the files are checked as those of the sources are. */
async function readChecked(file: string): Promise<CheckedReference | undefined> {
  return readFile(file, "utf8").then(
    (text) => parseJson(text) as CheckedReference | undefined,
    () => undefined,
  );
}

type Texts = Readonly<Record<keyof ReferenceData, string>>;

async function readTexts(folder: URL): Promise<Texts> {
  const entries = await Promise.all(SETS.map(async (set) => [set, await readText(folder, FILES[set])] as const));
  return Object.fromEntries(entries) as Texts;
}

async function readText(folder: URL, file: string): Promise<string> {
  try {
    return await readFile(new URL(file, folder), "utf8");
  } catch (cause) {
    throw new MeridianError(
      "environment",
      {
        code: "REFERENCE_UNREADABLE",
        what: `the bundled data file ${file} cannot be read`,
        where: `scenarios/reference/${file}`,
        fix: "install Meridian again; the file is part of it",
      },
      { cause },
    );
  }
}

function digestOf(texts: Texts): string {
  const hash = createHash("sha256");
  for (const set of SETS) hash.update(texts[set]).update("\0");
  return hash.digest("hex");
}

function checkTexts(texts: Texts): ReferenceData {
  return {
    prices: check("prices", texts, priceBookDataSchema()),
    profiles: check("profiles", texts, profileDataSchema()),
    quotas: check("quotas", texts, quotaDataSchema()),
    roundTrips: check("roundTrips", texts, roundTripDataSchema()),
    models: check("models", texts, modelFactsSchema()),
  };
}

function check<T>(set: keyof ReferenceData, texts: Texts, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(texts[set]), { jitless: true });
  if (parsed.success) return parsed.data;
  throw new MeridianError("data", {
    code: "REFERENCE_DAMAGED",
    what: `the data file does not have its shape: ${z.prettifyError(parsed.error).split("\n").slice(0, 3).join(" ")}`,
    where: `scenarios/reference/${FILES[set]}`,
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
