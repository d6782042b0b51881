/**
 * Backends whose answers are fully determined on arrival: a first-come-first-served queue whose waiting times are known
 * in closed form, for measuring the error of a test harness, and fixed latency, which is the same without a queue.
 */
import { KeyedRandom } from "../../simulator/random/keyed-random.ts";
import {
  type Admission,
  cappedOutputTokens,
  type InferenceBackend,
  type InferenceCall,
  type InferenceHandle,
  type InferenceObserver,
} from "../model/backend.ts";
import type { EmulatorClock } from "../model/clock.ts";
import { createPromptCache } from "../model/prompt.ts";

/** A queue for every pair of region and model. */
export interface QueueOptions {
  readonly servers: number;
  /** `deterministic` gives M/D/c under Poisson arrivals, `exponential` gives M/M/c. */
  readonly service: "deterministic" | "exponential";
  /** Mean service time in emulator milliseconds. */
  readonly meanServiceMs: number;
  /** Calls that may wait; further ones are answered 503. Unlimited by default; 0 gives Erlang's loss system. */
  readonly waitingRoom?: number;
  /** Output tokens of an answer when the caller requests no length (default 64); they are spread evenly over the service. */
  readonly outputTokens?: number;
  /** Seed of the service times; 1 by default. */
  readonly seed?: number;
  /** Periodic freezes of all endpoints: nothing is lost, work in progress resumes afterwards. */
  readonly stall?: Stall | undefined;
}

/**
 * Known-answer backend. A cancelled call still occupies its server until its service time has passed: reneging would
 * change the waiting-time distribution.
 *
 * @param clock   the fleet's clock
 * @param options the queue
 * @returns a backend that refuses a call with 503 when the waiting room is full
 */
export function createQueueBackend(clock: EmulatorClock, options: QueueOptions): InferenceBackend {
  const { service, meanServiceMs, outputTokens = 64, seed = 1 } = options;
  const queues = new Map<string, FcfsQueue>();
  const nextServiceMs = serviceTimes({ service, meanServiceMs, seed });
  const stall = options.stall === undefined ? NO_STALL : createStallClock(options.stall);

  return scheduledBackend(clock, { outputTokens, stall }, (call, nowMs, tokens) => {
    const serviceMs = nextServiceMs();
    const slot = queueOf(`${call.region} ${call.modelId}`).admit(stall.workMs(nowMs), serviceMs);
    if (slot === undefined) return undefined;
    return { firstTokenAtMs: slot.startMs + serviceMs / tokens, endAtMs: slot.endMs };
  });

  function queueOf(key: string): FcfsQueue {
    const known = queues.get(key);
    if (known !== undefined) return known;
    const queue = createFcfsQueue(options.servers, options.waitingRoom ?? Number.POSITIVE_INFINITY);
    queues.set(key, queue);
    return queue;
  }
}

/** Latency of every answer, in emulator milliseconds. */
export interface FixedLatencyOptions {
  /** Time to the first token; 200 by default. */
  readonly firstTokenMs: number;
  /** Time between tokens; 10 by default. */
  readonly perTokenMs: number;
  /** Output tokens of an answer when the caller requests no length; 64 by default. */
  readonly outputTokens: number;
}

const DEFAULT_LATENCY: FixedLatencyOptions = { firstTokenMs: 200, perTokenMs: 10, outputTokens: 64 };

/**
 * Unlimited capacity and no quota: token k of an answer exists `firstTokenMs + (k - 1) * perTokenMs` after the call.
 * Calls run in the region that received them.
 *
 * @param clock   the fleet's clock
 * @param options latencies (ms) and answer length (tokens) that differ from the defaults: 200, 10 and 64
 * @returns a backend for a fleet
 */
export function createFixedLatencyBackend(
  clock: EmulatorClock,
  options: Partial<FixedLatencyOptions> = {},
): InferenceBackend {
  const { firstTokenMs, perTokenMs, outputTokens } = { ...DEFAULT_LATENCY, ...options };
  return scheduledBackend(clock, { outputTokens, stall: NO_STALL }, (_call, nowMs, tokens) => ({
    firstTokenAtMs: nowMs + firstTokenMs,
    endAtMs: nowMs + firstTokenMs + (tokens - 1) * perTokenMs,
  }));
}

/** Instants of an answer's first and last token, on the endpoint's work clock. */
type AnswerTimes = Pick<ScheduledAnswer, "firstTokenAtMs" | "endAtMs">;

/** A backend that knows an answer's times when the call arrives; `timesOf` returns undefined to refuse it. */
function scheduledBackend(
  clock: EmulatorClock,
  { outputTokens: defaultTokens, stall }: { readonly outputTokens: number; readonly stall: StallClock },
  timesOf: (call: InferenceCall, nowMs: number, outputTokens: number) => AnswerTimes | undefined,
): InferenceBackend {
  const cache = createPromptCache();
  return {
    begin(call, nowMs, observer): Admission {
      const outputTokens = cappedOutputTokens(call, defaultTokens);
      const times = timesOf(call, nowMs, outputTokens);
      if (times === undefined) return { kind: "refused", fault: { name: "ServiceUnavailableException" } };
      const { readTokens, writeTokens } = cache.use(call, call.region, nowMs);
      const handle = scheduledHandle({
        clock,
        observer,
        destinationRegion: call.region,
        outputTokens,
        cacheReadTokens: readTokens,
        cacheWriteTokens: writeTokens,
        ...times,
        stall,
      });
      return { kind: "accepted", handle };
    },
  };
}

/**
 * The service times of {@link createQueueBackend}, so that the exact waiting times of a run can be recomputed.
 *
 * @returns a function that gives the next service time in ms, in order of arrival over all queues
 */
export function serviceTimes(
  options: Required<Pick<QueueOptions, "service" | "meanServiceMs" | "seed">>,
): () => number {
  const random = new KeyedRandom(options.seed, "emulator.service");
  let calls = 0;
  return () => {
    random.seek(calls++, 0);
    return options.service === "deterministic"
      ? options.meanServiceMs
      : -Math.log1p(-random.next()) * options.meanServiceMs;
  };
}

export interface FcfsQueue {
  /** @returns start and end of service; undefined if the waiting room is full. Arrivals must be in time order. */
  admit(arrivalMs: number, serviceMs: number): { readonly startMs: number; readonly endMs: number } | undefined;
}

/**
 * First come, first served over c servers: service starts at max(arrival, earliest instant at which a server is free).
 * Source: Kiefer and Wolfowitz 1955, Trans. AMS 78(1).
 */
export function createFcfsQueue(servers: number, waitingRoom: number): FcfsQueue {
  const freeAtMs = new Float64Array(servers);
  // Start times of calls still waiting, ascending because the queue is first come, first served.
  let waiting: number[] = [];

  return {
    admit(arrivalMs, serviceMs) {
      let earliest = 0;
      for (let server = 1; server < servers; server++) {
        if (freeAtMs[server]! < freeAtMs[earliest]!) earliest = server;
      }
      const startMs = Math.max(arrivalMs, freeAtMs[earliest]!);
      if (startMs > arrivalMs) {
        waiting = waiting.filter((instant) => instant > arrivalMs);
        if (waiting.length >= waitingRoom) return undefined;
        waiting.push(startMs);
      }
      const endMs = startMs + serviceMs;
      freeAtMs[earliest] = endMs;
      return { startMs, endMs };
    },
  };
}

/** An answer whose first and last token have known instants. */
export interface ScheduledAnswer {
  readonly clock: EmulatorClock;
  readonly observer: InferenceObserver;
  readonly destinationRegion: string;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Instants of the first and last token on the endpoint's work clock; the others are evenly spaced between them. */
  readonly firstTokenAtMs: number;
  readonly endAtMs: number;
  /** Freezes of the endpoint, which delay tokens too. */
  readonly stall?: StallClock;
}

/** The handle of an answer whose token times are all known at admission. */
export function scheduledHandle(answer: ScheduledAnswer): InferenceHandle {
  const { clock, observer, outputTokens, firstTokenAtMs, endAtMs, stall = NO_STALL } = answer;
  const gapMs = outputTokens > 1 ? (endAtMs - firstTokenAtMs) / (outputTokens - 1) : 0;
  const [firstMs, lastMs] = [stall.instantMs(firstTokenAtMs), stall.instantMs(endAtMs)];
  const first = clock.schedule(firstMs, () => observer.onFirstToken(firstMs));
  const end = clock.schedule(lastMs, () => observer.onEnd(lastMs));

  const tokensWritten = (instantMs: number): number => {
    if (instantMs >= lastMs) return outputTokens;
    const nowMs = stall.workMs(instantMs);
    if (nowMs < firstTokenAtMs) return 0;
    if (nowMs >= endAtMs) return outputTokens;
    // The small addend keeps a token that is due exactly now from being lost to rounding.
    return Math.min(outputTokens, 1 + Math.floor((nowMs - firstTokenAtMs) / gapMs + 1e-6));
  };

  return {
    destinationRegion: answer.destinationRegion,
    outputTokens,
    cacheReadTokens: answer.cacheReadTokens,
    cacheWriteTokens: answer.cacheWriteTokens,
    tokensWritten,
    nextTokenMs: (nowMs) => stall.instantMs(firstTokenAtMs + tokensWritten(nowMs) * gapMs),
    cancel() {
      first.cancel();
      end.cancel();
    },
  };
}

/** Periodic freezes: each period of `everyMs` ends with a freeze of `forMs`. */
export interface Stall {
  readonly everyMs: number;
  /** Less than `everyMs`. */
  readonly forMs: number;
  /** Emulator time at which the first period begins, ms; 0 by default. */
  readonly fromMs?: number;
}

/** Converts between emulator time and a work clock that stops during freezes. The two agree until `fromMs`. */
interface StallClock {
  /** Work clock at an instant of emulator time, ms. Constant during a freeze. */
  workMs(instantMs: number): number;
  /** Earliest instant of emulator time at which the work clock shows `workMs`, ms. */
  instantMs(workMs: number): number;
}

/**
 * A queue with preemptive-resume interruptions at fixed instants equals the uninterrupted queue on the work clock, which
 * keeps the closed-form answer exact under freezes.
 */
export function createStallClock({ everyMs, forMs, fromMs = 0 }: Stall): StallClock {
  const workingMs = everyMs - forMs;
  return {
    workMs(instantMs) {
      if (instantMs <= fromMs) return instantMs;
      const periods = Math.floor((instantMs - fromMs) / everyMs);
      return fromMs + periods * workingMs + Math.min(workingMs, instantMs - fromMs - periods * everyMs);
    },
    instantMs(workMs) {
      if (workMs <= fromMs) return workMs;
      // Work that ends exactly with its period ends before the freeze, not after it.
      const periods = Math.ceil((workMs - fromMs) / workingMs) - 1;
      return fromMs + periods * everyMs + (workMs - fromMs - periods * workingMs);
    },
  };
}

/** Without freezes the two clocks are the same. */
const NO_STALL: StallClock = { workMs: (instantMs) => instantMs, instantMs: (workMs) => workMs };
