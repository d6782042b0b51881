import type { TrafficChunk } from "../traffic/traffic.ts";
import type { QuotaUse } from "../world/quota/token-quota.ts";
import type { Books } from "./books.ts";

/**
 * The way of requests through a run, from their arrival to their end. There are two: `GeneralPath` knows everything a
 * scenario can say, `DirectPath` is for plans in which callers and servers have nothing between them, and is twice as
 * fast. What both can run comes out the same to the last bit.
 */
export interface RequestPath {
  readonly books: Books;
  /** Requests that have arrived. */
  readonly seen: number;
  /** Of those in the system: in a batch, where they may wait for hours without saying anything of stability. */
  readonly inBatch: number;
  /** When something happens next, ms; Infinity when nothing is due. */
  readonly nextMs: number;
  /** Whether a request has not ended, or an attempt is still under way. */
  readonly isBusy: boolean;
  /** Takes rows `from` to `to` of the traffic, and lets happen what is due before each. */
  run(chunk: TrafficChunk, from: number, to: number): void;
  /** Lets happen what is due at `nextMs`, one event. */
  advance(): void;
  /** Ends the requests that are still in the system: the run is over. */
  endAll(nowMs: number): void;
  quotaUse(): readonly QuotaUse[];
}
