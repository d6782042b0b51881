/** Transforms of a recording outside a simulation: the same options, with the same meaning, as beside `trace:`. */
import { MeridianError } from "../base/errors.ts";
import { purposeStream } from "../random/sampler.ts";
import type { ArrivalProcess } from "./arrival-process.ts";
import { createArrivals } from "./arrivals/index.ts";
import { replayedRows, selectedRows, type TraceSpec } from "./arrivals/trace.ts";
import { takeRows } from "./columns.ts";
import { rowFilter } from "./labels.ts";
import { outputQuantile } from "./max-tokens.ts";
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
