/**
 * A service of unknown physics, as a program that is run from one event of its own to the next. It knows no clock: the
 * wall drives it behind HTTP and a loop drives it in virtual time. Instants are ms since the run's start.
 *
 * Nothing under this folder uses the simulator's capacity models: a study that asks whether those can predict what they
 * were not told must not be judged by themselves.
 */
export interface ForeignServer {
  /** Instant of the server's next own event; Infinity when it has nothing to do. */
  nextMs(): number;
  /** Runs the event that is due at `nextMs()`. */
  step(): void;
  /** A call arrives. Own events up to `nowMs` have been run. @returns a refusal, undefined when it was taken */
  admit(call: ForeignCall, nowMs: number): Refusal | undefined;
  /** The caller went away. */
  cancel(call: ForeignCall): void;
}

/** A call as a server sees it. */
export interface ForeignCall {
  readonly inputTokens: number;
  /** Length of the answer, at least 1. */
  readonly outputTokens: number;
  /** Equal keys may be kept on one machine; the class of traffic. */
  readonly key: string;
  /** Tokens written so far. */
  readonly written: number;
  /** So many more tokens exist since `atMs`; the call has ended when all are written. */
  write(tokens: number, atMs: number): void;
}

export interface Refusal {
  readonly kind: "throttled" | "unavailable";
}

/** Runs everything that is due up to an instant. */
export function runUntil(server: ForeignServer, untilMs: number): void {
  while (server.nextMs() <= untilMs) server.step();
}
