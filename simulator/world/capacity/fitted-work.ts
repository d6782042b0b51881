import type { SlotTable } from "../../engine/slot-table.ts";
import { keyedUniform, mix32 } from "../../random/keyed-random.ts";
import type { Sampler } from "../../random/law.ts";
import { compileSampler, createLaw } from "../../random/laws/index.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import type { CapacityContext, FittedSpec } from "./capacity.ts";

/**
 * The work of the calls at a fitted station, ms of an unloaded one, by attempt slot: before the prompt is read, of
 * reading it, and from the first token to the end. The first two are NaN once they have begun, which says what the
 * slot's mark is for.
 */
export class FittedWork {
  beforeMs = new Float64Array(1024);
  promptMs = new Float64Array(1024);
  outputMs = new Float64Array(1024);
  private readonly spec: FittedSpec;
  private readonly context: CapacityContext;
  private readonly table: SlotTable;
  private readonly promptNoise: Sampler | null;
  private readonly outputNoise: Sampler | null;
  private readonly outputKey: number;

  constructor(spec: FittedSpec, context: CapacityContext, table: SlotTable) {
    this.spec = spec;
    this.context = context;
    this.table = table;
    this.promptNoise = spec.promptNoise === null ? null : compileSampler(createLaw(spec.promptNoise));
    this.outputNoise = spec.outputNoise === null ? null : compileSampler(createLaw(spec.outputNoise));
    this.outputKey = spec.sameLuck ? context.serviceKey : mix32(context.serviceKey ^ 0x5bd1e995);
  }

  /** Draws the luck of a call, and with it its work at an unloaded endpoint. */
  draw(attempt: number): void {
    const { floats, ints } = this.table;
    const { spec, context } = this;
    const at = attempt * ATTEMPT_INTS;
    const from = attempt * ATTEMPT_FLOATS;
    if (attempt >= this.promptMs.length) {
      this.promptMs = grown(this.promptMs, attempt);
      this.beforeMs = grown(this.beforeMs, attempt);
      this.outputMs = grown(this.outputMs, attempt);
    }
    const request = ints[at + ATTEMPT.requestId]!;
    const ordinal = ints[at + ATTEMPT.ordinal]!;
    const promptLuck =
      this.promptNoise === null ? 1 : this.promptNoise(keyedUniform(context.serviceKey, request, ordinal));
    const outputLuck = this.outputNoise === null ? 1 : this.outputNoise(keyedUniform(this.outputKey, request, ordinal));
    const uncached = ints[at + ATTEMPT.inputTokens]! - ints[at + ATTEMPT.cacheReadTokens]!;
    const later = Math.max(0, ints[at + ATTEMPT.outputTokens]! - 1);
    const isStepwise = spec.prompts === "in-steps";
    this.beforeMs[attempt] = isStepwise ? spec.promptBaseMs * promptLuck : 0;
    this.promptMs[attempt] = ((isStepwise ? 0 : spec.promptBaseMs) + spec.promptPerTokenMs * uncached) * promptLuck;
    this.outputMs[attempt] = later * spec.perOutputTokenMs * outputLuck * floats[from + ATTEMPT_FLOAT.decodeFactor]!;
    floats[from + ATTEMPT_FLOAT.work] = outputLuck;
    if (!spec.isWhole) return;
    // The answer comes in one piece: all of the work is before its first token.
    this.promptMs[attempt]! += this.outputMs[attempt]!;
    this.outputMs[attempt] = 0;
  }
}

function grown(column: Float64Array, index: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(Math.max(index + 1, column.length * 2));
  longer.set(column);
  return longer;
}
