import { createCall } from "./call.ts";
import type { Luck } from "./luck.ts";
import type { ForeignServer } from "./server.ts";

export interface NeighboursOptions {
  /** Others come in bursts: busy and quiet times are exponential with these means, ms. */
  readonly busyMs: number;
  readonly quietMs: number;
  /** Their Poisson rate in a busy time, and the mean tokens of their calls (exponential). */
  readonly callsPerS: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly behind: ForeignServer;
  readonly luck: Luck;
}

/** A server that is shared with callers of whom nobody tells: it is never at rest. */
export function createNeighbours(options: NeighboursOptions): ForeignServer {
  const { behind, luck } = options;
  const wait = (meanMs: number): number => -meanMs * Math.log(luck.uniform());
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
