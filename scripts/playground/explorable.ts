/** Packs the playground for a one-file report: scripts, reference data and the recordings that the scenario names. */
import { basename } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Explorable, NotExplorable } from "../../reports/live/panel.ts";
import { browserProgram, workerWith } from "../browser/bundle.ts";
import { packageVersion } from "../io/process.ts";
import { inputsOfText } from "./load.ts";
import { packInputs } from "./pack-inputs.ts";

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
