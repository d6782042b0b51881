import type { z } from "zod";
import type { BlockStream } from "../random/streams.ts";
import type { RecordedColumns, Recording } from "./recording.ts";

/** A stream of arrival instants. Unbounded unless `fill` says otherwise; whoever pulls stops at the run's end. */
export interface ArrivalProcess {
  /**
   * Writes the next arrivals, ms since the start, ascending over all calls, to `arrivalMs[from .. to)`.
   *
   * @param recordedRow for recorded traffic: the row of the recording behind each arrival; other processes leave it
   * @returns the end of what was written; less than `to` means that the process has ended
   */
  fill(arrivalMs: Float64Array, from: number, to: number, recordedRow: Int32Array): number;
  /** Origin of an arrival drawn by `u`, where the chances depend on the time of day. */
  originAt?(arrivalMs: number, u: number): number;
  /** The rows that `recordedRow` points into. */
  readonly recorded?: RecordedColumns;
}

/** Where a share of the requests comes from. */
export interface OriginShare {
  readonly originIndex: number;
  /** In [0, 1]; the shares of a class sum to 1. */
  readonly share: number;
  /** How far this origin's local midnight lies after the run's start, ms; moves its day shape. */
  readonly shapeShiftMs: number;
}

/** What a process is made with: its own luck, recordings by name, and the origins that a day shape is mixed over. */
export interface ArrivalContext {
  /** For error messages. */
  readonly className: string;
  /** The stream of one purpose of this class and replication. */
  random(purpose: string): BlockStream;
  readonly recordings: Readonly<Record<string, Recording>>;
  readonly origins: readonly OriginShare[];
  /** Length of the run, ms; may be Infinity. */
  readonly durationMs: number;
}

/** What each arrivals file exports; one registry line in `arrivals/index.ts` makes it known everywhere. */
export interface ArrivalDefinition<Spec extends { readonly process: string }> {
  /** The key in a scenario file and the `process` of the spec. */
  readonly name: Spec["process"];
  /** One sentence for `meridian list arrivals` and the editor's help. */
  readonly summary: string;
  /** The value of the key in YAML; the output is the plain spec. */
  readonly schema: z.ZodType<Spec>;
  create(spec: Spec, context: ArrivalContext): ArrivalProcess;
}
