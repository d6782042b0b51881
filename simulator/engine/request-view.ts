import type { ClassPlan } from "../scenario/plan.ts";
import type { RequestView } from "../strategies/strategy.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../world/attempt-table.ts";
import type { SlotTable } from "./slot-table.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;

export type ShownView = { -readonly [Field in keyof RequestView]: RequestView[Field] };

/** What a strategy is shown of a request: one object, written anew for each decision; never the output's length. */
export class ShownRequest {
  declare readonly view: RequestView;
  private readonly fields = newView();

  constructor() {
    this.view = this.fields;
  }

  show({ ints, floats }: SlotTable, call: number, each: ClassPlan): void {
    const { fields } = this;
    const at = call * INTS;
    fields.requestId = ints[at + PLACE.requestId]!;
    fields.classIndex = ints[at + PLACE.classIndex]!;
    fields.originIndex = ints[at + PLACE.originIndex]!;
    fields.inputTokens = ints[at + PLACE.inputTokens]!;
    fields.maxTokens = ints[at + PLACE.maxTokens]!;
    fields.prefixTokens = ints[at + PLACE.prefixTokens]!;
    fields.prefixId = ints[at + PLACE.prefixId]!;
    fields.attempt = ints[at + PLACE.attempts]!;
    fields.previousTarget = ints[at + PLACE.lastTarget]!;
    fields.arrivalMs = floats[call * FLOATS + FLOAT.arrivalMs]!;
    fields.sloE2eMs = each.sloE2eMs;
    fields.deferrable = each.deferrable;
  }
}

/** Instants start as NaN, so that the compiler keeps them as doubles from the first one on. */
export function newView(): ShownView {
  return {
    requestId: 0,
    classIndex: 0,
    originIndex: 0,
    inputTokens: 0,
    maxTokens: 0,
    prefixTokens: 0,
    prefixId: -1,
    attempt: 0,
    previousTarget: -1,
    arrivalMs: Number.NaN,
    sloE2eMs: Number.NaN,
    deferrable: false,
  };
}
