import type { ClassPlan } from "../scenario/plan.ts";
import type { RequestView } from "../strategies/strategy.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import {
  DIRECT,
  DIRECT_FLAG,
  DIRECT_FLOAT,
  DIRECT_FLOATS,
  DIRECT_RETRIES,
  DIRECT_RETRY,
  DIRECT_WORDS,
  type DirectRows,
} from "./direct-rows.ts";
import { newView } from "./request-view.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = DIRECT;
const FLOAT = DIRECT_FLOAT;
const WORDS = DIRECT_WORDS;
const FLOATS = DIRECT_FLOATS;
const RETRY = DIRECT_RETRY;
const RETRIES = DIRECT_RETRIES;
const ASIDE = DIRECT_FLAG.isAside;

/**
 * What a strategy is shown of a direct call. A new call is shown as it stands in the traffic; only if it is put off is
 * anything kept aside to show it again.
 */
export class DirectView {
  declare readonly view: RequestView;
  private readonly fields = newView();
  declare private readonly rows: DirectRows;

  constructor(rows: DirectRows) {
    this.rows = rows;
    this.view = this.fields;
  }

  /** Shows a call that arrives. @param call its row, which holds it already */
  showNew(call: number, chunk: TrafficChunk, row: number, each: ClassPlan): void {
    const { fields } = this;
    fields.originIndex = chunk.originIndex[row]!;
    fields.prefixTokens = chunk.prefixTokens[row]!;
    fields.prefixId = chunk.prefixId[row]!;
    this.showRow(call, each);
  }

  /** Shows a call again that was put off. */
  showAgain(call: number, each: ClassPlan): void {
    const { fields } = this;
    const { retries } = this.rows;
    const aside = call * RETRIES;
    fields.originIndex = retries[aside + RETRY.originIndex]!;
    fields.prefixTokens = retries[aside + RETRY.prefixTokens]!;
    fields.prefixId = retries[aside + RETRY.prefixId]!;
    this.showRow(call, each);
  }

  /** Keeps what will be needed to show this call again, once. */
  putAside(call: number): void {
    const { fields } = this;
    const { words, retries } = this.rows;
    const flags = words[call * WORDS + PLACE.flags]!;
    if ((flags & ASIDE) !== 0) return;
    words[call * WORDS + PLACE.flags] = flags | ASIDE;
    const aside = call * RETRIES;
    retries[aside + RETRY.originIndex] = fields.originIndex;
    retries[aside + RETRY.prefixTokens] = fields.prefixTokens;
    retries[aside + RETRY.prefixId] = fields.prefixId;
    retries[aside + RETRY.attemptsThrottled] = 0;
    retries[aside + RETRY.attemptsUnavailable] = 0;
    retries[aside + RETRY.lastRetryCost] = 0;
  }

  private showRow(call: number, each: ClassPlan): void {
    const { fields } = this;
    const { floats, words } = this.rows;
    const at = call * WORDS;
    fields.requestId = words[at + PLACE.requestId]!;
    fields.classIndex = words[at + PLACE.classIndex]!;
    fields.inputTokens = words[at + PLACE.inputTokens]!;
    fields.maxTokens = words[at + PLACE.maxTokens]!;
    fields.attempt = words[at + PLACE.attempts]!;
    fields.previousTarget = words[at + PLACE.target]!;
    fields.arrivalMs = floats[call * FLOATS + FLOAT.arrivalMs]!;
    fields.sloE2eMs = each.sloE2eMs;
    fields.deferrable = each.deferrable;
  }
}
