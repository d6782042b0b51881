import { KeyedRandom } from "../../simulator/random/keyed-random.ts";
import { type Admission, cappedOutputTokens, type InferenceBackend } from "../backend.ts";
import type { EmulatorClock } from "../clock.ts";
import { createPromptCache } from "../prompt-cache.ts";
import { scheduledHandle } from "./scheduled-handle.ts";
import { createStallClock, NO_STALL, type Stall } from "./stall.ts";

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
