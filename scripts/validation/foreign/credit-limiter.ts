import type { ForeignCall, ForeignServer } from "./server.ts";

export interface CreditLimiterOptions {
  readonly tokensPerMinute: number;
  /** Credit that can be saved up, as seconds of the rate. */
  readonly burstS: number;
  readonly behind: ForeignServer;
}

/**
 * A rate limiter that reserves nothing: a call is let in while there is credit, its input is charged then and its output
 * as it is written, so that the account goes into debt, and 429 is said until the debt is paid back. Unlike the
 * simulator's laws, `max_tokens` plays no part.
 */
export function createCreditLimiter({ tokensPerMinute, burstS, behind }: CreditLimiterOptions): ForeignServer {
  const perMs = tokensPerMinute / 60_000;
  const creditMax = perMs * burstS * 1000;
  /** Calls as the server behind knows them. */
  const charged = new WeakMap<ForeignCall, ForeignCall>();
  let credit = creditMax;
  let atMs = 0;

  function refill(nowMs: number): void {
    credit = Math.min(creditMax, credit + (nowMs - atMs) * perMs);
    atMs = nowMs;
  }

  function charge(call: ForeignCall): ForeignCall {
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
