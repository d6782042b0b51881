/**
 * Clients as ServeGen's repository has them: for each a file of windows with its rate and the law of its gaps, and one with
 * a histogram of its token lengths.
 */
import { createLaw } from "../random/laws/index.ts";
import { type BlockStream, compileSampler } from "../random/sampler.ts";
import { isObject, type JsonObject, type RowPlace, rowError } from "./row-cells.ts";
import type { ClientLengths, LengthHistogram, RecordedClient } from "./traffic.ts";

/** Name of a client's file in a folder of ServeGen's `data/`. */
export const CLIENT_FILE = /^chunk-(\d+)-trace\.csv(\.gz)?$/;

interface Window {
  readonly startS: number;
  readonly ratePerS: number;
  readonly cv: number;
  readonly family: "gamma" | "weibull" | undefined;
  readonly shape: number;
}

const COLUMNS = 6;
const STEP_S_MAX = 86_400;
const WINDOWS_MAX = 100_000;
/** Shapes beyond are those of windows with a handful of requests. */
const SHAPE_MIN = 0.01;
const SHAPE_MAX = 100;

/**
 * The client of one file: rows `start, rate, cv, pattern, shape, scale` without a header, seconds and requests per second.
 * Its gaps get one law for the whole recording: the family of most of its requests, and the mean of its shape's logarithm,
 * weighted by requests. Source: github.com/alibaba/ServeGen, `data/`; Xiang et al., arXiv 2505.09999, 2025.
 *
 * @returns undefined for a client without any request
 * @throws MeridianError data TRACE_BAD_NUMBER, TRACE_TOO_LARGE with the place of the row
 */
export function servegenClient(name: string, text: string, source: string): RecordedClient | undefined {
  const windows = windowsOf(text, source);
  const stepS = windows.length < 2 ? 600 : windows[1]!.startS - windows[0]!.startS;
  const place = { source, lineNumber: 2 };
  if (!(stepS > 0 && stepS <= STEP_S_MAX)) {
    throw rowError(place, "TRACE_BAD_NUMBER", `windows of ${stepS} s`, "windows ascend in steps of up to a day");
  }
  const steps = windows.length === 0 ? 0 : Math.round((windows.at(-1)!.startS - windows[0]!.startS) / stepS) + 1;
  if (steps > WINDOWS_MAX) throw rowError(place, "TRACE_TOO_LARGE", `${steps} windows`, `at most ${WINDOWS_MAX}`);
  const ratePerS = new Float64Array(steps);
  for (const each of windows) ratePerS[Math.round((each.startS - windows[0]!.startS) / stepS)] = each.ratePerS;
  const active = windows.filter((each) => each.ratePerS > 0);
  if (active.length === 0) return undefined;
  const weightOf = (family: string) =>
    active.reduce((sum, each) => sum + (each.family === family ? each.ratePerS : 0), 0);
  const family = weightOf("weibull") > weightOf("gamma") ? "weibull" : "gamma";
  return { name, stepMs: stepS * 1000, ratePerS, family, shape: shapeOf(active, family) };
}

/** Geometric mean by requests; from the CV where no window has a shape of this family. */
function shapeOf(active: readonly Window[], family: "gamma" | "weibull"): number {
  let [sum, weight] = [0, 0];
  for (const each of active) {
    const own = each.family === family ? each.shape : family === "gamma" && each.cv > 0 ? 1 / each.cv ** 2 : Number.NaN;
    if (!(own > 0)) continue;
    sum += each.ratePerS * Math.log(Math.min(SHAPE_MAX, Math.max(SHAPE_MIN, own)));
    weight += each.ratePerS;
  }
  return weight === 0 ? 1 : Math.exp(sum / weight);
}

function windowsOf(text: string, source: string): readonly Window[] {
  const windows: Window[] = [];
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    const place: RowPlace = { source, lineNumber: i + 1 };
    const cells = line.trim().split(",");
    const [startS, ratePerS, cv] = [cells[0], cells[1], cells[2]].map((cell) => Number(cell || Number.NaN)) as [
      number,
      number,
      number,
    ];
    if (cells.length !== COLUMNS || !(startS >= 0) || !(ratePerS >= 0) || !Number.isFinite(ratePerS + startS)) {
      const what = `this is not a window of a client: ${line.slice(0, 60)}`;
      throw rowError(place, "TRACE_BAD_NUMBER", what, "rows are start, rate, cv, pattern, shape, scale");
    }
    if (windows.length > 0 && startS <= windows.at(-1)!.startS) {
      throw rowError(place, "TRACE_BAD_NUMBER", `${startS} s comes after a later window`, "sort the rows by time");
    }
    const pattern = cells[3]!.toLowerCase();
    const family = pattern === "gamma" || pattern === "weibull" ? pattern : undefined;
    windows.push({ startS, ratePerS, cv, family, shape: Number(cells[4]) });
  });
  return windows;
}

/** Name of a client's lengths in a folder of ServeGen's `data/`. */
export const LENGTHS_FILE = /^chunk-(\d+)-dataset\.json(\.gz)?$/;

const FIELDS = { input: "input_tokens", output: "output_tokens" } as const;
const ENTRY = /(\d+)\s*:\s*([\d.]+(?:[eE][+-]?\d+)?)/g;
const TOKENS_MAX = 2 ** 31 - 1;

/**
 * The lengths of one client's file: `{ "21600": { "input_tokens": "{45: 0.01, ...}", ... } }`, each from an instant to
 * that of the next, put together by the requests of these times. Source: github.com/alibaba/ServeGen, `data/`; Xiang et al., arXiv 2505.09999, 2025.
 *
 * @param requestsIn requests, or what is proportional to them, from an instant to another, s
 * @throws MeridianError data TRACE_BAD_JSON, TRACE_BAD_NUMBER
 */
export function clientLengths(
  text: string,
  source: string,
  requestsIn: (fromS: number, toS: number) => number,
): ClientLengths {
  const place: RowPlace = { source, lineNumber: 1 };
  let windows: unknown;
  try {
    windows = JSON.parse(text);
  } catch {
    windows = undefined;
  }
  if (!isObject(windows)) throw rowError(place, "TRACE_BAD_JSON", "this is not a JSON object", "copy the file again");
  const starts = Object.keys(windows).sort((a, b) => Number(a) - Number(b));
  const found: { -readonly [what in keyof ClientLengths]: ClientLengths[what] } = {};
  for (const what of ["input", "output"] as const) {
    const weights = new Map<number, number>();
    starts.forEach((start, i) => {
      const fields = (windows as JsonObject)[start];
      const histogram = isObject(fields) ? fields[FIELDS[what]] : undefined;
      const requests = requestsIn(Number(start), Number(starts[i + 1] ?? Number.POSITIVE_INFINITY));
      if (typeof histogram !== "string" || !(requests > 0)) return;
      for (const [, tokens, share] of histogram.matchAll(ENTRY)) {
        add(weights, Number(tokens), requests * Number(share), place);
      }
    });
    const lengths = sortedHistogram(weights);
    if (lengths !== undefined) found[what] = lengths;
  }
  return found;
}

function add(weights: Map<number, number>, tokens: number, weight: number, place: RowPlace): void {
  if (tokens > TOKENS_MAX || !Number.isFinite(weight)) {
    throw rowError(place, "TRACE_BAD_NUMBER", `${tokens} tokens with a share of ${weight}`, "copy the file again");
  }
  if (weight > 0) weights.set(tokens, (weights.get(tokens) ?? 0) + weight);
}

function sortedHistogram(weights: ReadonlyMap<number, number>): LengthHistogram | undefined {
  if (weights.size === 0) return undefined;
  const tokens = [...weights.keys()].sort((a, b) => a - b);
  return { tokens, weights: tokens.map((each) => weights.get(each)!) };
}

/** Whether any client tells its lengths. */
export function tellLengths(clients: readonly RecordedClient[] | undefined, what: "input" | "output"): boolean {
  return clients?.some(({ lengths }) => lengths?.[what] !== undefined) === true;
}

/**
 * Draws the lengths of rows by the client behind each. A client that tells none has those of all others together.
 *
 * @returns fills `column[from .. to)`; `clientOf` has the client of each row
 */
export function clientColumn(
  clients: readonly RecordedClient[],
  what: "input" | "output",
  stream: BlockStream,
): (column: Int32Array, from: number, to: number, clientOf: Int32Array) => void {
  const pooled = new Map<number, number>();
  for (const { lengths, ratePerS } of clients) {
    const own = lengths?.[what];
    const rate = ratePerS.reduce((sum, each) => sum + each, 0);
    const total = own?.weights.reduce((sum, weight) => sum + weight, 0) ?? 0;
    own?.tokens.forEach((tokens, i) => {
      pooled.set(tokens, (pooled.get(tokens) ?? 0) + (rate * own.weights[i]!) / total);
    });
  }
  const all = samplerOf(sortedHistogram(pooled)!);
  const samplers = clients.map(({ lengths }) => (lengths?.[what] === undefined ? all : samplerOf(lengths[what])));
  return (column, from, to, clientOf) => {
    for (let i = from; i < to; i++) column[i] = Math.max(1, Math.round(samplers[clientOf[i]!]!(stream.next())));
  };
}

function samplerOf({ tokens, weights }: LengthHistogram) {
  if (tokens.length === 1) return () => tokens[0]!;
  return compileSampler(createLaw({ kind: "empirical", values: tokens, weights }));
}
