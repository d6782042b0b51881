import type { Luck } from "./luck.ts";
import type { ForeignCall, ForeignServer } from "./server.ts";

export interface SharedRateOptions {
  /** Work per ms that one call can get, and that all of them get together. An output token is one unit of work. */
  readonly perCallRate: number;
  readonly totalRate: number;
  /** Work of an input token. */
  readonly inputWork: number;
  /** Between arrival and the first work, ms. */
  readonly setupMs: number;
  /** Coefficient of variation of a call's work. */
  readonly noiseCv: number;
  readonly luck: Luck;
}

interface Share {
  readonly call: ForeignCall;
  readonly tokenWork: number;
  /** Work until its next token. */
  left: number;
}

/** Everybody is served at once, each at the same rate: the lesser of its own cap and its part of the whole. */
export function createSharedRate(options: SharedRateOptions): ForeignServer {
  const { luck, perCallRate, totalRate } = options;
  const setup: { readonly call: ForeignCall; readonly readyMs: number }[] = [];
  let active: Share[] = [];
  let atMs = 0;

  const rate = (): number => Math.min(perCallRate, totalRate / active.length);
  const readyMs = (): number => setup[0]?.readyMs ?? Number.POSITIVE_INFINITY;

  function leastLeft(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { left } of active) if (left < least) least = left;
    return least;
  }

  function nextTokenMs(): number {
    return active.length === 0 ? Number.POSITIVE_INFINITY : atMs + Math.max(0, leastLeft()) / rate();
  }

  function workUntil(nowMs: number): void {
    const done = active.length === 0 ? 0 : (nowMs - atMs) * rate();
    for (const share of active) share.left -= done;
    atMs = nowMs;
  }

  function begin(call: ForeignCall): void {
    const noise = luck.around1(options.noiseCv);
    active.push({ call, tokenWork: noise, left: (options.inputWork * call.inputTokens + 1) * noise });
  }

  return {
    nextMs: () => Math.min(nextTokenMs(), readyMs()),
    step() {
      const tokenMs = nextTokenMs();
      if (readyMs() <= tokenMs) {
        workUntil(readyMs());
        begin(setup.shift()!.call);
        return;
      }
      const least = leastLeft();
      const due = active.filter(({ left }) => left === least);
      workUntil(tokenMs);
      for (const share of due) {
        share.left = share.tokenWork;
        share.call.write(1, tokenMs);
      }
      active = active.filter(({ call }) => call.written < call.outputTokens);
    },
    admit(call, nowMs) {
      setup.push({ call, readyMs: nowMs + options.setupMs });
      return undefined;
    },
    cancel(call) {
      const left = setup.filter((each) => each.call !== call);
      setup.splice(0, setup.length, ...left);
      active = active.filter((each) => each.call !== call);
    },
  };
}
