import { KeyedRandom } from "../../simulator/random/keyed-random.ts";
import {
  type Admission,
  type CachePoint,
  cappedOutputTokens,
  type InferenceBackend,
  type InferenceCall,
  type InferenceHandle,
  type InferenceObserver,
} from "../model/backend.ts";
import type { EmulatorClock } from "../model/clock.ts";

/**
 * Known-answer mode: each (region, model) is a queue whose law is known in closed form, so that a harness that
 * measures it learns its own error. First come, first served; `deterministic` service gives M/D/c under Poisson
 * arrivals, `exponential` gives M/M/c, `waitingRoom: 0` gives Erlang's loss system.
 */
export interface QueueOptions {
  readonly servers: number;
  readonly service: "deterministic" | "exponential";
  readonly meanServiceMs: number;
  /** Calls that may wait; one more is answered 503. Infinity where not given. */
  readonly waitingRoom?: number;
  /** Output tokens of an answer where nobody asks for a length; they are spread evenly over the service. */
  readonly outputTokens?: number;
  /** Seed of the service times. */
  readonly seed?: number;
  /** The endpoints freeze now and then; nothing is lost, everything under way goes on afterwards. */
  readonly stall?: Stall | undefined;
}

/**
 * A call that goes away keeps its server to the end of its service: a law with reneging would be another law.
 */
export function createQueueBackend(clock: EmulatorClock, options: QueueOptions): InferenceBackend {
  const { service, meanServiceMs, outputTokens: lawTokens = 64, seed = 1 } = options;
  const queues = new Map<string, FcfsQueue>();
  const nextServiceMs = serviceTimes({ service, meanServiceMs, seed });
  const stall = options.stall === undefined ? NO_STALL : createStallClock(options.stall);
  const cache = createPromptCache();

  return {
    begin(call, nowMs, observer): Admission {
      const queue = queueOf(`${call.region} ${call.modelId}`);
      const serviceMs = nextServiceMs();
      const slot = queue.admit(stall.workMs(nowMs), serviceMs);
      if (slot === undefined) return { kind: "refused", fault: { name: "ServiceUnavailableException" } };
      const outputTokens = cappedOutputTokens(call, lawTokens);
      const { readTokens, writeTokens } = cache.use(call, call.region, nowMs);
      const handle = scheduledHandle({
        clock,
        observer,
        destinationRegion: call.region,
        outputTokens,
        cacheReadTokens: readTokens,
        cacheWriteTokens: writeTokens,
        firstTokenAtMs: slot.startMs + serviceMs / outputTokens,
        endAtMs: slot.endMs,
        stall,
      });
      return { kind: "accepted", handle };
    },
  };

  function queueOf(key: string): FcfsQueue {
    const known = queues.get(key);
    if (known !== undefined) return known;
    const queue = createFcfsQueue(options.servers, options.waitingRoom ?? Number.POSITIVE_INFINITY);
    queues.set(key, queue);
    return queue;
  }
}

/** Service times by order of arrival over all queues, ms: what an exact computation of the answer needs beside the law. */
export function serviceTimes(law: Required<Pick<QueueOptions, "service" | "meanServiceMs" | "seed">>): () => number {
  const random = new KeyedRandom(law.seed, "emulator.service");
  let calls = 0;
  return () => {
    random.seek(calls++, 0);
    return law.service === "deterministic" ? law.meanServiceMs : -Math.log1p(-random.next()) * law.meanServiceMs;
  };
}

export interface FcfsQueue {
  /** @returns when service begins and ends; undefined if the waiting room is full. Arrivals must ascend. */
  admit(arrivalMs: number, serviceMs: number): { readonly startMs: number; readonly endMs: number } | undefined;
}

/** First come, first served over c servers: start = max(arrival, earliest server free). Kiefer and Wolfowitz 1955. */
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

export interface FixedLatencyOptions {
  /** Time to the first token. */
  readonly firstTokenMs: number;
  /** Time from one token to the next. */
  readonly perTokenMs: number;
  /** Length of an answer where nobody asks for one. */
  readonly outputTokens: number;
}

const DEFAULT_LATENCY: FixedLatencyOptions = { firstTokenMs: 200, perTokenMs: 10, outputTokens: 64 };

/**
 * Unlimited capacity and no quota: the k-th token of an answer exists `firstTokenMs + (k - 1) * perTokenMs` after the
 * call. Runs where it is called.
 */
export function createFixedLatencyBackend(
  clock: EmulatorClock,
  options: Partial<FixedLatencyOptions> = {},
): InferenceBackend {
  const { firstTokenMs, perTokenMs, outputTokens: lawTokens } = { ...DEFAULT_LATENCY, ...options };
  const cache = createPromptCache();
  return {
    begin(call, nowMs, observer): Admission {
      const outputTokens = cappedOutputTokens(call, lawTokens);
      const { readTokens, writeTokens } = cache.use(call, call.region, nowMs);
      const handle = scheduledHandle({
        clock,
        observer,
        destinationRegion: call.region,
        outputTokens,
        cacheReadTokens: readTokens,
        cacheWriteTokens: writeTokens,
        firstTokenAtMs: nowMs + firstTokenMs,
        endAtMs: nowMs + firstTokenMs + (outputTokens - 1) * perTokenMs,
      });
      return { kind: "accepted", handle };
    },
  };
}

export interface ScheduledAnswer {
  readonly clock: EmulatorClock;
  readonly observer: InferenceObserver;
  readonly destinationRegion: string;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Instants of the first and the last token, of the endpoint's clock of work; the others lie evenly between. */
  readonly firstTokenAtMs: number;
  readonly endAtMs: number;
  /** Where the endpoint freezes; tokens wait too. */
  readonly stall?: StallClock;
}

/** A handle whose whole future is known at admission: tokens evenly spaced between two instants. */
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

/** An endpoint that freezes: in every stretch of `everyMs` it works first and stands still for the last `forMs`. */
export interface Stall {
  readonly everyMs: number;
  /** Less than `everyMs`. */
  readonly forMs: number;
  /** Instant of the emulator's clock at which the first stretch begins, ms; 0 unless given. Nothing freezes before. */
  readonly fromMs?: number;
}

/** Two clocks of an endpoint that freezes: the wall's, and one that runs only while it works. They agree until `fromMs`. */
interface StallClock {
  /** Time worked up to an instant, ms. Constant while frozen. */
  workMs(instantMs: number): number;
  /** The earliest instant at which so much work is done, ms. */
  instantMs(workMs: number): number;
}

/**
 * A queue with preemptive-resume interruptions at fixed instants is the uninterrupted queue on the clock of work: that
 * is what keeps the law's answer exact under freezes.
 */
export function createStallClock({ everyMs, forMs, fromMs = 0 }: Stall): StallClock {
  const awakeMs = everyMs - forMs;
  return {
    workMs(instantMs) {
      if (instantMs <= fromMs) return instantMs;
      const rounds = Math.floor((instantMs - fromMs) / everyMs);
      return fromMs + rounds * awakeMs + Math.min(awakeMs, instantMs - fromMs - rounds * everyMs);
    },
    instantMs(workMs) {
      if (workMs <= fromMs) return workMs;
      // Work that ends with a round ends before the freeze, not after it.
      const rounds = Math.ceil((workMs - fromMs) / awakeMs) - 1;
      return fromMs + rounds * everyMs + (workMs - fromMs - rounds * awakeMs);
    },
  };
}

/** Without freezes both clocks are one. */
const NO_STALL: StallClock = { workMs: (instantMs) => instantMs, instantMs: (workMs) => workMs };

/** How much of a prompt came from the cache and how much was put there. */
export interface CacheUse {
  readonly readTokens: number;
  readonly writeTokens: number;
}

/** A prompt cache of prefixes per account, region that serves and model; a hit restarts the entry's time to live. */
export interface PromptCache {
  use(call: InferenceCall, destinationRegion: string, nowMs: number): CacheUse;
}

const NO_USE: CacheUse = { readTokens: 0, writeTokens: 0 };
const MAX_ENTRIES = 50_000;

/**
 * The longest cached prefix is read; what lies between it and the last checkpoint is written. Prefixes under
 * `minPrefixTokens` are not cached, as on the service.
 * Source: Amazon Bedrock User Guide, Prompt caching.
 */
export function createPromptCache(minPrefixTokens = 1024): PromptCache {
  const expiresMs = new Map<string, number>();

  return {
    use(call, destinationRegion, nowMs) {
      const points = call.cachePoints.filter((point) => point.tokens >= minPrefixTokens);
      const last = points.at(-1);
      if (last === undefined) return NO_USE;
      const scope = `${call.accountId} ${destinationRegion} ${call.modelId} `;
      let readTokens = 0;
      for (const point of points) {
        if ((expiresMs.get(scope + point.prefixId) ?? 0) > nowMs) readTokens = point.tokens;
      }
      for (const point of points) store(scope, point, nowMs);
      return { readTokens, writeTokens: last.tokens - readTokens };
    },
  };

  function store(scope: string, point: CachePoint, nowMs: number): void {
    const key = scope + point.prefixId;
    // Deleting first keeps the map in order of last use, so that the oldest entry is the one that makes room.
    expiresMs.delete(key);
    expiresMs.set(key, nowMs + point.ttlMs);
    if (expiresMs.size > MAX_ENTRIES) expiresMs.delete(expiresMs.keys().next().value!);
  }
}
