/** Reads all that a comparison needs of a run: its result, its scenario as data, its machine, its measured rows. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { RunToCompare } from "../../simulator/compare/compare.ts";
import type { MeasuredMoments } from "../../simulator/compare/measured-rows.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { runSample } from "../../simulator/validate/samples.ts";
import { prepareText } from "../io/experiment.ts";
import { parseYaml } from "../io/yaml-source.ts";
import type { FoundRun } from "../store/find-runs.ts";
import {
  decodeRecords,
  endpointRecords,
  measuredRows,
  recordedRegions,
  unpackSchedule,
  unpackText,
} from "../validate/folder.ts";

/** A run to compare, and what a reader should know of how it was read. */
export interface LoadedRun extends RunToCompare {
  readonly note?: string;
}

/** Reads what lies beside a result; what is missing is done without. */
export async function loadRun({ result, folder, label, id, scenarioYaml }: FoundRun): Promise<LoadedRun> {
  // A result file by itself may lie in a folder with other things.
  const isFolder = !id.endsWith(".json");
  const text = async (name: string) =>
    isFolder ? readFile(join(folder, name), "utf8").catch(() => undefined) : undefined;
  const yaml = scenarioYaml ?? (await text("scenario.yaml"));
  const machine = machineOf(await text("provenance.json"));
  const bench = result.kind === "measured" ? benchOf(await text("bench.json")) : undefined;
  const rows = bench === undefined || yaml === undefined ? {} : await rowsOf(folder, { yaml, result, bench, label });
  return {
    label,
    result,
    ...(yaml === undefined ? {} : { scenario: plainYaml(yaml) }),
    ...(machine === undefined ? {} : { machine }),
    ...(bench === undefined || bench.valid ? {} : { invalid: bench.reasons }),
    ...rows,
  };
}

function plainYaml(text: string): unknown {
  const source = parseYaml(text, "scenario.yaml");
  return "document" in source ? (source.document.toJS() as unknown) : undefined;
}

const machineForm = z.object({ platform: z.string(), node: z.string() });

function machineOf(text: string | undefined): string | undefined {
  const parsed = machineForm.safeParse(jsonOf(text));
  return parsed.success ? `${parsed.data.platform}, Node ${parsed.data.node}` : undefined;
}

const benchForm = z.object({
  valid: z.boolean(),
  reasons: z.array(z.string()),
  strategies: z.array(
    z.object({ strategy: z.string(), schedule: z.string(), rows: z.string(), endpoint: z.string().optional() }),
  ),
});
type BenchFile = z.infer<typeof benchForm>;

function benchOf(text: string | undefined): BenchFile | undefined {
  const parsed = benchForm.safeParse(jsonOf(text));
  return parsed.success ? parsed.data : undefined;
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

interface RowSource {
  readonly yaml: string;
  readonly result: RunResult;
  readonly bench: BenchFile;
  readonly label: string;
}

const FILE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

function fileName(name: string): string {
  if (!FILE_NAME.test(name)) throw new Error(`"${name}" is not a file of a run`);
  return name;
}

/** Requests of a measured run by strategy; without them there are values, but no intervals. */
async function rowsOf(folder: string, { yaml, bench, label }: RowSource): Promise<Pick<LoadedRun, "rows" | "note">> {
  try {
    const { plan } = (await prepareText(yaml, join(folder, "scenario.yaml"))).inputs;
    const rows = new Map<string, MeasuredMoments>();
    const bytes = (name: string) => readFile(join(folder, fileName(name)));
    const text = async (name: string) => unpackText(await bytes(name), name);
    for (const { strategy, schedule, rows: file, endpoint } of bench.strategies) {
      // What calls that were given up cost, and where the others ran, only the endpoint knows.
      const records = endpointRecords(endpoint === undefined ? [] : decodeRecords(await text(endpoint), endpoint));
      const run = {
        ...measuredRows({ rowsText: await text(file), records }),
        schedule: unpackSchedule(await bytes(schedule), schedule),
        isStreaming: true,
        ranIn: recordedRegions(records),
      };
      rows.set(strategy, { sample: runSample(plan, run) });
    }
    return { rows };
  } catch (error) {
    if (error instanceof MeridianError && error.kind === "internal") throw error;
    const why = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0];
    return { note: `the rows of ${label} cannot be read, so its values have no intervals (${why})` };
  }
}
