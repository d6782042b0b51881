/**
 * The trace format `mooncake`: the Mooncake traces, with their shared prompt blocks: the leading blocks that a request shares
 * with others are its cacheable prefix.
 */
import type { RecordedRow } from "../recorded-rows.ts";
import { lengthOfTime, type RowPlace, rowError, tokenCount } from "../row-cells.ts";
import type { TakeRow, TraceFormat } from "../trace-format.ts";

/** Tokens that one hash id stands for. */
const BLOCK_TOKENS = 512;
/** Other tools write files of this form with seconds, which then have fractions. */
const TIME = { name: "timestamp", unit: "ms", isWhole: true } as const;

/** AIPerf's own sessions may have fractions of ms. */
const SESSION_TIME = { name: "timestamp", unit: "ms" } as const;

/**
 * Mooncake traces, which AIPerf replays too: a hash id for each 512-token block of the prompt. In AIPerf's sessions a
 * later turn's length is that of its message alone, put behind the conversation so far, and it may have a `delay` after
 * the answer before it in place of a time. Source: R. Qin et al., "Mooncake", FAST 2025; AIPerf's trace replay.
 */
export const mooncake: TraceFormat = {
  name: "mooncake",
  summary:
    "JSONL of the Mooncake traces, and of AIPerf's sessions: timestamp (ms), input_length, output_length, hash_ids",
  matches: ({ record = {} }) =>
    "input_length" in record &&
    (("hash_ids" in record && "timestamp" in record) || ("session_id" in record && !("chat_id" in record))),
  reader: (sink) => {
    const prefixes = new SharedRuns(BLOCK_TOKENS, sink.add);
    const sessions = new Map<string, { timeMs: number; contextTokens: number }>();
    return {
      take(record, place) {
        const session = record.session_id === undefined ? undefined : String(record.session_id);
        const before = session === undefined ? undefined : sessions.get(session);
        const inputTokens = (before?.contextTokens ?? 0) + tokenCount(record.input_length, "input_length", place);
        const outputTokens = tokenCount(record.output_length, "output_length", place);
        const isDelayed = record.timestamp === undefined && before !== undefined;
        if (isDelayed)
          sink.note("% later turns have no time of their own, and stand their delay after the turn before");
        const timeMs = isDelayed
          ? before.timeMs + (Number.isNaN(lengthOfTime(record.delay, "delay", place)) ? 0 : Number(record.delay))
          : sink.times.read(record.timestamp, session === undefined ? TIME : SESSION_TIME, place);
        if (session !== undefined) sessions.set(session, { timeMs, contextTokens: inputTokens + outputTokens });
        const row = { timeMs, inputTokens, outputTokens, ...(session === undefined ? {} : { session }) };
        prefixes.add(row, blockIds(record.hash_ids, place), place);
      },
      end: () => prefixes.end(),
    };
  },
};

/** Most ids of a recording, which are held in memory: the largest public traces have some millions. */
const BLOCKS_MAX = 1e7;
const NO_IDS: readonly number[] = [];

/**
 * Equal block ids mean equal prompts up to and including that block. A row's prefix is its longest leading run of
 * blocks that another row has too, named by the run's last block: rows with one name share exactly that prefix. Partial
 * matches of a longer run count as misses. Which runs are shared is known after the last row, so rows wait until then.
 */
export class SharedRuns {
  private readonly rows: { readonly row: RecordedRow; readonly ids: readonly number[]; readonly place: RowPlace }[] =
    [];
  private readonly rowsWith = new Map<number, number>();
  private readonly prefixIds = new Map<number, number>();
  private readonly blockTokens: number;
  private readonly take: TakeRow;
  private blocks = 0;

  constructor(blockTokens: number, take: TakeRow) {
    this.blockTokens = blockTokens;
    this.take = take;
  }

  add(row: RecordedRow, ids: readonly number[], place: RowPlace): void {
    this.blocks += ids.length;
    if (this.blocks > BLOCKS_MAX) {
      const what = `more than ${BLOCKS_MAX.toLocaleString("en-US")} hash_ids in all`;
      throw rowError(place, "TRACE_TOO_LARGE", what, "cut it into smaller traces, or leave hash_ids out");
    }
    this.rows.push({ row, ids: ids.length === 0 ? NO_IDS : ids, place });
    for (const id of ids) this.rowsWith.set(id, (this.rowsWith.get(id) ?? 0) + 1);
  }

  /** Hands on all rows, in order of time so that prefixes are numbered as they appear, each with its prefix. */
  end(): void {
    const inOrder = this.rows
      .map((_, i) => i)
      .sort((a, b) => this.rows[a]!.row.timeMs - this.rows[b]!.row.timeMs || a - b);
    const prefixes = new Map(inOrder.map((i) => [i, this.prefixOf(this.rows[i]!.row, this.rows[i]!.ids)]));
    this.rows.forEach(({ row, place }, i) => {
      this.take({ ...row, ...prefixes.get(i)! }, place);
    });
    this.rows.length = 0;
  }

  private prefixOf({ inputTokens }: RecordedRow, ids: readonly number[]) {
    let blocks = 0;
    while (blocks < ids.length && this.rowsWith.get(ids[blocks]!)! > 1) blocks++;
    if (blocks === 0) return { prefixTokens: 0, prefixId: -1 };
    const lastId = ids[blocks - 1]!;
    const prefixId = this.prefixIds.get(lastId) ?? this.prefixIds.size;
    this.prefixIds.set(lastId, prefixId);
    return { prefixTokens: Math.min(inputTokens, blocks * this.blockTokens), prefixId };
  }
}

/** @throws MeridianError TRACE_BAD_NUMBER where it is no list of whole numbers */
export function blockIds(value: unknown, place: RowPlace): readonly number[] {
  if (value === undefined || value === null) return NO_IDS;
  if (Array.isArray(value) && value.every((id) => Number.isInteger(id))) return value as number[];
  const what = "hash_ids is not a list of whole numbers";
  throw rowError(place, "TRACE_BAD_NUMBER", what, "give block ids or leave it out");
}
