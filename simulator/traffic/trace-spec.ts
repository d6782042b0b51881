import type { DayShapeSpec } from "./day-shape.ts";

/** How a recording is played. */
export interface TraceSpec {
  readonly process: "trace";
  /** Bundled name or file path. */
  readonly trace: string;
  /** Rate multiplied by this. */
  readonly scale: number;
  /** Times multiplied by this: 2 plays at half speed. */
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
  /** Only rows of this class label of the recording. */
  readonly only: string | null;
  readonly shape: DayShapeSpec | null;
}
