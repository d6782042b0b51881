import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { MeridianError } from "../../../simulator/errors.ts";
import type { RunResult } from "../../../simulator/experiment/index.ts";
import { packageVersion } from "../package-info.ts";
import { environmentProblem } from "../read-text.ts";
import { newRunId, type RunFiles, type SavedRun, saveRun } from "../run-store.ts";
import { stableJson } from "../stable-json.ts";
import { appendJobSummary } from "../summary-file.ts";
import { interrupted } from "../worker-pool.ts";
import type { Derived } from "./derive.ts";
import { evidenceFiles, type ValidationEvidence } from "./validation-folder.ts";

/** Files that follow from the evidence: `--from` makes them again, byte for byte. */
export async function derivedFiles({ validation, measured }: Derived): Promise<RunFiles> {
  const { renderValidationHtml, renderValidationMarkdown } = await import("../../../reports/validation/report.ts");
  return {
    "validation.json": stableJson(validation),
    "measured-result.json": stableJson(measured),
    "report.html": await renderValidationHtml(validation),
    "summary.md": renderValidationMarkdown(validation),
  };
}

/** Publishes a validation's folder whole, or not at all. */
export async function saveValidation(
  evidence: ValidationEvidence,
  derived: Derived,
  facts: {
    readonly simulated: RunResult;
    readonly out: string;
    readonly startedAt: Date;
    readonly signal: AbortSignal;
  },
): Promise<SavedRun> {
  const files = await derivedFiles(derived);
  // Rendering keeps the thread busy: give a Ctrl-C that came meanwhile its turn before anything is published.
  await new Promise((resolve) => setImmediate(resolve));
  if (facts.signal.aborted) throw interrupted();
  const savedAt = new Date();
  const id = newRunId(`${derived.validation.scenario.name}-validation`, String(files["validation.json"]), savedAt);
  const saved = await saveRun(facts.out, id, {
    ...evidenceFiles(evidence),
    "simulated-result.json": stableJson(facts.simulated),
    ...files,
    "provenance.json": stableJson({
      schemaVersion: 1,
      meridian: packageVersion(),
      startedAt: facts.startedAt.toISOString(),
      savedAt: savedAt.toISOString(),
      elapsedMs: savedAt.getTime() - facts.startedAt.getTime(),
      node: process.versions.node,
      hostNode: process.env.MERIDIAN_HOST_NODE ?? process.versions.node,
      platform: `${process.platform} ${process.arch}`,
    }),
  });
  await appendJobSummary(String(files["summary.md"]), process.env.GITHUB_STEP_SUMMARY);
  return saved;
}

/** Writes the derived files of a folder again. @throws MeridianError environment VALIDATION_NOT_WRITTEN */
export async function rewriteDerived(folder: string, files: RunFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    try {
      await writeFileAtomic(path, Buffer.from(content));
    } catch (error) {
      const fix = "check that the folder can be written to";
      throw new MeridianError("environment", environmentProblem("VALIDATION_NOT_WRITTEN", error, path, fix), {
        cause: error,
      });
    }
  }
}
