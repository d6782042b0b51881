/** Writes the scenario that replays a bill; sizes of calls come from a request log where one is given. */

import { basename, dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { stringify } from "yaml";
import type { ReplayReport } from "../../reports/bill/savings.ts";
import { teamSavings } from "../../simulator/advice/team-savings.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { meanNumber, varianceOf } from "../../simulator/base/statistics.ts";
import { formatCents, toNumber } from "../../simulator/bill/bill-line.ts";
import type { ModelNames } from "../../simulator/bill/classify.ts";
import { type FitOptions, type FittedTraffic, fitTraffic } from "../../simulator/bill/fit-traffic.ts";
import { type CachedCall, type CallSizes, type HitsLost, hitsLostOfLog } from "../../simulator/bill/fitted-class.ts";
import type { RecordedColumns } from "../../simulator/traffic/traffic.ts";
import type { CommandInput } from "../commands/command.ts";
import { prepareText } from "../io/experiment.ts";
import { runShown } from "../io/run-experiment.ts";
import { loadTrace } from "../io/traces.ts";

/** Enough for a day's rise and fall, few enough for seconds. */
const REQUESTS_MAX = 40_000;

export interface ReplayInput extends Pick<FitOptions, "bill" | "dimension" | "book" | "workloads"> {
  readonly names: ModelNames;
  /** Cache hits that a global profile loses, where the user says it. */
  readonly hitsLost?: HitsLost | undefined;
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
    `written: ${path}, ${classes.length} classes, one average of ${days} days;`,
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
): Promise<ReplayReport> {
  const fitted = await fittedReplay(logs, input);
  const experiment = await prepareText(stringify(fitted.scenario, { lineWidth: 0 }), "replay.yaml");
  const skipping = { ...experiment, inputs: { ...experiment.inputs, skipQuotaNeeds: true } };
  const result = await runShown(skipping, { workers: undefined, bound: false, terminal, signal });
  const { hitsLost } = input;
  const classes = hitsLost === undefined ? fitted.classes : fitted.classes.map((each) => ({ ...each, hitsLost }));
  const { costFactor, isByDay, fittedByTeamUsd, fittedUsd, leftUsd, days } = fitted;
  const savings = teamSavings({ result, costFactor, classes, isByDay, billedUsd: fittedByTeamUsd });
  const loggedUsd = classes
    .filter(({ sizes }) => sizes !== undefined)
    .reduce((sum, { usdByDay }) => sum + usdByDay.reduce((all, usd) => all + usd, 0), 0);
  return { savings, loggedShare: loggedUsd / toNumber(fittedUsd), hitsLost, leftUsd, days, isByDay };
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
function sizeOf(columns: RecordedColumns, id: string) {
  const { inputTokens, outputTokens, modelIndex, modelNames = [] } = columns;
  const isOf = modelNames.map((name) => name.endsWith(id) || id.includes(name));
  const rows = [...inputTokens.keys()].filter((row) => modelIndex === undefined || isOf[modelIndex[row]!]);
  if (rows.length < 2) return [];
  const [input, output] = [inputTokens, outputTokens].map((column) => momentsOf(rows.map((row) => column[row]!)));
  if (output!.mean === 0) return [];
  const hitsLost = hitsLostOfLog(cachedCalls(columns, rows));
  const sizes: CallSizes = {
    meanOutput: output!.mean,
    cvInput: input!.cv,
    cvOutput: output!.cv,
    ...(hitsLost === undefined ? {} : { hitsLost }),
  };
  return [[id, sizes] as const];
}

/** Calls that read or wrote a cache: those of one tenant with as many cached tokens share a prefix. */
function cachedCalls(columns: RecordedColumns, rows: readonly number[]): readonly CachedCall[] {
  const { arrivalMs, cacheReadTokens, cacheWriteTokens, tenantIndex, originIndex, modelIndex, modelNames } = columns;
  if (cacheReadTokens === undefined) return [];
  return rows.flatMap((row) => {
    const readTokens = cacheReadTokens[row]!;
    const writeTokens = cacheWriteTokens?.[row] ?? 0;
    const prefix = `${tenantIndex?.[row] ?? 0} ${originIndex?.[row] ?? 0} ${readTokens + writeTokens}`;
    const isGlobal = /(^|\/)global\./.test(modelNames?.[modelIndex?.[row] ?? -1] ?? "");
    return readTokens + writeTokens === 0 ? [] : [{ atMs: arrivalMs[row]!, prefix, readTokens, writeTokens, isGlobal }];
  });
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly cv: number } {
  const mean = meanNumber(values);
  return { mean, cv: mean === 0 ? 0 : Number((Math.sqrt(varianceOf(values)) / mean).toPrecision(6)) };
}
