/** What every source of measured calls gives. */
import type { Observation } from "../../simulator/calibrate/calls.ts";

/** What was read of one source. */
export interface Measurement {
  readonly observations: readonly Observation[];
  /** Bedrock id of each model, by the name that observations give it. */
  readonly modelIds: Readonly<Record<string, string>>;
  /** What was left out and why, one sentence each. */
  readonly notes: readonly string[];
}
