/**
 * Fits a synthetic model to recorded requests: each tenant's arrivals, lengths, correlation, prefixes and sessions.
 */
import { MeridianError } from "../../base/errors.ts";
import { meanNumber, quantileSorted, sortedNumbers } from "../../base/statistics.ts";
import type { LawSpec } from "../../random/laws/index.ts";
import type { DrawnSessions } from "../sessions.ts";
import type { RecordedColumns } from "../traffic.ts";
import { createTurns, sessionRows } from "../turns.ts";
import { type ArrivalFit, type FittedProcess, fitArrivals, ROWS_MIN } from "./arrivals.ts";
import { fitCorrelation, fitLengths, type LengthFit } from "./lengths.ts";

/** What was fitted to the requests of one class. */
export interface ClassFit {
  readonly name: string;
  readonly rows: number;
  /** The chosen process, then the others. */
  readonly arrivals: readonly ArrivalFit[];
  readonly input: LengthFit | undefined;
  readonly output: LengthFit | undefined;
  readonly correlation: number | undefined;
  readonly maxTokens: LawSpec | undefined;
  readonly prefix: PrefixFit | undefined;
  /** Rows of the recording that it was fitted to. */
  readonly rowNumbers: Int32Array;
  /** Conversations; undefined where there are none. The arrivals are then those of sessions, the input the first prompt. */
  readonly sessions: SessionFit | undefined;
  /** Requests by origin. */
  readonly origins: Readonly<Record<string, number>>;
  readonly passes: boolean;
}

interface PrefixFit {
  readonly tokens: LawSpec;
  readonly share: number;
  readonly distinct: number;
  readonly zipf: number;
}

export interface TrafficFit {
  readonly classes: readonly ClassFit[];
  /** Exponent of Zipf's law of the tenants' shares; null for fewer than three. */
  readonly tenantZipf: number | null;
  /** Requests in classes too small to be fitted, which went into the last class. */
  readonly passes: boolean;
}

/** A tenant with fewer requests is put together with others of its kind. */
const TENANT_ROWS_MIN = 200;
const TENANTS_MAX = 8;

/**
 * Fits each large tenant on its own and all others together: tenants differ in burstiness, as ServeGen found, and their
 * sum is smoother than any of them.
 *
 * @param process the only one to be fitted; null for the one that fits
 * @returns undefined where there are too few requests
 * @throws MeridianError usage TRAFFIC_PROCESS where the process cannot be fitted to a class
 */
export function fitTraffic(columns: RecordedColumns, process: FittedProcess | null = null): TrafficFit | undefined {
  if (columns.arrivalMs.length < ROWS_MIN) return undefined;
  const classes = partsOf(columns).map(({ name, rows }) => fitClass(name, rows, columns, process));
  return {
    classes,
    tenantZipf: zipfOf(countsOf(columns.tenantIndex)),
    passes: classes.every(({ passes }) => passes),
  };
}

interface Part {
  readonly name: string;
  readonly rows: Int32Array;
}

function partsOf({ arrivalMs, tenantIndex, tenantNames }: RecordedColumns): readonly Part[] {
  const all = Int32Array.from(arrivalMs.keys());
  if (tenantIndex === undefined || tenantNames === undefined) return [{ name: "fitted", rows: all }];
  const large = [...countsOf(tenantIndex)]
    .filter(([, count]) => count >= TENANT_ROWS_MIN)
    .sort(([, a], [, b]) => b - a)
    .slice(0, TENANTS_MAX)
    .map(([tenant]) => tenant);
  const rest = all.filter((row) => !large.includes(tenantIndex[row]!));
  // What is left over must be enough to be fitted.
  if (rest.length > 0 && rest.length < ROWS_MIN) return [{ name: "fitted", rows: all }];
  const parts = large.map((tenant) => ({
    name: tenantNames[tenant]! || "untagged",
    rows: all.filter((row) => tenantIndex[row] === tenant),
  }));
  return rest.length === 0 ? parts : [...parts, { name: parts.length === 0 ? "fitted" : "others", rows: rest }];
}

function fitClass(name: string, rows: Int32Array, columns: RecordedColumns, process: FittedProcess | null): ClassFit {
  const take = (column: Int32Array) => Int32Array.from(rows, (row) => column[row]!);
  const sessions = fitSessions(rows, columns);
  const begun = sessions !== undefined && sessions.firsts.length >= ROWS_MIN ? sessions : undefined;
  const beginnings = begun?.firsts ?? rows;
  const input = Int32Array.from(beginnings, (row) => columns.inputTokens[row]!);
  const output = take(columns.outputTokens);
  const times = Float64Array.from(beginnings, (row) => columns.arrivalMs[row]!);
  const arrivals = fitArrivals(times, columns.startEpochMs, process);
  if (arrivals.length === 0) {
    const what = `${name}: its ${times.length.toLocaleString("en-US")} arrivals show no such course, or are too short for it`;
    const fix = "leave the option out to see which processes fit";
    throw new MeridianError("usage", { code: "TRAFFIC_PROCESS", where: `--process ${process}`, what, fix });
  }
  const [inputFit, outputFit] = [fitLengths(input), fitLengths(output)];
  const limits = columns.maxTokens === undefined ? undefined : take(columns.maxTokens);
  return {
    name,
    rows: rows.length,
    arrivals,
    input: inputFit,
    output: outputFit,
    correlation: begun === undefined ? fitCorrelation(input, output) : undefined,
    maxTokens: limits?.some((tokens) => tokens > 0) === true ? fitLengths(limits)?.spec : undefined,
    prefix: begun === undefined ? prefixOf(rows, columns) : undefined,
    rowNumbers: rows,
    sessions: begun,
    origins: originsOf(rows, columns),
    passes: arrivals[0]!.passes && inputFit?.passes !== false && outputFit?.passes !== false && begun?.passes !== false,
  };
}

function prefixOf(rows: Int32Array, { prefixId, prefixTokens }: RecordedColumns): PrefixFit | undefined {
  if (prefixId === undefined || prefixTokens === undefined) return undefined;
  const carried = rows.filter((row) => prefixId[row]! >= 0);
  const counts = countsOf(Int32Array.from(carried, (row) => prefixId[row]!));
  const tokens = fitLengths(Int32Array.from(carried, (row) => prefixTokens[row]!));
  if (tokens === undefined || counts.size === 0) return undefined;
  return {
    tokens: tokens.spec,
    share: Number((carried.length / rows.length).toFixed(4)),
    distinct: counts.size,
    zipf: Math.min(10, Math.max(0, Number((zipfOf(counts) ?? 0).toFixed(2)))),
  };
}

function originsOf(rows: Int32Array, { originIndex, originNames }: RecordedColumns): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  if (originIndex === undefined || originNames === undefined) return counts;
  for (const row of rows) {
    const name = originNames[originIndex[row]!]!;
    if (name !== "") counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function countsOf(index: Int32Array | Uint16Array | undefined): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const each of index ?? []) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

/** Slope of log share over log rank, by least squares. */
function zipfOf(counts: ReadonlyMap<number, number>): number | null {
  const sorted = [...counts.values()].sort((a, b) => b - a);
  if (sorted.length < 3) return null;
  const points = sorted.map((count, i) => [Math.log(i + 1), Math.log(count)] as const);
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const xy = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const xx = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return -xy / xx;
}

/** A fitted session with how far its prompts are from the recorded ones. */
export interface SessionFit {
  readonly spec: DrawnSessions;
  /** Rows that begin sessions: their arrivals and prompts are fitted, not those of all turns. */
  readonly firsts: Int32Array;
  readonly sessions: number;
  readonly turnsMean: number;
  /** Share of all later prompts that the conversation before them makes up. */
  readonly contextShare: number;
  /** Whether answers' times are known; otherwise the think times hold them. */
  readonly hasLatencies: boolean;
  /** Relative errors of the prompts of all turns: of the mean, and the largest of p50, p95 and p99. */
  readonly meanError: number;
  readonly quantileError: number;
  readonly passes: boolean;
}

const MEAN_TOLERANCE = 0.05;
const QUANTILE_TOLERANCE = 0.15;
/** Fewest sessions of two turns and more, and the share of prompts that must go on from the one before. */
const SESSIONS_MIN = 30;
const GROWING_MIN = 0.7;
/** Sessions that the fit is judged on. */
const JUDGED = 4000;

/** @returns undefined where there are no conversations: too few sessions, or prompts that do not go on from each other */
export function fitSessions(rows: Int32Array, columns: RecordedColumns): SessionFit | undefined {
  if (columns.sessionId === undefined) return undefined;
  const { arrivalMs, inputTokens, outputTokens, e2eMs } = columns;
  const grouped = sessionRows(rows, columns);
  const turns: number[] = [];
  const thinkMs: number[] = [];
  const message: number[] = [];
  let growing = 0;
  let context = 0;
  let prompts = 0;
  let longest = 0;
  const latencies = e2eMs?.filter((ms) => ms >= 0) ?? [];
  const usualMs = latencies.length > 0 ? quantileSorted(sortedNumbers(Float64Array.from(latencies)), 0.5) : 0;
  for (const first of grouped.firsts) {
    const place = grouped.placeOf[first]!;
    const count = grouped.left[place]!;
    turns.push(count);
    for (let k = 0; k < count; k++) {
      const row = grouped.rows[place + k]!;
      longest = Math.max(longest, inputTokens[row]!);
      if (k === 0) continue;
      const before = grouped.rows[place + k - 1]!;
      const tookMs = e2eMs !== undefined && e2eMs[before]! >= 0 ? e2eMs[before]! : usualMs;
      thinkMs.push(Math.max(0, arrivalMs[row]! - arrivalMs[before]! - tookMs));
      const said = inputTokens[before]! + Math.max(0, outputTokens[before]!);
      if (inputTokens[row]! >= inputTokens[before]!) growing++;
      message.push(Math.max(0, inputTokens[row]! - said));
      context += Math.min(said, inputTokens[row]!);
      prompts += inputTokens[row]!;
    }
  }
  const followed = turns.filter((count) => count > 1).length;
  if (followed < SESSIONS_MIN || growing < GROWING_MIN * message.length) return undefined;
  const spec: DrawnSessions = {
    kind: "drawn",
    turns: countsLaw(turns),
    thinkMs: fitLengths(Int32Array.from(thinkMs))!.spec,
    message: fitLengths(Int32Array.from(message))!.spec,
    contextMax: Math.max(1, longest),
    afterFailure: "continue",
    cache: true,
  };
  const parts = { firsts: grouped.firsts, rows, columns };
  const { meanError, quantileError } = judged(spec, parts);
  return {
    spec,
    firsts: grouped.firsts,
    sessions: turns.length,
    turnsMean: rows.length / turns.length,
    contextShare: prompts === 0 ? 0 : context / prompts,
    hasLatencies: latencies.length > 0,
    meanError,
    quantileError,
    passes: meanError <= MEAN_TOLERANCE && quantileError <= QUANTILE_TOLERANCE,
  };
}

/** How often each number of turns was seen. */
function countsLaw(turns: readonly number[]): LawSpec {
  const seen = new Map<number, number>();
  for (const count of turns) seen.set(count, (seen.get(count) ?? 0) + 1);
  const values = [...seen.keys()].sort((a, b) => a - b);
  if (values.length === 1) return { kind: "constant", value: values[0]! };
  return { kind: "empirical", values, weights: values.map((value) => seen.get(value)!) };
}

/** Prompts of drawn sessions against the recorded ones. */
function judged(
  spec: DrawnSessions,
  {
    firsts,
    rows,
    columns,
  }: { readonly firsts: Int32Array; readonly rows: Int32Array; readonly columns: RecordedColumns },
): Pick<SessionFit, "meanError" | "quantileError"> {
  const { inputTokens, outputTokens } = columns;
  const of = (column: Int32Array, list: Int32Array) => Int32Array.from(list, (row) => column[row]!);
  const output = fitLengths(of(outputTokens, rows))?.spec ?? { kind: "constant", value: 1 };
  const traffic = {
    name: "fit",
    arrivals: { process: "poisson", ratePerS: 1 },
    tokens: { output },
    sessions: spec,
  } as const;
  const turns = createTurns(traffic, 1);
  const made: number[] = [];
  for (let session = 0; session < JUDGED; session++) {
    let input = inputTokens[firsts[session % firsts.length]!]!;
    for (let turn = 1; ; turn++) {
      made.push(input);
      if (turn >= turns.count(session)) break;
      input = turns.inputTokens(session, turn, input + turns.outputTokens(session, turn - 1));
      if (input > turns.contextMax) break;
    }
  }
  const [own, theirs] = [
    sortedNumbers(Float64Array.from(of(inputTokens, rows))),
    sortedNumbers(Float64Array.from(made)),
  ];
  const errors = [0.5, 0.95, 0.99].map((share) =>
    Math.abs(quantileSorted(theirs, share) / Math.max(1, quantileSorted(own, share)) - 1),
  );
  return { meanError: Math.abs(meanNumber(theirs) / meanNumber(own) - 1), quantileError: Math.max(...errors) };
}
