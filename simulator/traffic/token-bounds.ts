/**
 * Sizes of a class's calls: how small and how large they are, for what none of them can do (fit into a quota, for example), and
 * max_tokens as a quantile of the class's own answers, what a caller would set who knows them.
 */
import { MeridianError } from "../base/errors.ts";
import { createLaw, type LawSpec } from "../random/laws/index.ts";
import type { ArrivalSpec } from "./arrivals/index.ts";
import { selectedRows } from "./arrivals/trace.ts";
import type { ClassTraffic } from "./class-stream.ts";
import { type LengthSpec, lengthLaw, type TokenInput, type TokenSpec } from "./tokens.ts";
import type { RecordedColumns, Recording } from "./traffic.ts";

export interface SmallestCall {
  /** Tokens of the shortest prompt. */
  readonly inputTokens: number;
  /** Smallest max_tokens of the calls that state it; Infinity where none does. */
  readonly maxTokens: number;
  /** Whether some call leaves max_tokens out. */
  readonly isUnset: boolean;
  /** Whether all calls are of these sizes. */
  readonly isOnlySize: boolean;
  /** Whether prompts may begin with what a cache holds. */
  readonly hasPrefixes: boolean;
}

/** The least that any call of the class asks for; undefined where a length or its recording is missing. */
export function smallestCall(traffic: ClassTraffic): SmallestCall | undefined {
  const recorded = recordedRows(traffic);
  const { input, output, maxTokens, prefix } = traffic.tokens ?? {};
  const shortest = shortestOf(input ?? recorded?.inputTokens, traffic);
  if (shortest === undefined) return undefined;
  const limit = shortestLimit(maxTokens, output, recorded, traffic);
  if (limit === undefined) return undefined;
  return {
    inputTokens: shortest,
    maxTokens: limit.least,
    isUnset: limit.isUnset,
    isOnlySize: input?.kind === "constant" && limit.isConstant,
    hasPrefixes: (prefix ?? recorded?.prefixId) !== undefined,
  };
}

/**
 * Expected share of a class's calls whose prompt has more tokens than the limit; undefined where the lengths or their
 * recording are missing.
 *
 * @param limit tokens
 */
export function shareOfPromptsAbove(traffic: ClassTraffic, limit: number): number | undefined {
  const source = traffic.tokens?.input ?? recordedRows(traffic)?.inputTokens;
  if (source === undefined) return undefined;
  if (source instanceof Int32Array) {
    const above = source.reduce((number, tokens) => number + Number(tokens > limit), 0);
    return source.length === 0 ? 0 : above / source.length;
  }
  if (source.kind !== "recorded") return shareOfDrawsAbove(source, limit);
  const recording = traffic.recordings?.[source.name];
  if (recording?.kind !== "lengths") return undefined;
  return shareOfDrawsAbove({ kind: "empirical", quantiles: recording.quantiles }, limit);
}

/** Where the quantile function passes the limit, by bisection; draws are rounded to whole tokens. */
function shareOfDrawsAbove(spec: LawSpec, limit: number): number {
  const law = createLaw(spec);
  const isAbove = (u: number) => Math.round(law.quantile(u)) > limit;
  let [below, above] = [0, 1];
  if (isAbove(LEAST_UNIFORM)) return 1;
  if (!isAbove(1 - LEAST_UNIFORM)) return 0;
  for (let step = 0; step < 53; step++) {
    const middle = (below + above) / 2;
    if (isAbove(middle)) above = middle;
    else below = middle;
  }
  return 1 - above;
}

interface LeastLimit {
  readonly least: number;
  readonly isUnset: boolean;
  readonly isConstant: boolean;
}

function shortestLimit(
  spec: NonNullable<ClassTraffic["tokens"]>["maxTokens"],
  output: LengthSpec | undefined,
  recorded: RecordedColumns | undefined,
  traffic: ClassTraffic,
): LeastLimit | undefined {
  if (spec?.kind === "unset") return ALL_UNSET;
  if (spec === undefined) return recorded?.maxTokens === undefined ? ALL_UNSET : leastRecorded(recorded.maxTokens);
  const source = spec.kind === "outputTimes" ? (output ?? recorded?.outputTokens) : spec;
  const shortest = shortestOf(source, traffic);
  if (shortest === undefined) return undefined;
  const isConstant = !(source instanceof Int32Array) && source?.kind === "constant";
  const least = spec.kind === "outputTimes" ? Math.ceil(spec.factor * shortest) : shortest;
  // The traffic writes 0 for a max_tokens that is left out.
  return least === 0
    ? { least: isConstant ? Number.POSITIVE_INFINITY : 1, isUnset: true, isConstant }
    : { least, isUnset: false, isConstant };
}

const ALL_UNSET: LeastLimit = { least: Number.POSITIVE_INFINITY, isUnset: true, isConstant: true };

function leastRecorded(column: Int32Array): LeastLimit {
  let least = Number.POSITIVE_INFINITY;
  let isUnset = false;
  for (const tokens of column) {
    if (tokens === 0) isUnset = true;
    else least = Math.min(least, tokens);
  }
  return { least, isUnset, isConstant: false };
}

function recordedRows({ arrivals, recordings }: ClassTraffic): RecordedColumns | undefined {
  const recording = arrivals.process === "trace" ? recordings?.[arrivals.trace] : undefined;
  return recording?.kind === "trace" ? recording.columns : undefined;
}

/** The smallest number that draws of a length can be. */
function shortestOf(source: LengthSpec | Int32Array | undefined, { recordings }: ClassTraffic): number | undefined {
  if (source === undefined) return undefined;
  if (source instanceof Int32Array) return source.reduce((least, tokens) => Math.min(least, tokens), Infinity);
  if (source.kind === "constant") return Math.round(source.value);
  if (source.kind !== "recorded") return leastDraw(source);
  const recording = recordings?.[source.name];
  return recording?.kind === "lengths" ? leastDraw({ kind: "empirical", quantiles: recording.quantiles }) : undefined;
}

/** The smallest uniform that a generator draws above 0. */
const LEAST_UNIFORM = 2 ** -53;

/** Rounded as the traffic rounds draws: to 0 only where the law itself lists numbers that small. */
function leastDraw(law: LawSpec): number {
  const least = Math.floor(createLaw(law).quantile(LEAST_UNIFORM) + 0.5);
  return law.kind === "empirical" ? least : Math.max(1, least);
}

/** How large calls can be, as far as that is certain: 1 and Infinity where it is not. */
export interface CallSizes {
  readonly inputMin: number;
  readonly inputMax: number;
  readonly outputMin: number;
  readonly outputMax: number;
}

/** Of classes that have been asked for: a bound asks once for each target, strategy and replication. */
const SIZES = new WeakMap<ClassTraffic, CallSizes>();

/** Least and most tokens of a class's calls. Sessions let prompts grow: nothing is certain of their inputs then. */
export function callSizes(traffic: ClassTraffic): CallSizes {
  const sizes = SIZES.get(traffic) ?? sizesOf(traffic);
  SIZES.set(traffic, sizes);
  return sizes;
}

function sizesOf(traffic: ClassTraffic): CallSizes {
  const recorded = recordedRows(traffic);
  const [inputMin, inputMax] = rangeOf(traffic.tokens?.input ?? recorded?.inputTokens, traffic);
  const [outputMin, outputMax] = rangeOf(traffic.tokens?.output ?? recorded?.outputTokens, traffic);
  const limit = smallestCall(traffic)?.maxTokens ?? 1;
  const given = traffic.tokens?.maxTokens;
  const longest = given?.kind === "constant" && given.value > 0 ? Math.round(given.value) : Number.POSITIVE_INFINITY;
  const isOpen = traffic.sessions !== undefined;
  return {
    inputMin: isOpen ? 1 : inputMin,
    inputMax: isOpen ? Number.POSITIVE_INFINITY : inputMax,
    outputMin: Math.max(1, Math.min(outputMin, limit)),
    outputMax: Math.min(outputMax, longest),
  };
}

function rangeOf(source: LengthSpec | Int32Array | undefined, { recordings }: ClassTraffic): readonly [number, number] {
  if (source === undefined) return [1, Number.POSITIVE_INFINITY];
  if (source instanceof Int32Array) {
    let [least, most] = [Number.POSITIVE_INFINITY, 0];
    for (let row = 0; row < source.length; row++) {
      if (source[row]! < least) least = source[row]!;
      if (source[row]! > most) most = source[row]!;
    }
    // Unknown lengths are drawn from elsewhere.
    return least < 0 ? [1, Number.POSITIVE_INFINITY] : [Math.max(1, least), most];
  }
  if (source.kind !== "recorded") {
    const { quantile } = createLaw(source);
    return [Math.max(1, Math.floor(quantile(LEAST_UNIFORM))), Math.ceil(quantile(1 - LEAST_UNIFORM))];
  }
  const recording = recordings?.[source.name];
  if (recording?.kind !== "lengths") return [1, Number.POSITIVE_INFINITY];
  return rangeOf({ kind: "empirical", quantiles: recording.quantiles }, { recordings } as ClassTraffic);
}

/** A class whose limit may still have to be settled. */
interface Unsettled {
  readonly name: string;
  readonly arrivals: ArrivalSpec;
  readonly tokens: TokenInput;
  readonly recordings: Readonly<Record<string, Recording>>;
}

/**
 * Token counts with `outputQuantile` settled: the smallest number that the share of the answers stays within, of the
 * law of outputs or of the recorded rows that the class takes.
 *
 * @throws MeridianError usage TRAFFIC_TOKENS_MISSING, TRAFFIC_UNKNOWN_RECORDING, TRACE_EMPTY_SELECTION
 */
export function settleMaxTokens({ name, arrivals, tokens, recordings }: Unsettled): TokenSpec {
  const { maxTokens, ...rest } = tokens;
  if (maxTokens === undefined) return rest;
  if (maxTokens.kind !== "outputQuantile") return { ...rest, maxTokens };
  const value = quantileOf({ name, arrivals, tokens, recordings }, maxTokens.share);
  return { ...rest, maxTokens: { kind: "constant", value: Math.max(1, Math.ceil(value)) } };
}

function quantileOf({ name, arrivals, tokens, recordings }: Unsettled, share: number): number {
  if (tokens.output !== undefined || arrivals.process !== "trace") {
    const law = createLaw(lengthLaw(tokens.output, "output", { className: name, recordings }));
    return Math.round(law.quantile(share));
  }
  const recording = recordings[arrivals.trace];
  if (recording?.kind !== "trace") return 1;
  const { columns } = recording;
  const rows = selectedRows(arrivals, columns, name);
  return outputQuantile(
    Int32Array.from(rows, (row) => columns.outputTokens[row]!),
    share,
  );
}

/** The smallest value that the share of the values does not exceed. @throws MeridianError where there is none */
export function outputQuantile(values: Int32Array, share: number): number {
  if (values.length === 0) {
    const what = "there are no answers to take a quantile of";
    throw new MeridianError("usage", {
      code: "TRAFFIC_TOKENS_MISSING",
      where: "maxTokens",
      what,
      fix: "give a number",
    });
  }
  return values.toSorted()[Math.min(values.length - 1, Math.ceil(share * values.length) - 1)]!;
}
