/** Keeps what `meridian compare` has computed beside the runs, for `meridian sql`. */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { ComparisonResult } from "../../simulator/compare/result.ts";
import type { FoundRun } from "../store/find-runs.ts";
import { comparisonRows, RUN_COMPARISONS } from "../store/tables/comparisons.ts";
import { openStoreWriter } from "../store/writer.ts";

/**
 * Writes the rows of a comparison; those of the same runs and groups are replaced. Nothing is kept where no run is of
 * this store: the comparison is about other folders.
 *
 * @param root the folder of runs
 * @param runs the runs as they were found, by the labels that the comparison has
 * @param now the instant that is written beside the rows
 * @returns why nothing could be kept; undefined where all is well. The comparison itself stands either way
 */
export async function keepComparison(
  root: string,
  runs: readonly Pick<FoundRun, "id" | "folder" | "label">[],
  result: ComparisonResult,
  now: () => Date = () => new Date(),
): Promise<string | undefined> {
  const isOurs = ({ folder }: Pick<FoundRun, "folder">) => resolve(folder, "..") === resolve(root);
  if (result.rows.length === 0 || !runs.some(isOurs)) return undefined;
  const ids = new Map(runs.map((run) => [run.label, isOurs(run) ? run.id : resolve(run.folder)]));
  const groups = [...new Set(result.rows.map(({ scope, metric }) => `${scope} ${metric}`))].sort();
  const what = JSON.stringify([result.runs.map(({ label }) => ids.get(label) ?? label), groups]);
  const key = createHash("sha256").update(what).digest("hex").slice(0, 32);
  const writer = openStoreWriter(root);
  try {
    await writer.replace(RUN_COMPARISONS, key, comparisonRows(result, ids, now().toISOString()));
    return undefined;
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind !== "environment") throw error;
    return error.problems.map(({ what: why }) => why).join("; ");
  } finally {
    writer.close();
  }
}
