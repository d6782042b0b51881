import { cumulativeShares } from "../random/step-sampler.ts";
import { purposeStream } from "../random/streams.ts";
import type { ArrivalContext, ArrivalProcess } from "./arrival-process.ts";
import { createArrivals } from "./arrivals/index.ts";
import type { ClassTraffic, TrafficOptions } from "./class-traffic.ts";
import { createTokenFiller, prefixIdCount } from "./token-filler.ts";
import type { TrafficChunk } from "./traffic.ts";

/** The rows of one class, in time order. */
export interface ClassStream {
  /** Writes the next rows to `from .. to`; returns the end of what was written, less than `to` once it has ended. */
  fill(columns: TrafficChunk, from: number, to: number): number;
  /** How many prefix ids the class uses, from its base on. */
  readonly prefixIds: number;
}

/**
 * The stream of one class. Every draw depends on (seed, replication, class name, purpose) and its number in order:
 * not on other classes, nor on how rows are cut into chunks.
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
  };
  const arrivals = createArrivals(traffic.arrivals, context);
  const fillTokens = createTokenFiller(traffic.tokens ?? {}, {
    className: traffic.name,
    seed: options.seed,
    purpose,
    random,
    recordings,
    recorded: arrivals.recorded,
    prefixIdBase: place.prefixIdBase,
  });
  const fillOrigins = originFiller(traffic, arrivals, context);
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
      return end;
    },
  };
}

type OriginFiller = (columns: TrafficChunk, from: number, to: number, recordedRow: Int32Array) => void;

function originFiller(traffic: ClassTraffic, arrivals: ArrivalProcess, context: ArrivalContext): OriginFiller {
  const drawn = drawnOrigins(traffic, arrivals, context);
  const { recorded } = arrivals;
  const known = traffic.recordedOrigins;
  if (recorded?.originIndex === undefined || recorded.originNames === undefined || known === undefined) return drawn;
  const indexOf = Int32Array.from(recorded.originNames, (name) => known[name] ?? -1);
  const labels = recorded.originIndex;
  return (columns, from, to, recordedRow) => {
    drawn(columns, from, to, recordedRow);
    for (let i = from; i < to; i++) {
      const origin = indexOf[labels[recordedRow[i]!]!]!;
      if (origin >= 0) columns.originIndex[i] = origin;
    }
  };
}

/** One draw a row, except for a class with one origin. */
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
  return ({ originIndex }, from, to) => {
    for (let i = from; i < to; i++) {
      const u = stream.next();
      let o = 0;
      while (upTo[o]! <= u) o++;
      originIndex[i] = originShares[o]!.originIndex;
    }
  };
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
