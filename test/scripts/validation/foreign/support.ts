import { createCall } from "../../../../scripts/validation/foreign/call.ts";
import type { Luck } from "../../../../scripts/validation/foreign/luck.ts";
import type { ForeignCall, ForeignServer, Refusal } from "../../../../scripts/validation/foreign/server.ts";

/** A call that remembers its token instants. */
export interface WatchedCall {
  readonly call: ForeignCall;
  readonly atMs: number;
  firstMs: number;
  endMs: number;
}

export function watchedCall(atMs: number, inputTokens: number, outputTokens: number, key = ""): WatchedCall {
  const watched = { call: undefined as unknown as ForeignCall, atMs, firstMs: Number.NaN, endMs: Number.NaN };
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
export function serve(server: ForeignServer, calls: readonly WatchedCall[]): readonly (Refusal | undefined)[] {
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
export function fixedLuck(uniform: number): Luck {
  return { uniform: () => uniform, normal: () => 0, around1: () => 1 };
}
