import { mix32 } from "../random/keyed-random.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS, createAttemptTable } from "../world/attempt-table.ts";
import { HAPPENING, OFFER } from "../world/capacity/capacity.ts";
import { type CapacitySpec, createCapacity } from "../world/capacity/index.ts";
import type { Calls } from "./calls.ts";

/** What became of each call, ms after it came in; NaN where it was refused or left. */
export interface Replayed {
  readonly ttftMs: Float64Array;
  readonly e2eMs: Float64Array;
}

/**
 * Sends measured calls, as they came, through the simulator's own model of an endpoint. The luck of call i is that of
 * request i under the seed: equal for all models, so that they can be compared on few calls.
 */
export function replayCalls(spec: CapacitySpec, calls: Calls, seed: number): Replayed {
  const table = createAttemptTable();
  const capacity = createCapacity(
    spec,
    { seed, serviceKey: mix32(seed * 2 + 1), patienceKey: mix32(seed * 2 + 2), localHourAtStart: 0 },
    table,
  );
  const ttftMs = new Float64Array(calls.count).fill(Number.NaN);
  const e2eMs = new Float64Array(calls.count).fill(Number.NaN);
  let inside = 0;
  const leave = (slot: number, nowMs: number, isServed: boolean) => {
    const i = table.ints[slot * ATTEMPT_INTS + ATTEMPT.requestId]!;
    if (isServed) {
      ttftMs[i] = table.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT.firstTokenMs]! - calls.atMs[i]!;
      e2eMs[i] = nowMs - calls.atMs[i]!;
    }
    inside--;
    table.release(slot);
  };
  const advance = () => {
    const nowMs = capacity.nextMs;
    const happening = capacity.advance();
    if (happening === HAPPENING.finished) leave(capacity.subject, nowMs, true);
    else if (happening === HAPPENING.abandoned) leave(capacity.subject, nowMs, false);
  };
  for (let i = 0; i < calls.count; i++) {
    const nowMs = calls.atMs[i]!;
    while (capacity.nextMs <= nowMs) advance();
    const slot = table.allocate();
    const at = slot * ATTEMPT_INTS;
    table.ints.fill(0, at + 1, at + ATTEMPT_INTS);
    table.ints[at + ATTEMPT.requestId] = i;
    table.ints[at + ATTEMPT.inputTokens] = calls.inputTokens[i]!;
    table.ints[at + ATTEMPT.outputTokens] = calls.outputTokens[i]!;
    table.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT.decodeFactor] = 1;
    inside++;
    if (capacity.offer(nowMs, slot) === OFFER.refused) leave(slot, nowMs, false);
  }
  while (inside > 0) advance();
  return { ttftMs, e2eMs };
}
