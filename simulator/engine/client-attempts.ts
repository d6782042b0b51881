import { extended } from "./columns.ts";

/** The caller's side of each attempt, as columns beside the world's attempt table: same slots, same lifetime. */
export class ClientAttempts {
  request = new Int32Array(0);
  /** Generation of the request's slot when it was sent: another one means that the request has ended. */
  requestGeneration = new Int32Array(0);
  router = new Uint16Array(0);
  origin = new Uint16Array(0);
  sentMs = new Float64Array(0);
  /** When the service side was done with it, ms. */
  endedMs = new Float64Array(0);
  outcome = new Uint8Array(0);
  /** The caller has given it up; the service goes on and bills it. */
  isDetached = new Uint8Array(0);
  isCounted = new Uint8Array(0);

  /** Grows with the attempt table. */
  ensure(capacity: number): void {
    if (this.request.length >= capacity) return;
    this.request = extended(this.request, new Int32Array(capacity));
    this.requestGeneration = extended(this.requestGeneration, new Int32Array(capacity));
    this.router = extended(this.router, new Uint16Array(capacity));
    this.origin = extended(this.origin, new Uint16Array(capacity));
    this.sentMs = extended(this.sentMs, new Float64Array(capacity));
    this.endedMs = extended(this.endedMs, new Float64Array(capacity));
    this.outcome = extended(this.outcome, new Uint8Array(capacity));
    this.isDetached = extended(this.isDetached, new Uint8Array(capacity));
    this.isCounted = extended(this.isCounted, new Uint8Array(capacity));
  }
}
