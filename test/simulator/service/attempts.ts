import type { SlotTable } from "../../../simulator/base/slot-table.ts";
import {
  ATTEMPT,
  ATTEMPT_FLOAT,
  ATTEMPT_FLOATS,
  ATTEMPT_INTS,
  createAttemptTable,
} from "../../../simulator/service/attempt-table.ts";

export type Attempts = SlotTable;

/** What tests set of an attempt; the rest is 0. */
export interface AttemptRow {
  readonly requestId?: number;
  readonly ordinal?: number;
  readonly classIndex?: number;
  readonly modelIndex?: number;
  readonly target?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly maxTokens?: number;
  readonly prefixTokens?: number;
  readonly prefixId?: number;
  readonly queueLevel?: number;
  readonly cacheReadTokens?: number;
}

/** The one file of the tests that knows how attempts are laid out. */
export function newAttempts(): Attempts {
  return createAttemptTable();
}

/** Where each field lies, and what it is unless a test says otherwise. */
const FIELDS = Object.entries({
  requestId: 0,
  ordinal: 0,
  classIndex: 0,
  modelIndex: 0,
  target: 0,
  inputTokens: 0,
  outputTokens: 1,
  maxTokens: 1,
  prefixTokens: 0,
  prefixId: -1,
  queueLevel: 1,
  cacheReadTokens: 0,
} satisfies Required<AttemptRow>).map(([name, value]) => {
  const key = name as keyof AttemptRow;
  return { key, place: ATTEMPT[key], value };
});

export function addAttempt(attempts: Attempts, row: AttemptRow = {}): number {
  const slot = attempts.allocate();
  for (const { key, place, value } of FIELDS) attempts.ints[slot * ATTEMPT_INTS + place] = row[key] ?? value;
  attempts.floats.fill(Number.NaN, slot * ATTEMPT_FLOATS, (slot + 1) * ATTEMPT_FLOATS);
  attempts.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT.decodeFactor] = 1;
  return slot;
}

export function readAttempt(
  attempts: Attempts,
  slot: number,
  place: keyof typeof ATTEMPT | keyof typeof ATTEMPT_FLOAT,
): number {
  return place in ATTEMPT
    ? attempts.ints[slot * ATTEMPT_INTS + ATTEMPT[place as keyof typeof ATTEMPT]]!
    : attempts.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT[place as keyof typeof ATTEMPT_FLOAT]]!;
}
