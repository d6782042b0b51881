/** The arrival process `trace`: recorded requests, scaled, tiled, thinned or shaped by a day. */
import { z } from "zod";
import { MeridianError } from "../../base/errors.ts";
import { Earliest } from "../../base/event-queue.ts";
import { TIME_UNITS, type TimeUnit } from "../../base/instants.ts";
import { durationMs, share, shareError } from "../../base/schema-forms.ts";
import { MINUTE_MS } from "../../base/time.ts";
import { keyedUniform } from "../../random/keyed-random.ts";
import { type ArrivalContext, type ArrivalDefinition, type ArrivalProcess, loadFactor } from "../arrival-process.ts";
import { type ColumnMap, columnMapSchema } from "../column-map.ts";
import { createDayShape, type DayShapeSpec, dayShapeSchema, shapedByDay } from "../day-shape.ts";
import { labelText, onlySchema, type RowLabels, rowFilter } from "../labels.ts";
import type { RecordedColumns } from "../traffic.ts";

/** Recorded requests. In YAML its options stand beside the trace's name. */
export const trace: ArrivalDefinition<TraceSpec> & { readonly options: Readonly<Record<string, z.ZodType>> } = {
  name: "trace",
  summary: "Recorded requests: { trace: azure-conv-2023, scale: 3, tile: true, shape: servegen-m-large }",
  schema: z
    .string()
    .min(1)
    .transform((name) => traceSpec(name, {})),
  options: {
    scale: loadFactor.meta({ description: "Load multiplied by this; of a recording, copies and a thinned one" }),
    timeScale: loadFactor.meta({ description: "Times multiplied by this: 0.5 plays at double speed" }),
    slice: z
      .strictObject({
        from: durationMs.default(0).meta({ description: "Where the part begins, from the recording's start: 30m" }),
        to: durationMs.optional().meta({ description: "Where it ends, from the recording's start: 1h30m" }),
      })
      .refine(({ from, to }) => to === undefined || from < to, { message: "from must be before to", path: ["from"] })
      .meta({ description: "Part of the recording, from its start: { from: 30m, to: 1h30m }" }),
    tile: z.boolean().meta({ description: "Repeat the recording to fill the run" }),
    shift: z
      .union([z.literal("random"), durationMs])
      .meta({ description: "Start this much later; random: at a point drawn for each replication" }),
    spread: durationMs.meta({ description: "The copies of `scale` start evenly over this time; default 1m" }),
    thin: share
      .refine((value) => value >= 1e-4 && value <= 1, shareError("thin must be between 0.01% and 100%"))
      .meta({ description: "Share of the requests that are kept" }),
    unit: z.enum(TIME_UNITS).meta({
      description: "Unit of the file's numeric times where it states none, or another: s, ms, us or ns",
    }),
    format: z
      .string()
      .min(1)
      .meta({ description: "Format of the file, where it is not to be found: see list formats" }),
    columns: columnMapSchema,
    tag: z.string().min(1).meta({ description: "Tag of the requests whose value is their class label: team" }),
    tags: z
      .string()
      .min(1)
      .meta({ description: "File of rules that tag requests which lack a tag: see meridian import --tags" }),
    only: onlySchema,
    shape: dayShapeSchema,
  },
  scaled: (spec, by) => ({ ...spec, scale: spec.scale * by }),
  create: (spec, context) => {
    if (spec.shape === null) return replay(spec, context, context.durationMs);
    const shape = createDayShape(spec.shape, context.recordings);
    // Operational time never runs faster than at the shape's peak.
    const process = replay(spec, context, context.durationMs * shape.weights.reduce((a, b) => Math.max(a, b), 1));
    return shapedByDay(process, shape, context.origins);
  },
};

/** What the scenario says of how a file is to be read; undefined where it says nothing. */
function readingOf(options: Readonly<Record<string, unknown>>): Pick<TraceSpec, "reading"> {
  const { format = null, columns = null, tag = null, tags } = options as Partial<TraceReading>;
  const isGiven = format !== null || columns !== null || tag !== null || tags !== undefined;
  return isGiven ? { reading: { format, columns, tag, ...(tags === undefined ? {} : { tags }) } } : {};
}

/** The full spec of a trace from its name and the options that stand beside it. */
export function traceSpec(name: string, options: Readonly<Record<string, unknown>>): TraceSpec {
  const slice = options.slice as { from: number; to?: number } | undefined;
  const shape = (options.shape as DayShapeSpec | undefined) ?? null;
  return {
    process: "trace",
    trace: name,
    scale: (options.scale as number | undefined) ?? 1,
    timeScale: (options.timeScale as number | undefined) ?? 1,
    fromMs: slice?.from ?? 0,
    toMs: slice?.to ?? null,
    // A shape needs traffic all day long.
    tile: ((options.tile as boolean | undefined) ?? false) || shape !== null,
    shiftMs: (options.shift as number | "random" | undefined) ?? 0,
    spreadMs: (options.spread as number | undefined) ?? MINUTE_MS,
    thin: (options.thin as number | undefined) ?? 1,
    only: (options.only as TraceSpec["only"] | undefined) ?? null,
    unit: (options.unit as TimeUnit | undefined) ?? null,
    shape,
    ...readingOf(options),
  };
}

/**
 * Replays recorded requests; every row keeps its lengths. `scale` replays whole copies that start a little apart, which
 * keeps bursts and the rate's profile, plus a thinned copy for the fraction. `tile` repeats the recording;
 * at the seam the gap is the recording's mean gap.
 *
 * @param endMs arrivals at or after this are not needed
 * @throws MeridianError TRAFFIC_UNKNOWN_RECORDING, TRACE_EMPTY_SELECTION or TRACE_TOO_SHORT
 */
function replay(spec: TraceSpec, context: ArrivalContext, endMs: number): ArrivalProcess {
  const recorded = columnsOf(spec, context);
  const { rows, timesMs, periodMs } = select(spec, recorded, context);
  const copies = Math.ceil(spec.scale - 1e-9);
  const lastCopyShare = spec.scale - (copies - 1);
  const count = rows.length;
  const key = Math.floor(context.random("thinning").next() * 2 ** 32) | 0;
  const shiftMs = spec.shiftMs === "random" ? context.random("shift").next() * periodMs : spec.shiftMs;
  const startMs = Float64Array.from(
    { length: copies },
    (_, copy) => shiftMs + (copy * Math.min(spec.spreadMs * spec.timeScale, periodMs)) / copies,
  );
  /** Of each copy the row that comes next, and in which repetition: counted on, since dividing costs more than a draw. */
  const next = new Int32Array(copies);
  const repetition = new Float64Array(copies);
  const timeOf = (copy: number): number => startMs[copy]! + repetition[copy]! * periodMs + timesMs[next[copy]!]!;
  const goOn = (copy: number): void => {
    if (++next[copy]! < count) return;
    next[copy] = 0;
    repetition[copy]!++;
  };
  const earliest = new Earliest(copies);
  for (let copy = 0; copy < copies; copy++) {
    if (spec.tile) repetition[copy] = -Math.ceil(startMs[copy]! / periodMs);
    while (timeOf(copy) < 0) goOn(copy);
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
        const row = next[copy]!;
        const chance = spec.thin * (copy === copies - 1 ? lastCopyShare : 1);
        if (chance >= 1 || keyedUniform(key, repetition[copy]! * count + row, copy) < chance) {
          arrivalMs[i] = timeMs;
          recordedRow[i] = rows[row]!;
          i++;
        }
        goOn(copy);
        if (spec.tile || repetition[copy]! < 1) earliest.replaceTop(timeOf(copy));
        else earliest.removeTop();
      }
      return i;
    },
  };
}

/** A run as rows may fall into it, ms. */
interface RunSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What becomes of a recording's rows in a run. */
export interface ReplayedRows {
  /** Rows that `slice` and `only` leave, in time order. */
  readonly rows: Int32Array;
  /** How many of them fall into the run. */
  readonly inRun: number;
  /** When the first and the last of them would be sent, ms of the run's clock, were it long enough. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Counts the rows that fall into a run. With a shape, or a start drawn over a tiled recording, all of them may.
 *
 * @throws MeridianError TRAFFIC_UNKNOWN_RECORDING, TRACE_EMPTY_SELECTION or TRACE_TOO_SHORT
 */
export function replayedRows(
  spec: TraceSpec,
  context: Pick<ArrivalContext, "recordings" | "className">,
  { fromMs, toMs }: RunSpan,
): ReplayedRows {
  const { rows, timesMs, periodMs } = select(spec, columnsOf(spec, context), context);
  const shiftMs = spec.shiftMs === "random" ? 0 : spec.shiftMs;
  const isAnywhere = spec.shape !== null || (spec.tile && spec.shiftMs === "random");
  const isInRun = (timeMs: number): boolean => {
    if (isAnywhere) return true;
    const repetition = spec.tile ? Math.ceil((fromMs - shiftMs - timeMs) / periodMs) : 0;
    const sentMs = shiftMs + timeMs + repetition * periodMs;
    return sentMs >= fromMs && sentMs < toMs;
  };
  let inRun = 0;
  for (const timeMs of timesMs) if (isInRun(timeMs)) inRun++;
  return { rows, inRun, firstMs: shiftMs + timesMs[0]!, lastMs: shiftMs + timesMs.at(-1)! };
}

function columnsOf(
  spec: TraceSpec,
  { recordings, className }: Pick<ArrivalContext, "recordings" | "className">,
): RecordedColumns {
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

/**
 * The rows that `slice` and `only` leave, in order of time.
 *
 * @throws MeridianError TRACE_EMPTY_SELECTION where none is left
 */
export function selectedRows(spec: TraceSpec, recorded: RecordedColumns, className: string): Int32Array {
  const { arrivalMs } = recorded;
  const toMs = spec.toMs ?? Number.POSITIVE_INFINITY;
  const isWanted = rowFilter(spec.only, recorded);
  const kept = new Int32Array(arrivalMs.length);
  let count = 0;
  for (let row = 0; row < arrivalMs.length; row++) {
    if (isWanted(row) && arrivalMs[row]! >= spec.fromMs && arrivalMs[row]! < toMs) kept[count++] = row;
  }
  if (count > 0) return kept.slice(0, count);
  throw new MeridianError("usage", {
    code: "TRACE_EMPTY_SELECTION",
    where: className === spec.trace ? spec.trace : `class ${className}`,
    what: `no request of ${spec.trace} is left by slice and only`,
    fix: `the recording has ${arrivalMs.length} rows over ${((arrivalMs.at(-1) ?? 0) / 1000).toFixed(0)} s${labelText(spec.only, recorded)}`,
  });
}

function select(
  spec: TraceSpec,
  recorded: RecordedColumns,
  { className, beginnings }: Pick<ArrivalContext, "className" | "beginnings">,
): Selection {
  const { arrivalMs } = recorded;
  const fromMs = spec.fromMs;
  const kept = selectedRows(spec, recorded, className);
  const timeOf = (row: number) => (arrivalMs[row]! - fromMs) * spec.timeScale;
  const lastMs = timeOf(kept.at(-1)!);
  const meanGapMs = kept.length === 1 ? 0 : (lastMs - timeOf(kept[0]!)) / (kept.length - 1);
  const periodMs = spec.toMs !== null ? (spec.toMs - fromMs) * spec.timeScale : lastMs + meanGapMs;
  if (spec.tile && (periodMs === 0 || (kept.length === 1 && spec.toMs === null))) {
    throw new MeridianError("usage", {
      code: "TRACE_TOO_SHORT",
      where: `class ${className}`,
      what: `${spec.trace} has too few requests to be repeated`,
      fix: "give slice.to, the length of one repetition, or leave tile out",
    });
  }
  const rows = beginnings === undefined ? kept : beginnings(kept, recorded);
  // By index: an iterator costs several times what it is asked for, in every replication.
  const timesMs = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) timesMs[i] = timeOf(rows[i]!);
  return { rows, timesMs, periodMs };
}

/** How a recording is replayed. */
export interface TraceSpec {
  readonly process: "trace";
  /** Bundled name or file path. */
  readonly trace: string;
  /** Rate multiplied by this. */
  readonly scale: number;
  /** Times multiplied by this: 2 replays at half speed. */
  readonly timeScale: number;
  /** Part of the recording, ms from its start; null for its end. */
  readonly fromMs: number;
  readonly toMs: number | null;
  /** Repeat to fill the run. */
  readonly tile: boolean;
  /** Later by this; "random" for a start drawn per replication. */
  readonly shiftMs: number | "random";
  /** Copies made by `scale` start this far apart in all. */
  readonly spreadMs: number;
  /** Share of requests that are kept. */
  readonly thin: number;
  /** Only rows of this class label of the recording, or of these labels. */
  readonly only: string | RowLabels | null;
  /** Of the file's numeric times; null to go by what the file states. */
  readonly unit: TimeUnit | null;
  readonly shape: DayShapeSpec | null;
  /** How the file is to be read, where the scenario says so. */
  readonly reading?: TraceReading;
}

/** How a file is to be read; null to go by what it shows. */
export interface TraceReading {
  readonly format: string | null;
  readonly columns: ColumnMap | null;
  readonly tag: string | null;
  /** File of tag rules. */
  readonly tags?: string;
}
