/**
 * The calls of a run, numbered as they are sent and kept until its end: in columns of one piece of memory, which the next run of
 * the thread uses again. New arrays for each run would lie about until they are collected, a hundred megabytes at a time.
 */
import type { QuotaDemand, Tokens } from "../service/quota/quota-replay.ts";

/** Calls that are kept of a run: what comes later is left out, and the result says so. */
export const CALLS_MAX = 1_500_000;

/** Bytes of each column's numbers, the largest first, so that all lie where their type asks for. */
const BYTES = {
  atMs: 8,
  settledAtMs: 8,
  reserve: 8,
  settle: 8,
  use: 4,
  served: 4,
  byQuota: 4,
  maxTokens: 4,
  quota: 2,
  classIndex: 2,
  isRefused: 1,
} as const;

/** Columns by the number of a call; those of its end have as many places. */
export class KeptCalls {
  length = 0;
  /** Calls that were served by the attempt that they began with, in the order of their ends, and how many. */
  declare readonly served: Int32Array;
  servedLength = 0;
  declare readonly atMs: Float64Array;
  /** NaN stands for a settlement that is not known. */
  declare readonly settledAtMs: Float64Array;
  declare readonly maxTokens: Int32Array;
  declare readonly classIndex: Uint16Array;
  declare readonly quota: Uint16Array;
  /** For replays. */
  declare readonly use: Float32Array;
  declare readonly isRefused: Uint8Array;
  /** Calls by quota, and within each in the order of their beginning and of their ends; the served ones of each. */
  declare private readonly byQuota: Int32Array;
  declare private readonly ends: Int32Array;
  declare private readonly servedByQuota: Int32Array;
  /** The same memory, read as whole numbers or as any. */
  declare private readonly whole: readonly [Int32Array, Int32Array];
  declare private readonly any: readonly [Float64Array, Float64Array];

  private constructor() {
    // Far above what an allocator keeps at hand, so the system hands out its pages when they are first written to.
    const memory = new ArrayBuffer(CALLS_MAX * Object.values(BYTES).reduce((sum, bytes) => sum + bytes, 0));
    let at = 0;
    const place = (name: keyof typeof BYTES): [ArrayBuffer, number, number] => {
      const from = at;
      at += CALLS_MAX * BYTES[name];
      return [memory, from, CALLS_MAX];
    };
    this.atMs = new Float64Array(...place("atMs"));
    this.settledAtMs = new Float64Array(...place("settledAtMs"));
    const [reserve, settle] = [place("reserve"), place("settle")];
    this.any = [new Float64Array(...reserve), new Float64Array(...settle)];
    this.whole = [new Int32Array(...reserve), new Int32Array(...settle)];
    const use = place("use");
    this.use = new Float32Array(...use);
    // Replays begin when the ends are known, and no longer which of them were served.
    this.servedByQuota = new Int32Array(...use);
    const served = place("served");
    this.served = new Int32Array(...served);
    // The ends are put in order when the served ones have been sorted by quota.
    this.ends = new Int32Array(...served);
    this.byQuota = new Int32Array(...place("byQuota"));
    this.maxTokens = new Int32Array(...place("maxTokens"));
    this.quota = new Uint16Array(...place("quota"));
    this.classIndex = new Uint16Array(...place("classIndex"));
    this.isRefused = new Uint8Array(...place("isRefused"));
  }

  /** Room for the calls of one run, until it is given back. */
  static take(): KeptCalls {
    const kept = SPARES.pop() ?? new KeptCalls();
    kept.length = 0;
    kept.servedLength = 0;
    return kept;
  }

  giveBack(): void {
    SPARES.push(this);
  }

  /** Lets go of what was given back. */
  static letGo(): void {
    SPARES.length = 0;
  }

  /**
   * Puts the calls in the order of their quotas.
   *
   * @param late       calls that a later attempt has settled
   * @param unservedMs how long calls of a quota take whose settlement is not known, ms
   * @returns the calls of a quota
   */
  sortByQuota(
    quotas: number,
    late: readonly number[],
    unservedMs: (quota: number) => number,
  ): (quota: number) => Pick<QuotaDemand, "calls" | "ends"> {
    const { quota, served, servedLength } = this;
    const begun = sortedBy(quota, quotas, { length: this.length, callAt: (i) => i, to: this.byQuota });
    const ended = sortedBy(quota, quotas, { length: servedLength, callAt: (i) => served[i]!, to: this.servedByQuota });
    const inOrder = late.toSorted((a, b) => this.settledAtMs[a]! - this.settledAtMs[b]!);
    for (let q = 0; q < quotas; q++) {
      const ownLate = inOrder.filter((call) => quota[call] === q);
      this.mergeEnds(
        begun(q, this.byQuota),
        { served: ended(q, this.servedByQuota), late: ownLate },
        unservedMs(q),
        begun(q, this.ends),
      );
    }
    return (q) => ({ calls: begun(q, this.byQuota), ends: begun(q, this.ends) });
  }

  /** The calls of a quota in the order of their ends. */
  private mergeEnds(
    calls: Int32Array,
    { served, late }: { readonly served: Int32Array; readonly late: readonly number[] },
    unservedMs: number,
    ends: Int32Array,
  ): void {
    const { atMs, settledAtMs } = this;
    const unsettledFrom = (k: number) => {
      let next = k;
      while (next < calls.length && !Number.isNaN(settledAtMs[calls[next]!]!)) next++;
      return next;
    };
    let [s, l, u] = [0, 0, unsettledFrom(0)];
    for (let to = 0; to < ends.length; to++) {
      const servedMs = s < served.length ? settledAtMs[served[s]!]! : Number.POSITIVE_INFINITY;
      const lateMs = l < late.length ? settledAtMs[late[l]!]! : Number.POSITIVE_INFINITY;
      const unsettledMs = u < calls.length ? atMs[calls[u]!]! + unservedMs : Number.POSITIVE_INFINITY;
      if (servedMs <= lateMs && servedMs <= unsettledMs) ends[to] = served[s++]!;
      else if (lateMs <= unsettledMs) ends[to] = late[l++]!;
      else {
        ends[to] = calls[u]!;
        settledAtMs[calls[u]!] = unsettledMs;
        u = unsettledFrom(u + 1);
      }
    }
  }

  /** What calls reserve and settle to. @param areWhole no call asks for a part of a token */
  tokens(areWhole: boolean): { readonly reserve: Tokens; readonly settle: Tokens } {
    const [reserve, settle] = areWhole ? this.whole : this.any;
    return { reserve, settle };
  }
}

const SPARES: KeptCalls[] = [];

/** A counting sort of calls by quota. @returns the part of a quota in a column that is sorted so */
function sortedBy(
  quota: Uint16Array,
  quotas: number,
  { length, callAt, to }: { readonly length: number; readonly callAt: (i: number) => number; readonly to: Int32Array },
): (index: number, column: Int32Array) => Int32Array {
  const from = new Int32Array(quotas + 2);
  for (let i = 0; i < length; i++) from[quota[callAt(i)]! + 2]!++;
  for (let q = 2; q < from.length; q++) from[q]! += from[q - 1]!;
  for (let i = 0; i < length; i++) {
    const call = callAt(i);
    to[from[quota[call]! + 1]!++] = call;
  }
  return (index, column) => column.subarray(from[index]!, from[index + 1]!);
}
