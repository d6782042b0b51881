import type { Luck } from "./luck.ts";
import type { ForeignCall, ForeignServer } from "./server.ts";

export interface ReplicasOptions {
  readonly replicas: readonly ForeignServer[];
  /** random: any of them; sticky: calls of one key go to one machine. */
  readonly balancing: "random" | "sticky";
  readonly luck: Luck;
}

/** Several machines behind one address: a client does not know that they are there. */
export function createReplicas({ replicas, balancing, luck }: ReplicasOptions): ForeignServer {
  const homes = new Map<string, ForeignServer>();

  function placeOf(call: ForeignCall): ForeignServer {
    const random = replicas[Math.floor(luck.uniform() * replicas.length)]!;
    if (balancing === "random") return random;
    // Keys take the machines in turn as they are first seen.
    const home = homes.get(call.key) ?? replicas[homes.size % replicas.length]!;
    homes.set(call.key, home);
    return home;
  }

  function soonest(): ForeignServer {
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
