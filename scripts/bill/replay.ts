/** Writes the scenario that replays a bill; sizes of calls come from a request log where one is given. */
import { basename, dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { stringify } from "yaml";
import { type TeamSaving, teamSavings } from "../../simulator/advice/team-savings.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { ModelNames } from "../../simulator/bill/classify.ts";
import { type CallSizes, type FitOptions, type FittedTraffic, fitTraffic } from "../../simulator/bill/fit-traffic.ts";
import { type Decimal, formatCents } from "../../simulator/bill/usd.ts";
import type { RecordedColumns } from "../../simulator/traffic/recording.ts";
import type { CommandInput } from "../commands/command.ts";
import { prepareText } from "../io/experiment.ts";
import { runShown } from "../io/run-experiment.ts";
import { loadTrace } from "../io/traces.ts";

/** Enough for a day's rise and fall, few enough for seconds. */
const REQUESTS_MAX = 40_000;

export interface ReplayInput extends Pick<FitOptions, "bill" | "dimension" | "book" | "workloads"> {
  readonly names: ModelNames;
}

/**
 * @param path of the scenario; a file that is there is written over
 * @param logs request log with the calls of the same models
 * @returns one sentence: what was fitted, and what was not
 * @throws MeridianError data, when nothing of the bill can be replayed or the log cannot be read
 */
export async function writeReplay(path: string, logs: string | undefined, input: ReplayInput): Promise<string> {
  const fitted = await fittedReplay(logs, input);
  await writeFileAtomic(path, stringify(fitted.scenario, { lineWidth: 0 }));
  const { classes, days, costFactor, fittedUsd, leftUsd } = fitted;
  return [
    `written: ${path}, ${classes} classes, one average of ${days} days;`,
    `its cost as billed x ${Number(costFactor.toPrecision(6))} is USD ${formatCents(fittedUsd)}, not replayed: USD ${formatCents(leftUsd)}.`,
    `Next: meridian simulate ${path}`,
  ].join(" ");
}

/** @throws MeridianError data BILL_NO_REPLAY, or of the log */
export async function fittedReplay(logs: string | undefined, input: ReplayInput): Promise<FittedTraffic> {
  const sizes = logs === undefined ? new Map<string, CallSizes>() : await sizesOf(logs, input);
  const fitted = fitTraffic({ ...input, sizes, requestsMax: REQUESTS_MAX });
  if (fitted !== undefined) return fitted;
  const fix = "export it grouped by service, usage type and region, with usage quantities";
  throw new MeridianError("data", { code: "BILL_NO_REPLAY", what: "no line has a model, a region and tokens", fix });
}

/**
 * Simulates the fitted day under the routing of the bill and under others.
 *
 * @returns the savings by team, and whether sizes of calls were known
 * @throws MeridianError data BILL_NO_REPLAY; INTERRUPTED
 */
export async function replayed(
  logs: string | undefined,
  input: ReplayInput,
  { terminal, signal }: Pick<CommandInput, "terminal" | "signal">,
): Promise<{ readonly savings: readonly TeamSaving[]; readonly isLogged: boolean; readonly leftUsd: Decimal }> {
  const fitted = await fittedReplay(logs, input);
  const experiment = await prepareText(stringify(fitted.scenario, { lineWidth: 0 }), "replay.yaml");
  const skipping = { ...experiment, inputs: { ...experiment.inputs, skipQuotaNeeds: true } };
  const result = await runShown(skipping, { workers: undefined, terminal, signal });
  const { costFactor, days, fittedByTeamUsd, leftUsd } = fitted;
  const savings = teamSavings({ result, costFactor, days, billedUsd: fittedByTeamUsd });
  return { savings, isLogged: logs !== undefined, leftUsd };
}

/** Mean output and spread of the calls of each model in a log. */
async function sizesOf(file: string, { bill }: ReplayInput): Promise<ReadonlyMap<string, CallSizes>> {
  const { recording } = await loadTrace(basename(file), dirname(file));
  if (recording.kind !== "trace" || recording.columns.isWithoutTokens === true) {
    const fix = "give invocation logs, or any file of meridian list formats with token counts";
    throw new MeridianError("data", { code: "BILL_LOGS", what: "this tells no sizes of calls", where: file, fix });
  }
  const wanted = new Set(bill.lines.flatMap(({ modelId }) => modelId ?? []));
  return new Map([...wanted].flatMap((id) => sizeOf(recording.columns, id)));
}

/** Calls of the model, whatever profile or ARN names it; nothing where the log has fewer than two. */
function sizeOf({ inputTokens, outputTokens, modelIndex, modelNames = [] }: RecordedColumns, id: string) {
  const isOf = modelNames.map((name) => name.endsWith(id) || id.includes(name));
  const rows = [...inputTokens.keys()].filter((row) => modelIndex === undefined || isOf[modelIndex[row]!]);
  if (rows.length < 2) return [];
  const [input, output] = [inputTokens, outputTokens].map((column) => momentsOf(rows.map((row) => column[row]!)));
  if (output!.mean === 0) return [];
  const sizes: CallSizes = { meanOutput: output!.mean, cvInput: input!.cv, cvOutput: output!.cv };
  return [[id, sizes] as const];
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly cv: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, cv: mean === 0 ? 0 : Number((Math.sqrt(variance) / mean).toPrecision(6)) };
}
