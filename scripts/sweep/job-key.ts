/** The key of a job: all that its result follows from, so that equal content is one job, wherever and whenever it runs. */
import { createHash } from "node:crypto";
import type { Scenario } from "../../simulator/scenario/schema.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import { packageVersion } from "../io/process.ts";
import { type NamedDigest, namesOfFiles } from "../io/scenario-inputs.ts";

/** SHA-256, hexadecimal, of the scenario as it runs, of the files that it reads and of the version that runs it. */
export function jobKey({ yaml, files }: Pick<PreparedExperiment, "yaml" | "files">): string {
  const named = files.map(({ name, sha256 }) => [name, sha256]).toSorted(([a], [b]) => (a! < b! ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([packageVersion(), yaml, named]))
    .digest("hex");
}

/** Of files that were read for a sweep, those that one of its scenarios names; undefined where it names others, too. */
export function filesFor(scenario: Scenario, known: readonly NamedDigest[]): readonly NamedDigest[] | undefined {
  const names = namesOfFiles(scenario);
  const found = known.filter(({ name }) => names.includes(name));
  return found.length === new Set(names).size ? found : undefined;
}
