/** The key of a job: all that its result follows from, so that equal content is one job, wherever and whenever it runs. */
import { createHash } from "node:crypto";
import type { Scenario } from "../../simulator/scenario/schema.ts";
import { priceBookFile, recordedPriceFiles } from "../../simulator/service/pricing/schema.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import { packageVersion } from "../io/process.ts";
import { type NamedDigest, tracesOf } from "../io/scenario-inputs.ts";

/**
 * SHA-256 of the scenario as it runs, of the files that it reads and of the version that runs it.
 *
 * @param files in any order
 * @returns 64 hexadecimal digits
 */
export function jobKey({ yaml, files }: Pick<PreparedExperiment, "yaml" | "files">): string {
  const named = files.map(({ name, sha256 }) => [name, sha256]).toSorted(([a], [b]) => (a! < b! ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([packageVersion(), yaml, named]))
    .digest("hex");
}

/**
 * Of files that were read for a sweep, those that one of its scenarios names.
 *
 * @returns undefined where it names others, too, so that it has to be read itself
 */
export function filesFor(scenario: Scenario, known: readonly NamedDigest[]): readonly NamedDigest[] | undefined {
  const names = namesOfFiles(scenario);
  const found = known.filter(({ name }) => names.includes(name));
  return found.length === new Set(names).size ? found : undefined;
}

/** Names of the files of its own that a scenario asks for: those of `files`, where all of them can be read. */
function namesOfFiles(scenario: Scenario): readonly string[] {
  const { prices } = scenario.world;
  const book = priceBookFile(prices);
  const strategies = scenario.strategies.flatMap(({ file }) => (file === undefined ? [] : [file]));
  return [
    ...tracesOf(scenario).keys(),
    ...recordedPriceFiles(prices),
    ...(book === undefined ? [] : [book]),
    ...new Set(strategies),
  ];
}
