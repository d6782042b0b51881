/** Reads what a playground starts with: the scenario's text, and the data and recordings that it names. */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { type Scenario, scenarioSchema } from "../../simulator/scenario/schema.ts";
import { loadModelFactsData, loadReference } from "../io/reference.ts";
import { loadScenario } from "../io/scenario-file.ts";
import { loadScenarioInputs } from "../io/scenario-inputs.ts";
import { parseScenario } from "../io/scenario-text.ts";
import { readTextFile } from "../io/text-files.ts";
import type { WorkerInputs } from "./messages.ts";

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
