import { MeridianError } from "../errors.ts";
import { keyedUniform } from "../random/keyed-random.ts";
import type { ArrivalContext, ArrivalProcess } from "./arrival-process.ts";
import { Earliest } from "./earliest.ts";
import type { RecordedColumns } from "./recording.ts";
import type { TraceSpec } from "./trace-spec.ts";

/**
 * Plays recorded requests: every row keeps its lengths. `scale` plays whole copies that start a little apart, so that
 * bursts stay bursts and the rate's profile stays, plus a thinned copy for the fraction. `tile` repeats the recording;
 * at the seam the gap is the recording's mean gap.
 *
 * @param endMs nothing at or after this is wanted
 * @throws MeridianError TRAFFIC_UNKNOWN_RECORDING, TRACE_EMPTY_SELECTION or TRACE_TOO_SHORT
 */
export function replay(spec: TraceSpec, context: ArrivalContext, endMs: number): ArrivalProcess {
  const recorded = columnsOf(spec, context);
  const { rows, timesMs, periodMs } = select(spec, recorded, context);
  const copies = Math.ceil(spec.scale - 1e-9);
  const lastCopyShare = spec.scale - (copies - 1);
  const count = rows.length;
  const key = Math.floor(context.random("thinning").next() * 2 ** 32) | 0;
  const shiftMs = spec.shiftMs === "random" ? context.random("shift").next() * periodMs : spec.shiftMs;
  const copyOf = (copy: number) => shiftMs + (copy * Math.min(spec.spreadMs * spec.timeScale, periodMs)) / copies;

  /** Next position of each copy, counted over all repetitions: tile · count + row. */
  const position = new Float64Array(copies);
  const timeOf = (copy: number): number => {
    const tile = Math.floor(position[copy]! / count);
    return copyOf(copy) + tile * periodMs + timesMs[position[copy]! - tile * count]!;
  };
  const earliest = new Earliest(copies);
  for (let copy = 0; copy < copies; copy++) {
    if (spec.tile) position[copy] = -count * Math.ceil(copyOf(copy) / periodMs);
    while (timeOf(copy) < 0) position[copy]!++;
    earliest.add(copy, timeOf(copy));
  }
  return {
    recorded,
    fill(arrivalMs, from, to, recordedRow) {
      let i = from;
      while (i < to && !earliest.isEmpty) {
        const copy = earliest.top;
        const timeMs = earliest.topKey;
        if (timeMs >= endMs) return i;
        const at = position[copy]!++;
        const chance = spec.thin * (copy === copies - 1 ? lastCopyShare : 1);
        if (chance >= 1 || keyedUniform(key, at, copy) < chance) {
          arrivalMs[i] = timeMs;
          recordedRow[i] = rows[((at % count) + count) % count]!;
          i++;
        }
        if (spec.tile || position[copy]! < count) earliest.replaceTop(timeOf(copy));
        else earliest.removeTop();
      }
      return i;
    },
  };
}

function columnsOf(spec: TraceSpec, { recordings, className }: ArrivalContext): RecordedColumns {
  const recording = recordings[spec.trace];
  if (recording?.kind === "trace") return recording.columns;
  throw new MeridianError("usage", {
    code: "TRAFFIC_UNKNOWN_RECORDING",
    where: `class ${className}`,
    what: `"${spec.trace}" is not a recording of requests`,
    fix: "run `meridian list traces` for the bundled ones, or give a file's path",
  });
}

interface Selection {
  /** Rows of the recording, in time order. */
  readonly rows: Int32Array;
  /** Their times, ms from the selection's start, time scale applied. */
  readonly timesMs: Float64Array;
  /** Length of one repetition, ms. */
  readonly periodMs: number;
}

function select(spec: TraceSpec, recorded: RecordedColumns, { className }: ArrivalContext): Selection {
  const { arrivalMs, classIndex, classNames } = recorded;
  const fromMs = spec.fromMs;
  const toMs = spec.toMs ?? Number.POSITIVE_INFINITY;
  const wanted = spec.only === null ? -1 : (classNames?.indexOf(spec.only) ?? -1);
  const kept: number[] = [];
  for (let row = 0; row < arrivalMs.length; row++) {
    const isWanted = spec.only === null || (wanted >= 0 && classIndex?.[row] === wanted);
    if (isWanted && arrivalMs[row]! >= fromMs && arrivalMs[row]! < toMs) kept.push(row);
  }
  if (kept.length === 0) {
    throw new MeridianError("usage", {
      code: "TRACE_EMPTY_SELECTION",
      where: `class ${className}`,
      what: `no request of ${spec.trace} is left by slice and only`,
      fix: `the recording has ${arrivalMs.length} rows over ${((arrivalMs.at(-1) ?? 0) / 1000).toFixed(0)} s${labels(classNames)}`,
    });
  }
  const timesMs = Float64Array.from(kept, (row) => (arrivalMs[row]! - fromMs) * spec.timeScale);
  const lastMs = timesMs.at(-1)!;
  const meanGapMs = (lastMs - timesMs[0]!) / (kept.length - 1);
  const periodMs = spec.toMs !== null ? (spec.toMs - fromMs) * spec.timeScale : lastMs + meanGapMs;
  if (spec.tile && !(periodMs > 0)) {
    throw new MeridianError("usage", {
      code: "TRACE_TOO_SHORT",
      where: `class ${className}`,
      what: `${spec.trace} has too few requests to be repeated`,
      fix: "give slice.to, the length of one repetition, or leave tile out",
    });
  }
  return { rows: Int32Array.from(kept), timesMs, periodMs };
}

function labels(classNames: readonly string[] | undefined): string {
  return classNames === undefined ? "" : ` and the class labels ${classNames.join(", ")}`;
}
