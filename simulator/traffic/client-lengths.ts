/** Token lengths of single clients, as ServeGen's repository has them: a histogram for each of their windows. */
import { createLaw } from "../random/laws/index.ts";
import { compileSampler } from "../random/sampler.ts";
import type { BlockStream } from "../random/streams.ts";
import type { ClientLengths, LengthHistogram, RecordedClient } from "./recording.ts";
import { isObject, type JsonObject, type RowPlace, rowError } from "./row-cells.ts";

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
  if (!isObject(windows)) throw rowError(place, "TRACE_BAD_JSON", "this is no JSON object", "copy the file again");
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
