import {
  createCall,
  type Draws,
  type EndpointCall,
  type EndpointServer,
  type Refusal,
} from "../../../../studies/held-out/endpoints/server.ts";

/** A call that remembers its token instants. */
export interface WatchedCall {
  readonly call: EndpointCall;
  readonly atMs: number;
  firstMs: number;
  endMs: number;
}

export function watchedCall(atMs: number, inputTokens: number, outputTokens: number, key = ""): WatchedCall {
  const watched = { call: undefined as unknown as EndpointCall, atMs, firstMs: Number.NaN, endMs: Number.NaN };
  watched.call = createCall({
    inputTokens,
    outputTokens,
    key,
    onFirstToken: (ms) => {
      watched.firstMs = ms;
    },
    onEnd: (ms) => {
      watched.endMs = ms;
    },
  });
  return watched;
}

/** Sends calls at their instants, in order, and runs the server until nothing is left. */
export function serve(server: EndpointServer, calls: readonly WatchedCall[]): readonly (Refusal | undefined)[] {
  const answers = calls.map(({ call, atMs }) => {
    while (server.nextMs() <= atMs) server.step();
    return server.admit(call, atMs);
  });
  for (let steps = 0; Number.isFinite(server.nextMs()); steps++) {
    if (steps > 1e7) throw new Error("the server never comes to rest");
    server.step();
  }
  return answers;
}

/** Chance that says the same each time, and no noise. */
export function fixedDraws(uniform: number): Draws {
  return { uniform: () => uniform, normal: () => 0, around1: () => 1 };
}
