/** What a routed client needs beside the calls: timers of any length, a guard for strategies, and errors of its own. */
import { MeridianError } from "../../simulator/base/errors.ts";
import type { AttemptOrder } from "../../simulator/bench/router-io.ts";
import { END, type End } from "../../simulator/client/request-rules.ts";
import { SHED, type StrategyDefinition } from "../../simulator/client/strategy.ts";

/** Timers of Node hold 24 days; longer ones are waited for in parts. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Calls back once; never for Infinity. @returns cancels it */
export function after(delayMs: number, callback: () => void): () => void {
  if (delayMs === Number.POSITIVE_INFINITY) return () => undefined;
  let left = delayMs;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const part = Math.min(left, TIMER_MS_MAX);
    left -= part;
    timer = setTimeout(left > 0 ? wait : callback, part);
  };
  wait();
  return () => clearTimeout(timer);
}

/** Watches the limits of one attempt. */
export interface LimitWatch {
  /** The limit that has passed, ms; undefined while none has. */
  readonly passedMs: number | undefined;
  /** A byte has come. */
  heard(): void;
  /** The next one is waited for: a reader that takes its time is no silence of the service. */
  awaited(): void;
  stop(): void;
}

/**
 * The client's limits of an attempt: to its last byte, to its first, and between two. The way to the region is within the
 * limit of the first byte: the SDK's own handler has the one of the connection.
 */
export function watchLimits(
  { timeoutMs, limits }: Pick<AttemptOrder, "timeoutMs" | "limits">,
  abort: () => void,
): LimitWatch {
  let passedMs: number | undefined;
  const pass = (ms: number) => () => {
    passedMs ??= ms;
    abort();
  };
  const { firstByteMs, idleMs } = limits;
  const firstMs = Math.min(firstByteMs, idleMs);
  const cancelWhole = after(timeoutMs, pass(timeoutMs));
  let cancelNext = after(firstMs, pass(firstMs));
  return {
    get passedMs() {
      return passedMs;
    },
    heard: () => cancelNext(),
    awaited: () => {
      cancelNext();
      cancelNext = after(idleMs, pass(idleMs));
    },
    stop: () => {
      cancelWhole();
      cancelNext();
    },
  };
}

/** What a caller is told of a request that was not served: the last error of the service, or why nothing was sent. */
export function endError(end: End, lastError: unknown, isLeft: boolean): unknown {
  if (isLeft) return new DOMException("The call was aborted.", "AbortError");
  if (end === END.timedOut && !(lastError instanceof MeridianError)) {
    const what = "the request's deadline has passed";
    const fix = "give it more time, or capacity that answers sooner";
    return new MeridianError("environment", { code: "ROUTER_DEADLINE", what, fix }, { cause: lastError });
  }
  if (lastError !== undefined) return lastError;
  if (end === END.refused) {
    const what = "the strategy refused the request: it sheds load";
    return new MeridianError("environment", { code: "ROUTER_SHED", what, fix: "try again later, or send less" });
  }
  const what = end === END.residencyRefused ? "no target is legal for the request" : "the client was closed";
  return new MeridianError("environment", {
    code: "ROUTER_NO_TARGET",
    what,
    fix: "add a target that its class may use",
  });
}

/** The error of a strategy that chose what the request may not use. */
export function badChoice(strategy: string, choice: number): MeridianError {
  const what = `it chose ${choice}, which is not a target that the request's class may use`;
  const fix = "return one of targets.eligible";
  return new MeridianError("usage", { code: "ROUTER_BAD_CHOICE", what, where: `strategy ${strategy}`, fix });
}

/** The error of a call that the client cannot take. */
export function usage(code: string, what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code, what, fix });
}

/** The error of an attempt that was given up by the client's own limit. */
export function timeLimit(limitMs: number, cause: unknown): MeridianError {
  const what = `no answer within ${limitMs} ms`;
  const fix = "raise the client's timeout, or route to capacity that answers sooner";
  return new MeridianError("environment", { code: "ROUTER_TIMEOUT", what, fix }, { cause });
}

/** A strategy of the caller's own may choose what it must not: such a request is refused, and `refuse` told why. */
export function guarded(
  definition: StrategyDefinition,
  refuse: (requestId: number, choice: number) => void,
): StrategyDefinition {
  const create: StrategyDefinition["create"] = (options, context) => {
    const strategy = definition.create(options, context);
    return {
      choose: (request, targets, nowMs, random) => {
        const choice = strategy.choose(request, targets, nowMs, random);
        if (choice < 0 || targets.eligible.subarray(0, targets.eligibleCount).includes(choice)) return choice;
        refuse(request.requestId, choice);
        return SHED;
      },
      observe: (outcome) => strategy.observe?.(outcome),
    };
  };
  return { ...definition, create };
}
