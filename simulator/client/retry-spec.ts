import type { Sampler } from "../random/law.ts";
import type { OutcomeKind } from "../strategies/strategy.ts";

/** What a scenario says about retries, as plain values. `standard` of the Python SDK when it says nothing. */
export type RetrySpec =
  | {
      readonly mode: "standard" | "adaptive";
      readonly sdk?: Sdk;
      readonly generation?: RetryGeneration;
      readonly maxAttempts?: number;
    }
  | { readonly mode: "legacy"; readonly maxAttempts?: number }
  | { readonly mode: "none" }
  | CustomRetrySpec;

/** Which SDK, since their constants differ. */
export type Sdk = "js" | "python";
/** "2026" is what today's SDKs do by default; "previous" what they did before. */
export type RetryGeneration = "2026" | "previous";

export interface CustomRetrySpec {
  readonly mode: "custom";
  readonly backoff: CustomBackoff;
  /** First attempt included; null = no limit. */
  readonly maxAttempts: number | null;
  /** Which failures are tried again. */
  readonly on: readonly Exclude<OutcomeKind, "ok">[];
  /** Size of a retry budget: each retry takes one token, each request served without a retry gives `refund` back. */
  readonly budget?: { readonly tokens: number; readonly refund: number };
}

/** A delay law sampled with the attempt's jitter, or jitter × min(base × factor^attempt, cap). */
export type CustomBackoff =
  | { readonly kind: "law"; readonly sample: Sampler }
  | {
      readonly kind: "exponential";
      readonly baseMs: number;
      readonly factor: number;
      readonly capMs: number;
      /** full: U(0,1) of the delay; equal: half fixed, half drawn; none: all fixed. */
      readonly jitter: "full" | "equal" | "none";
    };
