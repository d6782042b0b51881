/** The traffic of one class: its spec as plain data, and its rows in time order. */
import { ownEntry } from "../base/schema-forms.ts";
import { BLOCK, cumulativeShares, purposeStream } from "../random/sampler.ts";
import type { ArrivalContext, ArrivalProcess, OriginShare } from "./arrival-process.ts";
import { type ArrivalSpec, createArrivals } from "./arrivals/index.ts";
import type { DayShapeSpec } from "./day-shape.ts";
import type { SessionSpec } from "./sessions.ts";
import { createTokenFiller, type LengthSpec, prefixIdCount, type TokenInput, type TokenSpec } from "./tokens.ts";
import type { Recording, TrafficChunk } from "./traffic.ts";
import { createTurns, sessionRows } from "./turns.ts";

/** The rows of one class, in time order. */
export interface ClassStream {
  /** Writes the next rows to `from .. to`; returns the end of what was written, less than `to` once it has ended. */
  fill(columns: TrafficChunk, from: number, to: number): number;
  /** How many prefix ids the class uses, from its base on. */
  readonly prefixIds: number;
}

/**
 * The stream of one class. Every draw depends on (seed, replication, class name, purpose) and its position in
 * that stream, not on other classes or on how rows are cut into chunks.
 */
export function createClassStream(
  traffic: ClassTraffic,
  options: TrafficOptions,
  place: { readonly classIndex: number; readonly prefixIdBase: number; readonly rowsMax: number },
): ClassStream {
  const purpose = `traffic/${options.replication}/${traffic.name}`;
  const random = (what: string) => purposeStream(options.seed, `${purpose}/${what}`);
  const recordings = traffic.recordings ?? {};
  const context: ArrivalContext = {
    random,
    recordings,
    origins: traffic.originShares,
    durationMs: options.durationMs,
    className: traffic.name,
    ...(traffic.sessions?.kind === "recorded"
      ? { beginnings: (rows, columns) => sessionRows(rows, columns).firsts }
      : {}),
  };
  const arrivals = createArrivals(traffic.arrivals, context);
  const fillTokens = createTokenFiller(traffic.tokens ?? {}, {
    className: traffic.name,
    seed: options.seed,
    purpose,
    random,
    recordings,
    recorded: arrivals.recorded,
    clients: arrivals.clients,
    prefixIdBase: place.prefixIdBase,
  });
  const fillOrigins = originFiller(traffic, arrivals, context);
  const fillSessions = sessionFiller(traffic, options);
  const recordedRow = new Int32Array(place.rowsMax);
  let ended = false;
  return {
    prefixIds: prefixIdCount(traffic.tokens ?? {}, arrivals.recorded),
    fill(columns, from, to) {
      if (ended) return from;
      const { arrivalMs } = columns;
      let end = arrivals.fill(arrivalMs, from, to, recordedRow);
      ended = end < to;
      if (end > from && arrivalMs[end - 1]! >= options.durationMs) {
        ended = true;
        end = firstAtOrAfter(arrivalMs, from, end, options.durationMs);
      }
      columns.classIndex.fill(place.classIndex, from, end);
      fillTokens(columns, from, end, recordedRow);
      fillOrigins(columns, from, end, recordedRow);
      fillSessions(columns, from, end, recordedRow);
      return end;
    },
  };
}

type SessionFiller = (columns: TrafficChunk, from: number, to: number, recordedRow: Int32Array) => void;

/** Which session each row begins, by number or by its recorded row, and how many requests it has. */
function sessionFiller(traffic: ClassTraffic, { seed, replication }: TrafficOptions): SessionFiller {
  if (traffic.sessions === undefined) {
    return ({ session, turns }, from, to) => {
      session?.fill(-1, from, to);
      turns?.fill(1, from, to);
    };
  }
  const { count } = createTurns(traffic, seed, replication);
  const isRecorded = traffic.sessions.kind === "recorded";
  let next = 0;
  return ({ session, turns }, from, to, recordedRow) => {
    for (let i = from; i < to; i++) {
      const number = isRecorded ? recordedRow[i]! : next++;
      if (session !== undefined) session[i] = number;
      if (turns !== undefined) turns[i] = count(number);
    }
  };
}

type OriginFiller = (columns: TrafficChunk, from: number, to: number, recordedRow: Int32Array) => void;

function originFiller(traffic: ClassTraffic, arrivals: ArrivalProcess, context: ArrivalContext): OriginFiller {
  const drawn = drawnOrigins(traffic, arrivals, context);
  const { recorded } = arrivals;
  const known = traffic.recordedOrigins;
  if (recorded?.originIndex === undefined || recorded.originNames === undefined || known === undefined) return drawn;
  const indexOf = Int32Array.from(recorded.originNames, (name) => knownOrigin(name, known)?.index ?? -1);
  const labels = recorded.originIndex;
  return (columns, from, to, recordedRow) => {
    drawn(columns, from, to, recordedRow);
    for (let i = from; i < to; i++) {
      const origin = indexOf[labels[recordedRow[i]!]!]!;
      if (origin >= 0) columns.originIndex[i] = origin;
    }
  };
}

/**
 * The origin that a label of a recording names: as it is written, or else without the blanks around it and in small
 * letters, as the names of regions are; undefined where the scenario knows none of that name.
 *
 * @example knownOrigin(" US-EAST-1", { "us-east-1": 4 }) // => { name: "us-east-1", index: 4 }
 */
export function knownOrigin(
  label: string,
  known: Readonly<Record<string, number>>,
): { readonly name: string; readonly index: number } | undefined {
  for (const name of [label, label.trim().toLowerCase()]) {
    const index = ownEntry(known, name);
    if (index !== undefined) return { name, index };
  }
  return undefined;
}

/** One draw for each row, except for a class with one origin. */
function drawnOrigins({ originShares }: ClassTraffic, arrivals: ArrivalProcess, context: ArrivalContext): OriginFiller {
  if (originShares.length === 1) {
    const only = originShares[0]!.originIndex;
    return ({ originIndex }, from, to) => originIndex.fill(only, from, to);
  }
  const stream = context.random("origin");
  if (arrivals.originAt !== undefined) {
    return ({ originIndex, arrivalMs }, from, to) => {
      for (let i = from; i < to; i++) originIndex[i] = arrivals.originAt!(arrivalMs[i]!, stream.next());
    };
  }
  const upTo = cumulativeShares(originShares.map(({ share }) => share));
  const indexOf = Uint16Array.from(originShares, (each) => each.originIndex);
  const uniforms = new Float64Array(BLOCK);
  return ({ originIndex }, from, to) => {
    for (let start = from; start < to; start += BLOCK) {
      const count = Math.min(BLOCK, to - start);
      stream.fill(uniforms, count);
      for (let i = 0; i < count; i++) originIndex[start + i] = indexOf[rankOf(upTo, uniforms[i]!)]!;
    }
  };
}

/** How many cumulative shares a uniform has reached: numbers for few, since branches could not be predicted. */
function rankOf(upTo: Float64Array, u: number): number {
  let rank = 0;
  if (upTo.length <= 4) {
    for (let o = 0; o < upTo.length - 1; o++) rank += Number(upTo[o]! <= u);
    return rank;
  }
  while (upTo[rank]! <= u) rank++;
  return rank;
}

function firstAtOrAfter(arrivalMs: Float64Array, from: number, to: number, limitMs: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (arrivalMs[middle]! < limitMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One class's traffic as plain data: structured-cloneable, so that it can be sent to workers. */
export interface ClassTraffic {
  /** Unique in the scenario; keys the class's draws. */
  readonly name: string;
  readonly arrivals: ArrivalSpec;
  /** May be left out, wholly or in part, where the arrivals are recorded requests. */
  readonly tokens?: TokenSpec;
  /** Requests that follow answers; none unless given. */
  readonly sessions?: SessionSpec;
  /** At least one; the shares sum to 1. */
  readonly originShares: readonly OriginShare[];
  /** Every recording that `traceNamesOf` names, by that name. */
  readonly recordings?: Readonly<Record<string, Recording>>;
  /** Origin index of the origin labels of a recording; rows with other labels are drawn by share. */
  readonly recordedOrigins?: Readonly<Record<string, number>>;
}

export interface TrafficOptions {
  readonly seed: number;
  readonly replication: number;
  /** Arrivals at or after this are left out; may be Infinity. */
  readonly durationMs: number;
  /** Arrivals before this are left out; 0 where not given. Those that stay are the same as without it. */
  readonly fromMs?: number;
  /** Rows in all; may be Infinity. */
  readonly requestsMax: number;
  readonly chunkRows?: number;
}

/** Names (or file paths) of every recording that a class needs, in a fixed order and without repeats. */
export function traceNamesOf(traffic: { readonly arrivals: ArrivalSpec; readonly tokens?: TokenInput }): string[] {
  const { arrivals, tokens } = traffic;
  const names = new Set<string>();
  const addShape = (shape: DayShapeSpec | null) => {
    if (shape?.kind === "recorded") names.add(shape.name);
  };
  if (arrivals.process === "trace") {
    names.add(arrivals.trace);
    addShape(arrivals.shape);
  }
  if (arrivals.process === "diurnal") addShape(arrivals.shape);
  if (arrivals.process === "servegen") names.add(arrivals.clients);
  for (const length of [tokens?.input, tokens?.output, tokens?.maxTokens as LengthSpec | undefined]) {
    if (length?.kind === "recorded") names.add(length.name);
  }
  return [...names];
}

/** Whether the scenario must give token counts: recorded requests bring their own. */
export function tokensRequired(arrivals: ArrivalSpec): boolean {
  return arrivals.process !== "trace";
}
