/** The trace format `mooncake`: the Mooncake traces, with their shared prompt blocks. */
import { jsonRow } from "../named-columns.ts";
import { RecordedTimes } from "../recorded-times.ts";
import type { RecordedColumns } from "../recording.ts";
import { RowBuffer, type RowPlace, rowError, type TraceFormat, tokenCount } from "../trace-format.ts";

/** Tokens that one hash id stands for. */
const BLOCK_TOKENS = 512;
/** Most ids of a recording, which are held in memory: the largest public one has 400,000. */
const BLOCKS_MAX = 4e6;
const NO_IDS: readonly number[] = [];
/** Other tools write files of this form with seconds, which then have fractions. */
const TIME = { name: "timestamp", unit: "ms", isWhole: true } as const;

/**
 * Mooncake traces: a hash id for each 512-token block of the prompt, where equal ids mean equal prompts up to and
 * including that block. A row's prefix is its longest leading run of blocks that another row has too, named by the
 * run's last block: rows with one name share exactly that prefix. Partial matches of a longer run count as misses.
 */
export const mooncake: TraceFormat = {
  name: "mooncake",
  summary: "JSONL of the Mooncake traces: timestamp (ms), input_length, output_length, hash_ids",
  matches: (firstLine) => firstLine.includes('"input_length"') && firstLine.includes('"timestamp"'),
  reader(source, unit) {
    const times = new RecordedTimes(unit);
    const rows = new RowBuffer(source);
    const prefixes = new SharedRuns();
    return {
      line(text, lineNumber) {
        if (text === "") return;
        const place = { source, lineNumber };
        const row = jsonRow(text, place);
        prefixes.add(hashIds(row.hash_ids, place), place);
        rows.add(
          {
            timeMs: times.read(row.timestamp, TIME, place),
            inputTokens: tokenCount(row.input_length, "input_length", place),
            outputTokens: tokenCount(row.output_length, "output_length", place),
            // The place in the file until all rows are known.
            prefixId: prefixes.count - 1,
          },
          place,
        );
      },
      finish: () => withPrefixes(rows.finish(times), prefixes),
    };
  },
};

function withPrefixes(columns: RecordedColumns, prefixes: SharedRuns): RecordedColumns {
  const dense = new Map<number, number>();
  const prefixTokens = new Int32Array(columns.arrivalMs.length);
  const prefixId = new Int32Array(columns.arrivalMs.length).fill(-1);
  for (let row = 0; row < prefixTokens.length; row++) {
    const run = prefixes.sharedRun(columns.prefixId![row]!);
    if (run.blocks === 0) continue;
    const id = dense.get(run.lastId) ?? dense.size;
    dense.set(run.lastId, id);
    prefixId[row] = id;
    prefixTokens[row] = Math.min(columns.inputTokens[row]!, run.blocks * BLOCK_TOKENS);
  }
  return { ...columns, prefixTokens, prefixId };
}

/** The block ids of all rows, and how many rows have each. */
class SharedRuns {
  private readonly ids: (readonly number[])[] = [];
  private blocks = 0;
  private readonly rowsWith = new Map<number, number>();

  get count(): number {
    return this.ids.length;
  }

  add(ids: readonly number[], place: RowPlace): void {
    this.blocks += ids.length;
    if (this.blocks > BLOCKS_MAX) {
      const what = `more than ${BLOCKS_MAX.toLocaleString("en-US")} hash_ids in all`;
      throw rowError(place, "TRACE_TOO_LARGE", what, "cut it into smaller traces, or leave hash_ids out");
    }
    this.ids.push(ids.length === 0 ? NO_IDS : ids);
    for (const id of ids) this.rowsWith.set(id, (this.rowsWith.get(id) ?? 0) + 1);
  }

  sharedRun(row: number): { blocks: number; lastId: number } {
    const ids = this.ids[row]!;
    let blocks = 0;
    while (blocks < ids.length && this.rowsWith.get(ids[blocks]!)! > 1) blocks++;
    return { blocks, lastId: blocks === 0 ? -1 : ids[blocks - 1]! };
  }
}

function hashIds(value: unknown, place: RowPlace): readonly number[] {
  if (value === undefined) return NO_IDS;
  if (Array.isArray(value) && value.every((id) => Number.isInteger(id))) return value as number[];
  throw rowError(
    place,
    "TRACE_BAD_NUMBER",
    "hash_ids is not a list of whole numbers",
    "give block ids or leave it out",
  );
}
