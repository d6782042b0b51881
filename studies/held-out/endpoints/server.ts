/** The common parts of the study's endpoints: the contract of a server, a call, and its own source of noise. */

/**
 * A service as a program that is run from one of its events to the next. It has no clock: real time drives it behind
 * HTTP, an event loop in virtual time. Instants are ms since the run's start.
 *
 * Nothing in this folder uses the simulator's capacity models, since the study asks whether those can predict an
 * endpoint of unknown physics.
 */
export interface EndpointServer {
  /** Instant of the server's next event; Infinity when there is none. */
  nextMs(): number;
  /** Runs the event at `nextMs()`. */
  step(): void;
  /** A call arrives; events up to `nowMs` have been run. @returns a refusal, undefined when it was accepted */
  admit(call: EndpointCall, nowMs: number): Refusal | undefined;
  /** The caller has disconnected. */
  cancel(call: EndpointCall): void;
}

/** A call as a server sees it. */
export interface EndpointCall {
  readonly inputTokens: number;
  /** Length of the answer, at least 1. */
  readonly outputTokens: number;
  /** The class of traffic; calls of one key may be kept on one replica. */
  readonly key: string;
  /** Tokens written so far. */
  readonly written: number;
  /** Writes more tokens at `atMs`; the call ends when all are written. */
  write(tokens: number, atMs: number): void;
}

export interface Refusal {
  readonly kind: "throttled" | "unavailable";
}

/** Runs all events up to an instant. */
export function runUntil(server: EndpointServer, untilMs: number): void {
  while (server.nextMs() <= untilMs) server.step();
}

export interface CallOptions {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly key: string;
  readonly onFirstToken: (atMs: number) => void;
  readonly onEnd: (atMs: number) => void;
}

/** A call that notifies its caller of its first token and of its end, once each. */
export function createCall(options: CallOptions): EndpointCall {
  const { inputTokens, outputTokens, key } = options;
  let written = 0;
  return {
    inputTokens,
    outputTokens,
    key,
    get written() {
      return written;
    },
    write(tokens, atMs) {
      if (tokens <= 0 || written >= outputTokens) return;
      const isFirst = written === 0;
      written = Math.min(outputTokens, written + tokens);
      if (isFirst) options.onFirstToken(atMs);
      if (written === outputTokens) options.onEnd(atMs);
    },
  };
}

/** The noise draws of one server: its own generator, unlike the simulator's. */
export interface Draws {
  /** Uniform in (0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Lognormal with mean 1 and this coefficient of variation. */
  around1(cv: number): number;
}

/**
 * SplitMix64's 32-bit sibling (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", with the
 * finaliser of MurmurHash3): small, and sequential, so a server's draws depend on the order of events.
 */
export function createDraws(seed: number): Draws {
  let state = Math.imul(seed ^ 0x2545f491, 0x9e3779b1) | 0;
  const uniform = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    z ^= z >>> 16;
    return ((z >>> 0) + 0.5) / 2 ** 32;
  };
  /** Box and Muller 1958. */
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    normal,
    around1(cv) {
      if (cv === 0) return 1;
      const variance = Math.log1p(cv * cv);
      return Math.exp(Math.sqrt(variance) * normal() - variance / 2);
    },
  };
}

/**
 * Slowdown of a server over time: exp of an AR(1) sequence on a grid of one second, mean near 1, with a correlation
 * time of `timeMs`.
 */
export function createDrift(options: {
  readonly sd: number;
  readonly timeMs: number;
  readonly draws: Draws;
}): Slowness {
  const { sd, timeMs, draws } = options;
  const keep = Math.exp(-GRID_MS / timeMs);
  let second = 0;
  let level = sd * draws.normal();
  return (nowMs) => {
    for (const target = Math.floor(nowMs / GRID_MS); second < target; second++) {
      level = keep * level + sd * Math.sqrt(1 - keep * keep) * draws.normal();
    }
    return Math.exp(level - (sd * sd) / 2);
  };
}

/** Factor on every duration; instants must not decrease. */
export type Slowness = (nowMs: number) => number;

const GRID_MS = 1000;
