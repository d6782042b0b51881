/** Saves a measured run with its rows, its traffic and the report on the harness. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { encodeSchedule } from "../../simulator/bench/rows.ts";
import type { RunResult } from "../../simulator/experiment/index.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import { newRunId, provenance, type RunFiles, type SavedRun, saveRun } from "../io/run-store.ts";
import { appendJobSummary, stableJson } from "../io/text-files.ts";
import { interrupted } from "../io/worker-pool.ts";
import type { BenchedStrategy } from "./run.ts";

export interface BenchFacts {
  readonly out: string;
  readonly startedAt: Date;
  readonly k6Version: string;
  readonly place: string;
  readonly reasons: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Saves a measured run as a simulated one is saved, with what only a measurement has: every row that k6 wrote
 * (`rows-1.jsonl.gz` and so on, in the order of the scenario's strategies), the exact traffic (`schedule.json.gz`) and how
 * well the harness did (`bench.json`).
 */
export async function saveBench(
  experiment: PreparedExperiment,
  result: RunResult,
  benched: readonly BenchedStrategy[],
  facts: BenchFacts,
): Promise<SavedRun> {
  const { renderHtml, renderMarkdown } = await import("../../reports/index.ts");
  const resultJson = stableJson(result);
  const markdown = renderMarkdown(result);
  const html = await renderHtml(result);
  const { plan } = experiment.inputs;
  const schedules = schedulesOf(benched);
  const rows = benched.map(({ rowsText }, i) => [`rows-${i + 1}.jsonl.gz`, gzipSync(rowsText)] as const);
  // Rendering keeps the thread busy: give a Ctrl-C that came meanwhile its turn before anything is published.
  await new Promise((resolve) => setImmediate(resolve));
  if (facts.signal.aborted) throw interrupted();
  const savedAt = new Date();
  const files: RunFiles = {
    "scenario.yaml": experiment.yaml,
    "result.json": resultJson,
    "report.html": html,
    "summary.md": markdown,
    "bench.json": stableJson({
      schemaVersion: 1,
      valid: facts.reasons.length === 0,
      reasons: facts.reasons,
      target: facts.place,
      k6: facts.k6Version,
      targets: plan.targets.map(({ id }) => id),
      classes: plan.classes.map(({ name }) => name),
      origins: plan.originNames,
      // Null where an emulator injected the scenario's own.
      roundTripMs: benched[0]?.roundTripMs ?? null,
      strategies: benched.map(({ report, rowsText, spend }, i) => ({
        ...report,
        ...(spend === undefined ? {} : { spend }),
        schedule: schedules.nameOf[i]!,
        rows: `rows-${i + 1}.jsonl.gz`,
        rowsSha256: createHash("sha256").update(rowsText).digest("hex"),
      })),
    }),
    "provenance.json": provenance(facts.startedAt, savedAt),
    ...Object.fromEntries(schedules.files),
    ...Object.fromEntries(rows),
  };
  const saved = await saveRun(facts.out, newRunId(`${result.scenario.name}-bench`, resultJson, savedAt), files);
  await appendJobSummary(markdown, process.env.GITHUB_STEP_SUMMARY);
  return saved;
}

/** One file for strategies that were sent the same traffic. */
function schedulesOf(benched: readonly BenchedStrategy[]) {
  const texts = benched.map(({ run }) => encodeSchedule(run.schedule));
  const known = [...new Set(texts)];
  const names = known.map((_, i) => (i === 0 ? "schedule.json.gz" : `schedule-${i + 1}.json.gz`));
  return {
    files: known.map((text, i) => [names[i]!, gzipSync(text)] as const),
    nameOf: texts.map((text) => names[known.indexOf(text)]!),
  };
}
