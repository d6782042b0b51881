/** The contract of arrival processes: what each is given, and what its file exports. */
import type { z } from "zod";
import type { BlockStream } from "../random/streams.ts";
import type { RecordedClient, RecordedColumns, Recording } from "./recording.ts";

/** A stream of arrival instants. Endless unless `fill` says otherwise; its caller stops at the run's end. */
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
  /** Or the clients that it does. */
  readonly clients?: readonly RecordedClient[];
}

/** Where a share of the requests comes from. */
export interface OriginShare {
  readonly originIndex: number;
  /** In [0, 1]; the shares of a class sum to 1. */
  readonly share: number;
  /** How long after the run's start this origin's local midnight from Sunday to Monday lies, ms; shifts its shape. */
  readonly shapeShiftMs: number;
  /** Likewise of UTC, for shapes that go by it. */
  readonly utcShiftMs?: number;
}

/** What a process is made with: its own random streams, recordings by name, and origins to mix a day shape over. */
export interface ArrivalContext {
  /** For error messages. */
  readonly className: string;
  /** The stream of one purpose of this class and replication. */
  random(purpose: string): BlockStream;
  readonly recordings: Readonly<Record<string, Recording>>;
  readonly origins: readonly OriginShare[];
  /** Length of the run, ms; may be Infinity. */
  readonly durationMs: number;
  /** Of rows of a recording in order of time, those that arrivals are made of, where it is not all of them. */
  beginnings?(rows: Int32Array, recorded: RecordedColumns): Int32Array;
}

/** What each process's file exports; a line in `arrivals/index.ts` registers it. */
export interface ArrivalDefinition<Spec extends { readonly process: string }> {
  /** The key in a scenario file and the `process` of the spec. */
  readonly name: Spec["process"];
  /** One sentence for `meridian list arrivals` and the editor's help. */
  readonly summary: string;
  /** The value of the key in YAML; the output is the plain spec. */
  readonly schema: z.ZodType<Spec>;
  /** The spec at `factor` times its load, bursts and shapes as they are. */
  scaled(spec: Spec, factor: number): Spec;
  create(spec: Spec, context: ArrivalContext): ArrivalProcess;
}
