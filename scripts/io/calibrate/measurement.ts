import type { Observation } from "../../../simulator/calibration/observation.ts";

/** What was read of one source. */
export interface Measurement {
  readonly observations: readonly Observation[];
  /** Bedrock id of each model, by the name that observations give it. */
  readonly modelIds: Readonly<Record<string, string>>;
  /** What was left out and why, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * A short name of a Bedrock model id, profile or ARN: `us.anthropic.claude-haiku-4-5-20251001-v1:0` →
 * `claude-haiku-4-5`.
 */
export function shortModelName(id: string): string {
  const last = bareModelId(id).split(".").at(-1)!;
  return (
    last
      .replace(/:\d+$/, "")
      .replace(/-v\d+$/, "")
      .replace(/-\d{8}$/, "") || last
  );
}

const PROFILE_PREFIX = /^(us|us-gov|eu|apac|jp|au|ca|global)\./;

/** The model's own id: without an ARN around it and without a profile's prefix. */
export function bareModelId(id: string): string {
  const inArn = id.startsWith("arn:") ? id.slice(id.lastIndexOf("/") + 1) : id;
  return inArn.replace(PROFILE_PREFIX, "");
}

/** Instants of a file as ms after its first, and that first one; for sources whose rows say when on the calendar. */
export function axisStartOf(epochsMs: readonly number[]): number {
  return epochsMs.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);
}
