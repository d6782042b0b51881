import type { ServiceFault } from "../http/errors.ts";
import type {
  Admission,
  InferenceBackend,
  InferenceCall,
  InferenceHandle,
  InferenceObserver,
} from "../model/backend.ts";

/** A fault to inject, for tests of retry and failover code. Fields left out match everything. */
export interface FaultRule {
  readonly region?: string;
  readonly modelId?: string;
  /** How many matching calls it hits; Infinity where not given. */
  readonly times?: number;
  /** What happens: an error of the service, a broken connection, or no answer at all. */
  readonly effect: ServiceFault | "reset" | "silence";
  /** For an error: let this many tokens through first, so that a stream fails in its middle. */
  readonly afterTokens?: number;
}

export interface FaultInjector extends InferenceBackend {
  add(rule: FaultRule): void;
  clear(): void;
  rules(): readonly FaultRule[];
}

interface ArmedRule {
  readonly rule: FaultRule;
  left: number;
}

/** Wraps a backend; the first rule that matches a call and is not used up decides it. */
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

  // Let the call run as an answer of `afterTokens` tokens and turn its end into the failure.
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

/** The caller must not take the last token before the failure for the end of the answer. */
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
