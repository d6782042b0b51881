import type { LawSpec } from "../../random/laws/index.ts";

/**
 * Serving capacity of one endpoint (destination region x model). Every mechanism takes the instant as an argument and
 * keeps its own agenda, so the simulator drives it by the event clock and the emulator by the wall clock.
 */
export interface Capacity {
  /** When something happens next inside, ms; Infinity when nothing is due. */
  readonly nextMs: number;
  /** Sequences or calls being served now. */
  readonly inService: number;
  readonly waiting: number;
  /** Takes an attempt into service or into the queue, or refuses it. */
  offer(nowMs: number, attempt: number): Offer;
  /**
   * Lets happen what is due at `nextMs`, one event at a time.
   * FINISHED and ABANDONED name the attempt in `subject`; FIRST_TOKEN too; QUIET is an inner change.
   */
  advance(): Happening;
  readonly subject: number;
  /** True when an offer now would start at once. */
  hasRoom(): boolean;
  /** Delay that an arrival now should expect in the queue, ms. */
  expectedQueueDelayMs(): number;
  /** Changes the share of capacity that is there: 1 = all, 0.5 = a brownout, 0 = none starts. */
  setCapacityFactor(nowMs: number, factor: number): void;
  /** The machines are lost: everybody inside leaves, in service first; returns the attempts. */
  evict(nowMs: number): readonly number[];
  /** Where all sequences decode in step: token steps done by an instant at the present pace. To pace a stream by. */
  stepsAt?(nowMs: number): number;
  /** Time of a step at the present pace, ms; Infinity while nothing moves. */
  readonly stepMs?: number;
}

/** Answer to an offer. */
export const OFFER = { started: 0, queued: 1, refused: 2 } as const;
export type Offer = (typeof OFFER)[keyof typeof OFFER];

/** What `advance` let happen. */
export const HAPPENING = { quiet: 0, firstToken: 1, finished: 2, abandoned: 3 } as const;
export type Happening = (typeof HAPPENING)[keyof typeof HAPPENING];

/** Other tenants' occupancy of the same machines, by local hour of the region, plus a slow random part. */
export interface BackgroundSpec {
  /** Mean occupied servers (slots) or decoding sequences (batching). */
  readonly mean: number;
  /** Peak over mean minus one, in [0, 1]: mean x (1 + swing cos(2 pi (local hour - peakHour) / 24)). */
  readonly swing: number;
  /** Local hour of the peak, in [0, 24). */
  readonly peakHour: number;
  /** Standard deviation of the slow random part over the mean; AR(1) in steps. */
  readonly noise: number;
  /** Correlation time of the random part, ms. */
  readonly noiseTimeMs: number;
  /** How often the occupancy changes, ms. */
  readonly stepMs: number;
}

export interface SlotsSpec {
  readonly kind: "slots";
  /** Infinity = as many as needed. */
  readonly servers: number;
  /** Service time of a call, ms, apart from its tokens. */
  readonly service: LawSpec;
  readonly perInputTokenMs: number;
  readonly perOutputTokenMs: number;
  /** Places to wait; Infinity = no limit, 0 = none. */
  readonly waitingRoom: number;
  readonly discipline: "fcfs" | "priority" | "processor-sharing";
  /** How long a call waits before it leaves; null = for ever. */
  readonly patience: LawSpec | null;
  /** Refuse when the expected delay is above this, ms. */
  readonly queueDelayMsMax: number;
  readonly background: BackgroundSpec | null;
}

export interface BatchingSpec {
  readonly kind: "batching";
  /** alpha: ms of a decode step with nothing in it. */
  readonly stepBaseMs: number;
  /** beta: ms added to a step by each sequence in it. */
  readonly stepPerSequenceMs: number;
  /** Prefill: a delay of base + perToken x uncached input tokens before decoding begins. */
  readonly prefillBaseMs: number;
  readonly prefillPerTokenMs: number;
  /** Prefill also takes decode capacity: this many token steps per uncached input token. */
  readonly prefillWorkPerToken: number;
  /** Multiplies each attempt's work and prefill delay: luck of the draw, mean 1. */
  readonly noise: LawSpec | null;
  /** Most sequences in the batch, own only. */
  readonly batchMax: number;
  /** Most tokens in the key-value cache: input + output of every sequence in the batch. */
  readonly kvTokensMax: number;
  readonly waitingRoom: number;
  readonly discipline: "fcfs" | "priority";
  readonly patience: LawSpec | null;
  readonly queueDelayMsMax: number;
  readonly background: BackgroundSpec | null;
}

/** Latencies replayed from recordings: an unlimited station whose delays are drawn from samples. */
export interface EmpiricalSpec {
  readonly kind: "empirical";
  /** Cells of samples; the first cell whose limits hold is used. */
  readonly cells: readonly EmpiricalCell[];
  /** Latency factor by own calls in flight: piecewise linear through (inFlight, factor); empty = 1. */
  readonly load: readonly (readonly [number, number])[];
}

export interface EmpiricalCell {
  /** Local hours [from, to); wraps at midnight. */
  readonly hourFrom: number;
  readonly hourTo: number;
  readonly inputTokensMax: number;
  readonly outputTokensMax: number;
  readonly ttftMs: LawSpec;
  /** Time per output token after the first, ms. */
  readonly tpotMs: LawSpec;
}

/** A station with few assumptions, as calibration fits it to an endpoint that was measured. */
export interface FittedSpec {
  readonly kind: "fitted";
  /** Calls served at a time; Infinity = as many as come. */
  readonly servers: number;
  /** The prompt's part at an unloaded endpoint: base + perToken x uncached input tokens, ms, to the first token. */
  readonly promptBaseMs: number;
  readonly promptPerTokenMs: number;
  /**
   * own: load does not slow it. shared: paced by the load curve. in-line: one prompt at a time, else not slowed.
   * serial: paced, and one at a time. in-steps: as serial, but only the tokens are one at a time: the base is a wait
   * for the next step, which all can do at once.
   */
  readonly prompts: "own" | "shared" | "in-line" | "serial" | "in-steps";
  /** Added to the load's factor for everybody while a prompt is read one at a time. */
  readonly promptSlowdown: number;
  /** Each output token after the first at an unloaded endpoint, ms. */
  readonly perOutputTokenMs: number;
  /** Factors of mean 1 on the two parts of each call's work. */
  readonly promptNoise: LawSpec | null;
  readonly outputNoise: LawSpec | null;
  /** A call that is lucky with its prompt is so with its output. */
  readonly sameLuck: boolean;
  /** The answer comes in one piece at the end. */
  readonly isWhole: boolean;
  /** Slowdown by calls: points (calls, factor), straight between, on along the last line; empty = 1. */
  readonly load: readonly (readonly [number, number])[];
  /** Which calls slow the others: all in service, or those past their first token. */
  readonly counts: "all" | "decoding";
  /** The slowdown follows the load all the time, or is settled when service begins. */
  readonly applies: "continuously" | "at-start";
  readonly waitingRoom: number;
  readonly patience: LawSpec | null;
  readonly queueDelayMsMax: number;
  /** In calls, added to those that count. */
  readonly background: BackgroundSpec | null;
}

export type CapacitySpec = SlotsSpec | BatchingSpec | EmpiricalSpec | FittedSpec;

/** Where an endpoint stands on the clock and in the random numbers. */
export interface CapacityContext {
  /** Seed of this endpoint's own luck (background). */
  readonly seed: number;
  /** Key of the service luck, drawn per (request, attempt). */
  readonly serviceKey: number;
  readonly patienceKey: number;
  /** Local hour of day at ms 0 of the run. */
  readonly localHourAtStart: number;
  /** Told when service begins of an attempt whose tokens are fixed from then on: evenly between these instants. */
  readonly onStart?: (attempt: number, firstTokenMs: number, endMs: number) => void;
}
