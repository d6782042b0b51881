/**
 * Reads what a playground starts with, the scenario's text and the data and recordings that it names, and packs it for a
 * one-file report.
 */
import { basename } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Explorable, NotExplorable } from "../../reports/live/panel.ts";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { type Scenario, scenarioSchema } from "../../simulator/scenario/schema.ts";
import { browserProgram, workerWith } from "../browser/bundle.ts";
import { packageVersion } from "../io/process.ts";
import { loadModelFactsData, loadReference } from "../io/reference.ts";
import { loadScenario } from "../io/scenario-file.ts";
import { loadScenarioInputs } from "../io/scenario-inputs.ts";
import { parseScenario } from "../io/scenario-text.ts";
import { readTextFile } from "../io/text-files.ts";
import type { WorkerInputs } from "./messages.ts";
import { packInputs } from "./pack-inputs.ts";

/** What a page of the playground needs. */
export interface PlaygroundStart {
  /** With the world that it includes written in. */
  readonly text: string;
  readonly inputs: WorkerInputs;
  /** What could not be read; the page says so. */
  readonly problems: readonly Problem[];
}

/**
 * @param file a scenario file; one with mistakes is a beginning too, they are shown in the editor
 * @throws MeridianError usage SCENARIO_NOT_FOUND and the like where there is no such file
 */
export async function playgroundOf(file: string): Promise<PlaygroundStart> {
  const kind = { code: "SCENARIO", noun: "scenario file", bytesMax: 1024 * 1024, kind: "usage" } as const;
  const raw = await readTextFile(file, kind);
  try {
    const { value, yaml } = await loadScenario(file, scenarioSchema);
    return { text: hasInclude(raw) ? yaml : raw, ...(await inputsFor(value, file)) };
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
    return { text: raw, ...(await inputsFor(undefined, file)) };
  }
}

/** The inputs of a text that is being edited. @param file where its relative paths begin */
export async function inputsOfText(text: string, file: string): Promise<Omit<PlaygroundStart, "text">> {
  try {
    return await inputsFor(parseScenario(text, file, scenarioSchema).value, file);
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
    return inputsFor(undefined, file);
  }
}

/** The bundled data alone where there is no scenario yet. */
async function inputsFor(scenario: Scenario | undefined, file: string): Promise<Omit<PlaygroundStart, "text">> {
  const models = await loadModelFactsData();
  if (scenario === undefined) {
    const { models: _models, ...reference } = await loadReference();
    return { inputs: { ...reference, models, recordings: {}, recordedPrices: {} }, problems: [] };
  }
  const { inputs, problems } = await loadScenarioInputs(scenario, file);
  return { inputs: { ...inputs, models }, problems };
}

function hasInclude(text: string): boolean {
  return /^\s*include:/m.test(text);
}

/** What a report may grow by, bytes. */
export const EXPLORABLE_BYTES_MAX = 1_500_000;

/**
 * @param text the scenario as it ran
 * @param file its file; relative paths in it begin in that folder
 * @returns what goes into the page; where files are missing or too large, why nothing does
 */
export async function explorableOf(text: string, file: string): Promise<Explorable | NotExplorable> {
  const { inputs, problems } = await inputsOfText(text, file);
  if (problems.length > 0) return { absence: `${problems.map(({ where, what }) => `${where}: ${what}`).join("; ")}.` };
  const one: Explorable = {
    scenario: text,
    file: basename(file),
    meridianVersion: packageVersion(),
    pageScript: await browserProgram("page"),
    worker: await packed(await workerWith(inputs.strategySources ?? {})),
    inputs: await packed(packInputs(inputs)),
  };
  const bytes = one.pageScript.length + one.worker.length + one.inputs.length + 2 * text.length;
  if (bytes <= EXPLORABLE_BYTES_MAX) return one;
  const megabytes = (count: number) => `${(count / 1e6).toFixed(1)} MB`;
  return {
    absence: `the simulator with this run's recordings would take ${megabytes(bytes)}, more than ${megabytes(EXPLORABLE_BYTES_MAX)}; meridian view has a playground of any size.`,
  };
}

async function packed(data: string | Uint8Array): Promise<string> {
  return (await promisify(gzip)(data, { level: 9 })).toString("base64");
}
