/** Servers that wrap others: a rate limiter, other tenants, and replicas behind one address. */
import { createCall, type Draws, type EndpointCall, type EndpointServer } from "./server.ts";

export interface CreditLimiterOptions {
  readonly tokensPerMinute: number;
  /** Largest credit, in seconds of the rate. */
  readonly burstS: number;
  readonly behind: EndpointServer;
}

/**
 * A rate limiter without reservations: a call is admitted while there is credit; its input is charged at once and its
 * output as it is written. So the account goes into debt, and calls get 429 until it is paid back. Unlike in the
 * simulator's laws, `max_tokens` plays no part.
 */
export function createCreditLimiter({ tokensPerMinute, burstS, behind }: CreditLimiterOptions): EndpointServer {
  const perMs = tokensPerMinute / 60_000;
  const creditMax = perMs * burstS * 1000;
  /** The calls of the wrapped server. */
  const charged = new WeakMap<EndpointCall, EndpointCall>();
  let credit = creditMax;
  let atMs = 0;

  function refill(nowMs: number): void {
    credit = Math.min(creditMax, credit + (nowMs - atMs) * perMs);
    atMs = nowMs;
  }

  function charge(call: EndpointCall): EndpointCall {
    return {
      inputTokens: call.inputTokens,
      outputTokens: call.outputTokens,
      key: call.key,
      get written() {
        return call.written;
      },
      write(tokens, writtenMs) {
        refill(Math.max(atMs, writtenMs));
        credit -= tokens;
        call.write(tokens, writtenMs);
      },
    };
  }

  return {
    nextMs: behind.nextMs,
    step: behind.step,
    admit(call, nowMs) {
      refill(nowMs);
      if (credit <= 0) return { kind: "throttled" };
      credit -= call.inputTokens;
      const known = charge(call);
      charged.set(call, known);
      return behind.admit(known, nowMs);
    },
    cancel: (call) => behind.cancel(charged.get(call) ?? call),
  };
}

export interface NeighboursOptions {
  /** Mean busy and quiet periods of the other tenants, exponential, ms. */
  readonly busyMs: number;
  readonly quietMs: number;
  /** Their Poisson rate in a busy period, and the mean tokens of their calls, exponential. */
  readonly callsPerS: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly behind: EndpointServer;
  readonly draws: Draws;
}

/** A server shared with other tenants, of whom clients know nothing. It is never idle. */
export function createNeighbours(options: NeighboursOptions): EndpointServer {
  const { behind, draws } = options;
  const wait = (meanMs: number): number => -meanMs * Math.log(draws.uniform());
  const size = (mean: number): number => Math.max(1, Math.round(wait(mean)));
  let isBusy = false;
  let switchMs = wait(options.quietMs);
  let callMs = Number.POSITIVE_INFINITY;

  function switchOver(): void {
    isBusy = !isBusy;
    const nowMs = switchMs;
    switchMs = nowMs + wait(isBusy ? options.busyMs : options.quietMs);
    callMs = isBusy ? nowMs + wait(1000 / options.callsPerS) : Number.POSITIVE_INFINITY;
  }

  function call(): void {
    const nowMs = callMs;
    callMs = nowMs + wait(1000 / options.callsPerS);
    const inputTokens = size(options.inputTokens);
    const outputTokens = size(options.outputTokens);
    behind.admit(createCall({ inputTokens, outputTokens, key: "", onFirstToken: ignore, onEnd: ignore }), nowMs);
  }

  return {
    nextMs: () => Math.min(behind.nextMs(), switchMs, callMs),
    step() {
      if (behind.nextMs() <= Math.min(switchMs, callMs)) behind.step();
      else if (switchMs <= callMs) switchOver();
      else call();
    },
    admit: (own, nowMs) => behind.admit(own, nowMs),
    cancel: (own) => behind.cancel(own),
  };
}

function ignore(): void {}

export interface ReplicasOptions {
  readonly replicas: readonly EndpointServer[];
  /** random: any replica; sticky: all calls of a key go to one. */
  readonly balancing: "random" | "sticky";
  readonly draws: Draws;
}

/** Several replicas behind one address, invisible to clients. */
export function createReplicas({ replicas, balancing, draws }: ReplicasOptions): EndpointServer {
  const homes = new Map<string, EndpointServer>();

  function placeOf(call: EndpointCall): EndpointServer {
    const random = replicas[Math.floor(draws.uniform() * replicas.length)]!;
    if (balancing === "random") return random;
    // New keys are assigned to the replicas in turn.
    const home = homes.get(call.key) ?? replicas[homes.size % replicas.length]!;
    homes.set(call.key, home);
    return home;
  }

  function soonest(): EndpointServer {
    let best = replicas[0]!;
    for (const replica of replicas) if (replica.nextMs() < best.nextMs()) best = replica;
    return best;
  }

  return {
    nextMs: () => soonest().nextMs(),
    step: () => soonest().step(),
    admit: (call, nowMs) => placeOf(call).admit(call, nowMs),
    cancel(call) {
      for (const replica of replicas) replica.cancel(call);
    },
  };
}
