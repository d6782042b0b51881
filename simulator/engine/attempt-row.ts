import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../world/attempt-table.ts";
import { UNKNOWN } from "./observation.ts";
import type { Request } from "./request.ts";
import type { SlotTable } from "./slot-table.ts";

/** Puts the request's next attempt into a row of its own; returns its slot. */
export function writeAttempt(attempts: SlotTable, request: Request, target: number, nowMs: number): number {
  const attempt = attempts.allocate();
  const { ints } = attempts;
  const at = attempt * ATTEMPT_INTS;
  ints[at + ATTEMPT.requestId] = request.id;
  ints[at + ATTEMPT.ordinal] = request.attempts++;
  ints[at + ATTEMPT.classIndex] = request.classIndex;
  ints[at + ATTEMPT.modelIndex] = request.modelIndex;
  ints[at + ATTEMPT.target] = target;
  ints[at + ATTEMPT.inputTokens] = request.inputTokens;
  ints[at + ATTEMPT.outputTokens] = request.outputTokens;
  ints[at + ATTEMPT.maxTokens] = request.maxTokens;
  ints[at + ATTEMPT.prefixTokens] = request.prefixTokens;
  ints[at + ATTEMPT.prefixId] = request.prefixId;
  ints[at + ATTEMPT.queueLevel] = request.queueLevel;
  ints[at + ATTEMPT.request] = request.slot;
  ints[at + ATTEMPT.isDetached] = 0;
  ints[at + ATTEMPT.outcome] = UNKNOWN;
  ints[at + ATTEMPT.endpoint] = UNKNOWN;
  attempts.floats[attempt * ATTEMPT_FLOATS + ATTEMPT_FLOAT.sentMs] = nowMs;
  return attempt;
}
