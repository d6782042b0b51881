/** Saves a simulated run with its reports. */
import { relative, resolve, sep } from "node:path";
import type { Explorable, NotExplorable } from "../../reports/live/panel.ts";
import { sightTable } from "../../reports/tables/explained.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { PreparedExperiment } from "./experiment.ts";
import { newRunId, provenance, type SavedRun, saveRun } from "./run-store.ts";
import { JsonPieces } from "./text-files.ts";
import { interrupted } from "./worker-pool.ts";

/** A saved run with its report as Markdown. */
export interface SavedExperiment extends SavedRun {
  readonly markdown: string;
}

export interface SaveOptions {
  /** Folder of runs. */
  readonly out: string;
  readonly startedAt: Date;
  readonly signal: AbortSignal;
  /** The playground of the report's page; none unless given. */
  readonly explorable?: Explorable | NotExplorable | undefined;
}

/**
 * Files of a run but provenance.json hold no time of day: the same scenario gives the same bytes.
 *
 * @throws MeridianError INTERRUPTED where the signal fired while reports were rendered; nothing is then published
 */
export async function saveExperiment(
  experiment: PreparedExperiment,
  result: RunResult,
  { out, startedAt, signal, explorable }: SaveOptions,
): Promise<SavedExperiment> {
  const { renderHtml, renderMarkdown } = await import("../../reports/index.ts");
  const resultJson = new JsonPieces(result);
  const html = await renderHtml(result, explorable);
  const markdown = renderMarkdown(result);
  // Rendering keeps the thread busy: give a Ctrl-C that came meanwhile its turn before anything is published.
  await new Promise((resolve) => setImmediate(resolve));
  if (signal.aborted) throw interrupted();
  const savedAt = new Date();
  const id = newRunId(result.scenario.name, [experiment.yaml, resultJson], savedAt);
  const scenarioFolder = relative(resolve(out, id), resolve(experiment.folder)).split(sep).join("/");
  const saved = await saveRun(out, id, {
    "scenario.yaml": experiment.yaml,
    "result.json": resultJson,
    "report.html": html,
    "summary.md": markdown,
    "provenance.json": provenance(startedAt, savedAt, scenarioFolder),
    ...rejectsFile(experiment.traces),
    ...(await explainedFile(result)),
  });
  return { ...saved, markdown };
}

/** Rows of recordings that were left out, one a line with its place and reason; none unless there are some. */
function rejectsFile(traces: PreparedExperiment["traces"]): Readonly<Record<string, string>> {
  const lines = traces.flatMap(({ rejected }) => rejected.map((problem) => JSON.stringify(problem)));
  return lines.length === 0 ? {} : { "rejects.jsonl": `${lines.join("\n")}\n` };
}

/** What was seen of every target, as a table for other tools. */
async function explainedFile(result: RunResult): Promise<Readonly<Record<string, string>>> {
  if (result.explained === undefined) return {};
  const { csvRows, toCsv } = await import("../../reports/index.ts");
  return { "explain.csv": toCsv(csvRows(sightTable(result))) };
}
