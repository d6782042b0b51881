/** Fault injection for tests of retry and failover code; wraps any backend. */
import type { ServiceFault } from "../http/errors.ts";
import type {
  Admission,
  InferenceBackend,
  InferenceCall,
  InferenceHandle,
  InferenceObserver,
} from "../model/backend.ts";

/** A fault to inject. Matching fields that are left out match every call. */
export interface FaultRule {
  readonly region?: string;
  readonly modelId?: string;
  /** How many matching calls it affects; unlimited by default. */
  readonly times?: number;
  /** An error of the service, a reset connection, or no answer at all. */
  readonly effect: ServiceFault | "reset" | "silence";
  /** For an error: sends this many tokens first, so that a stream fails midway. */
  readonly afterTokens?: number;
}

/** A backend with faults that can be added while it runs. */
export interface FaultInjector extends InferenceBackend {
  add(rule: FaultRule): void;
  clear(): void;
  rules(): readonly FaultRule[];
}

interface ArmedRule {
  readonly rule: FaultRule;
  left: number;
}

/** Wraps a backend; the first matching rule that is not used up decides a call. */
export function withFaults(backend: InferenceBackend): FaultInjector {
  let armed: ArmedRule[] = [];

  return {
    add(rule) {
      armed.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
    },
    clear() {
      armed = [];
    },
    rules: () => armed.map(({ rule, left }) => ({ ...rule, times: left })),
    begin(call, nowMs, observer): Admission {
      const hit = armed.find(({ rule, left }) => left > 0 && matches(rule, call));
      if (hit === undefined) return backend.begin(call, nowMs, observer);
      hit.left--;
      if (hit.left <= 0) armed = armed.filter((other) => other !== hit);
      return applyRule(hit.rule, backend, call, nowMs, observer);
    },
  };
}

function matches(rule: FaultRule, call: InferenceCall): boolean {
  return (
    (rule.region === undefined || rule.region === call.region) &&
    (rule.modelId === undefined || rule.modelId === call.modelId || rule.modelId === call.profileId)
  );
}

function applyRule(
  rule: FaultRule,
  backend: InferenceBackend,
  call: InferenceCall,
  nowMs: number,
  observer: InferenceObserver,
): Admission {
  const { effect, afterTokens } = rule;
  if (typeof effect === "string") return { kind: "dropped", how: effect };
  if (afterTokens === undefined) return { kind: "refused", fault: effect };

  // The call runs with an answer of `afterTokens` tokens, whose end becomes the failure.
  const shortened = { ...call, wantedOutputTokens: Math.max(1, afterTokens) };
  const admission = backend.begin(shortened, nowMs, {
    onFirstToken: (instant) => observer.onFirstToken(instant),
    onEnd: (instant) => observer.onFailure(instant, effect),
    onFailure: (instant, fault) => observer.onFailure(instant, fault),
    onBreak: (instant) => observer.onBreak(instant),
  });
  if (admission.kind !== "accepted") return admission;
  return { kind: "accepted", handle: longerHandle(admission.handle) };
}

/** Reports one more token than exists, so that the last one before the failure does not end the answer. */
function longerHandle(handle: InferenceHandle): InferenceHandle {
  return {
    destinationRegion: handle.destinationRegion,
    outputTokens: handle.outputTokens + 1,
    cacheReadTokens: handle.cacheReadTokens,
    cacheWriteTokens: handle.cacheWriteTokens,
    tokensWritten: (nowMs) => handle.tokensWritten(nowMs),
    nextTokenMs: (nowMs) => handle.nextTokenMs(nowMs),
    cancel: (nowMs) => handle.cancel(nowMs),
  };
}
