import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../world/attempt-table.ts";
import { OUTCOME, type Outcome } from "../world/world.ts";
import { KIND_OF_OUTCOME, type LearntOutcome } from "./learning.ts";
import type { SlotTable } from "./slot-table.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const OK = OUTCOME.ok;

/** Writes what the caller of the attempt in a row learns of it now. @param rttMs by origin: round trip to each target */
export function writeOutcome(
  outcome: LearntOutcome,
  { ints, floats }: SlotTable,
  attempt: number,
  result: Outcome,
  nowMs: number,
  rttMs: readonly Float64Array[],
): void {
  const at = attempt * INTS;
  const from = attempt * FLOATS;
  const target = ints[at + PLACE.target]!;
  const sentMs = floats[from + FLOAT.sentMs]!;
  const isOk = result === OK;
  const streamMs = floats[from + FLOAT.endedMs]! - floats[from + FLOAT.firstTokenMs]!;
  outcome.requestId = ints[at + PLACE.requestId]!;
  outcome.classIndex = ints[at + PLACE.classIndex]!;
  outcome.target = target;
  outcome.kind = KIND_OF_OUTCOME[result]!;
  outcome.sentMs = sentMs;
  outcome.nowMs = nowMs;
  outcome.e2eMs = isOk ? nowMs - sentMs : Number.NaN;
  outcome.ttftMs = isOk ? nowMs - sentMs - streamMs : Number.NaN;
  outcome.inputTokens = ints[at + PLACE.inputTokens]!;
  outcome.outputTokens = isOk ? ints[at + PLACE.outputTokens]! : 0;
  outcome.rttMs = rttMs[ints[ints[at + PLACE.request]! * INTS + PLACE.originIndex]!]![target]!;
}
