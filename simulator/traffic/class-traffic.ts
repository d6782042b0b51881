import type { OriginShare } from "./arrival-process.ts";
import type { ArrivalSpec } from "./arrivals/index.ts";
import type { Recording } from "./recording.ts";
import type { TokenSpec } from "./tokens.ts";

/** One class's traffic as plain data: structured-cloneable, so that it can be sent to workers. */
export interface ClassTraffic {
  /** Unique in the scenario; the class's luck is keyed by it. */
  readonly name: string;
  readonly arrivals: ArrivalSpec;
  /** Left out, wholly or in part, where the arrivals are recorded requests. */
  readonly tokens?: TokenSpec;
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
