import { OUTCOME, type Outcome } from "../world/world.ts";
import { DIRECT, DIRECT_FLOAT, DIRECT_FLOATS, DIRECT_WORDS, type DirectRows } from "./direct-rows.ts";
import { KIND_OF_OUTCOME, type LearntOutcome } from "./learning.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = DIRECT;
const FLOAT = DIRECT_FLOAT;
const WORDS = DIRECT_WORDS;
const FLOATS = DIRECT_FLOATS;
const OK = OUTCOME.ok;

/** Writes what the caller of a direct call learns of its latest attempt now: all of its answer comes at once. */
export function writeDirectOutcome(
  outcome: LearntOutcome,
  { floats, words }: DirectRows,
  call: number,
  target: number,
  result: Outcome,
  nowMs: number,
): void {
  const at = call * WORDS;
  const sentMs = floats[call * FLOATS + FLOAT.sentMs]!;
  const isOk = result === OK;
  outcome.requestId = words[at + PLACE.requestId]!;
  outcome.classIndex = words[at + PLACE.classIndex]!;
  outcome.target = target;
  outcome.kind = KIND_OF_OUTCOME[result]!;
  outcome.sentMs = sentMs;
  outcome.nowMs = nowMs;
  outcome.e2eMs = isOk ? nowMs - sentMs : Number.NaN;
  outcome.ttftMs = outcome.e2eMs;
  outcome.inputTokens = words[at + PLACE.inputTokens]!;
  outcome.outputTokens = isOk ? words[at + PLACE.outputTokens]! : 0;
  outcome.rttMs = 0;
}
