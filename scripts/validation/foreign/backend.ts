import { type Admission, cappedOutputTokens, type InferenceBackend } from "../../../emulator/model/backend.ts";
import type { EmulatorClock } from "../../../emulator/model/clock.ts";
import { createCall } from "./call.ts";
import { type ForeignServer, type Refusal, runUntil } from "./server.ts";

const FAULTS = {
  throttled: { name: "ThrottlingException" },
  unavailable: { name: "ServiceUnavailableException" },
} as const satisfies Record<Refusal["kind"], { name: string }>;

/** Length of an answer where nobody asks for one. */
const OUTPUT_TOKENS = 64;
/** A stream that waits for a token is asked again after this long. */
const ASK_AGAIN_MS = 5;

/**
 * Puts servers behind the wire, one for each region. They run in their own exact time: a late wake-up of this process
 * delays what is sent, never what the servers do.
 */
export function createForeignBackend(
  clock: EmulatorClock,
  servers: ReadonlyMap<string, ForeignServer>,
): InferenceBackend {
  const wakers = new Map([...servers].map(([region, server]) => [region, createWaker(clock, server)]));
  return {
    begin(call, nowMs, observer): Admission {
      const server = servers.get(call.region)!;
      const wake = wakers.get(call.region)!;
      const outputTokens = cappedOutputTokens(call, OUTPUT_TOKENS);
      const asked = createCall({
        inputTokens: call.inputTokens,
        outputTokens,
        key: call.requestMetadata.class ?? "",
        onFirstToken: (atMs) => observer.onFirstToken(atMs),
        onEnd: (atMs) => observer.onEnd(atMs),
      });
      runUntil(server, nowMs);
      const refusal = server.admit(asked, nowMs);
      wake();
      if (refusal !== undefined) return { kind: "refused", fault: FAULTS[refusal.kind] };
      const handle = {
        destinationRegion: call.region,
        outputTokens,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        tokensWritten: () => asked.written,
        nextTokenMs: (askedMs: number) => Math.max(server.nextMs(), askedMs + ASK_AGAIN_MS),
        cancel(cancelMs: number) {
          runUntil(server, cancelMs);
          server.cancel(asked);
          wake();
        },
      };
      return { kind: "accepted", handle };
    },
  };
}

/** Keeps one deadline set for a server's next event. */
function createWaker(clock: EmulatorClock, server: ForeignServer): () => void {
  let armedForMs = Number.POSITIVE_INFINITY;
  const wake = (): void => {
    const dueMs = server.nextMs();
    if (dueMs >= armedForMs) return;
    armedForMs = dueMs;
    clock.schedule(dueMs, () => {
      if (armedForMs === dueMs) armedForMs = Number.POSITIVE_INFINITY;
      runUntil(server, Math.max(dueMs, clock.nowMs()));
      wake();
    });
  };
  return wake;
}
