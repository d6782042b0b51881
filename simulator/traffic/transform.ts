/**
 * Recordings made into what is wanted of them: transformed outside a simulation, by the same options with the same meaning as
 * beside `trace:`; and made into requests that can be sent again, with what a log does not tell filled in and said.
 */
import { MeridianError } from "../base/errors.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import { purposeStream } from "../random/sampler.ts";
import type { ArrivalProcess } from "./arrival-process.ts";
import { createArrivals } from "./arrivals/index.ts";
import { replayedRows, selectedRows, type TraceSpec } from "./arrivals/trace.ts";
import { takeRows } from "./columns.ts";
import { rowFilter } from "./labels.ts";
import { outputQuantile } from "./token-bounds.ts";
import { createTokenFiller, type MaxTokensSpec, type OutputQuantile } from "./tokens.ts";
import type { RecordedColumns } from "./traffic.ts";

/** What is to become of a recording. */
export interface Transform {
  /** As a scenario would replay it. */
  readonly spec: TraceSpec;
  /** Null: as recorded. */
  readonly maxTokens: MaxTokensSpec | OutputQuantile | null;
  /** Arrivals at or after this are left out, ms; needed where the recording is repeated. */
  readonly durationMs: number;
  readonly seed: number;
}

/** A transformed recording, and what is not in it any more, by why. */
export interface Transformed {
  readonly columns: RecordedColumns;
  readonly dropped: Readonly<Record<"only" | "slice" | "thin" | "duration", number>>;
}

/** Rows are put together in blocks of so many. */
const BLOCK_ROWS = 8192;

/**
 * Applies a transform. Its draws follow from the seed, so that a file is made again as it was.
 *
 * @throws MeridianError usage TRACE_EMPTY_SELECTION, TRACE_TOO_SHORT, TRAFFIC_NO_END
 */
export function transformed(columns: RecordedColumns, { spec, maxTokens, durationMs, seed }: Transform): Transformed {
  if (spec.tile && !Number.isFinite(durationMs)) {
    const what = "a recording that is repeated has no end of its own";
    throw new MeridianError("usage", { code: "TRAFFIC_NO_END", what, fix: "say how long: --duration 24h" });
  }
  const recordings = { [spec.trace]: { kind: "trace", columns } } as const;
  const random = (purpose: string) => purposeStream(seed, `convert/${purpose}`);
  const origins = [{ originIndex: 0, share: 1, shapeShiftMs: 0 }];
  const arrivals = createArrivals(spec, { className: spec.trace, random, recordings, origins, durationMs });
  const { rows, arrivalMs } = drawn(arrivals);
  const taken = takeRows(columns, rows, arrivalMs);
  const { startEpochMs } = columns;
  // Times of a part count from its own start.
  const moved = startEpochMs === undefined ? taken : { ...taken, startEpochMs: startEpochMs + spec.fromMs };
  const limits = maxTokens === null ? undefined : limitsOf(moved, { spec, maxTokens, seed });
  return {
    columns: limits === undefined ? moved : { ...moved, maxTokens: limits },
    dropped: droppedOf(columns, spec, rows, durationMs),
  };
}

function drawn(arrivals: ArrivalProcess) {
  const [times, recordedRow] = [new Float64Array(BLOCK_ROWS), new Int32Array(BLOCK_ROWS)];
  const rows: number[] = [];
  const arrivalMs: number[] = [];
  for (;;) {
    const end = arrivals.fill(times, 0, BLOCK_ROWS, recordedRow);
    for (let i = 0; i < end; i++) {
      rows.push(recordedRow[i]!);
      arrivalMs.push(times[i]!);
    }
    if (end < BLOCK_ROWS) return { rows: Int32Array.from(rows), arrivalMs: Float64Array.from(arrivalMs) };
  }
}

function limitsOf(
  taken: RecordedColumns,
  { spec, maxTokens, seed }: Pick<Transform, "spec" | "seed"> & { readonly maxTokens: MaxTokensSpec | OutputQuantile },
): Int32Array {
  if (maxTokens.kind === "outputQuantile") return quantileOfClass(taken, maxTokens.share);
  const fill = createTokenFiller(
    { maxTokens },
    {
      className: spec.trace,
      seed,
      purpose: "convert",
      random: (purpose) => purposeStream(seed, `convert/${purpose}`),
      recordings: {},
      recorded: taken,
      prefixIdBase: 0,
    },
  );
  const { length } = taken.arrivalMs;
  const ints = () => new Int32Array(length);
  const columns = {
    length,
    arrivalMs: taken.arrivalMs,
    classIndex: new Uint16Array(0),
    originIndex: new Uint16Array(0),
    inputTokens: ints(),
    outputTokens: ints(),
    maxTokens: ints(),
    prefixTokens: ints(),
    prefixId: ints(),
  };
  fill(
    columns,
    0,
    length,
    ints().map((_, row) => row),
  );
  return columns.maxTokens;
}

/** By class label: what the share of its answers stays within. */
function quantileOfClass({ outputTokens, classIndex }: RecordedColumns, share: number): Int32Array {
  const classes = new Set(classIndex ?? [0]);
  const limits = new Int32Array(outputTokens.length);
  for (const label of classes) {
    const isOf = (row: number) => (classIndex?.[row] ?? 0) === label;
    const limit = outputQuantile(
      outputTokens.filter((_, row) => isOf(row)),
      share,
    );
    for (let row = 0; row < limits.length; row++) if (isOf(row)) limits[row] = Math.max(1, limit);
  }
  return limits;
}

function droppedOf(columns: RecordedColumns, spec: TraceSpec, rows: Int32Array, durationMs: number) {
  const isWanted = rowFilter(spec.only, columns);
  const all = columns.arrivalMs.length;
  let wanted = 0;
  for (let row = 0; row < all; row++) if (isWanted(row)) wanted++;
  const selected = selectedRows(spec, columns, spec.trace).length;
  const recordings = { [spec.trace]: { kind: "trace", columns } } as const;
  const { inRun } = replayedRows(spec, { recordings, className: spec.trace }, { fromMs: 0, toMs: durationMs });
  // A row that is left out of one copy may stand in another.
  const isOnce = spec.scale <= 1 && !spec.tile;
  return {
    only: all - wanted,
    slice: wanted - selected,
    duration: isOnce ? selected - inRun : 0,
    thin: isOnce ? inRun - rows.length : 0,
  };
}

/** Columns that can be replayed, and what was done for it, one sentence each. */
export interface Replayable {
  readonly columns: RecordedColumns;
  readonly notes: readonly string[];
}

/**
 * Calls that were not answered are demand all the same: they are sent with the output of an answered call of their
 * model, drawn by a fixed key. Tokens that went through a cache become a prefix that the calls of one tenant and model
 * share. A recording without any token counts says so, and its classes bring them.
 */
export function replayable(columns: RecordedColumns): Replayable {
  const rows = columns.arrivalMs.length;
  const isKnown = (column: Int32Array) => column.some((tokens) => tokens > 0);
  if (!isKnown(columns.inputTokens) && !isKnown(columns.outputTokens)) {
    const { inputTokens, outputTokens } = columns;
    if (!inputTokens.some((tokens) => tokens < 0)) return { columns, notes: [] };
    const none = new Int32Array(rows);
    return {
      columns: {
        ...columns,
        inputTokens: inputTokens.map(() => 0),
        outputTokens: outputTokens.map(() => 0),
        maxTokens: none,
        isWithoutTokens: true,
      },
      notes: ["it tells no token counts: they are those of the classes"],
    };
  }
  const input = filled(columns.inputTokens, columns, "input");
  const output = filled(columns.outputTokens, columns, "output");
  const notes = [
    ...(input.count > 0
      ? [`${share(input.count, rows)} tell no input tokens, and are sent with those of other calls of their model`]
      : []),
    ...(output.count > 0
      ? [
          `${share(output.count, rows)} tell no output, most of them as they failed, and are sent with that of other calls of their model`,
        ]
      : []),
  ];
  const whole =
    input.count + output.count === 0 ? columns : { ...columns, inputTokens: input.tokens, outputTokens: output.tokens };
  return { columns: withPrefixes(whole), notes };
}

function share(count: number, rows: number): string {
  return `${count.toLocaleString("en-US")} of ${rows.toLocaleString("en-US")} calls`;
}

/** A column without gaps: unknown counts, and those of calls that failed and were logged with none, come of other calls. */
function filled(column: Int32Array, { outcome, modelIndex }: RecordedColumns, what: "input" | "output") {
  const isGap = (row: number) => column[row]! < 0 || (column[row] === 0 && outcome !== undefined && outcome[row] !== 0);
  let count = 0;
  for (let row = 0; row < column.length; row++) if (isGap(row)) count++;
  if (count === 0) return { tokens: column, count };
  const known = new Map<number, number[]>();
  const all: number[] = [];
  for (let row = 0; row < column.length; row++) {
    if (isGap(row)) continue;
    const model = modelIndex?.[row] ?? 0;
    const list = known.get(model) ?? [];
    known.set(model, list);
    list.push(column[row]!);
    all.push(column[row]!);
  }
  const key = purposeKey(0, `replayable/${what}`);
  const tokens = column.map((value, row) => {
    if (!isGap(row)) return value;
    const list = known.get(modelIndex?.[row] ?? 0) ?? all;
    return list[Math.floor(keyedUniform(key, row, 0) * list.length)] ?? 0;
  });
  return { tokens, count };
}

function withPrefixes(columns: RecordedColumns): RecordedColumns {
  const { cacheReadTokens, cacheWriteTokens, prefixTokens, modelIndex, tenantIndex } = columns;
  const told = cacheReadTokens ?? cacheWriteTokens;
  if (prefixTokens !== undefined || told === undefined) return columns;
  const cached = told.map((_, row) => (cacheReadTokens?.[row] ?? 0) + (cacheWriteTokens?.[row] ?? 0));
  if (!cached.some((tokens) => tokens > 0)) return columns;
  const ids = new Map<number, number>();
  const prefixId = cached.map((tokens, row) => {
    if (tokens === 0) return -1;
    const pair = (modelIndex?.[row] ?? 0) * 65_536 + (tenantIndex?.[row] ?? 0);
    const id = ids.get(pair) ?? ids.size;
    ids.set(pair, id);
    return id;
  });
  return { ...columns, prefixTokens: cached, prefixId };
}
