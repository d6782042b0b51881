/** Makes recorded calls into requests that can be sent again: what a log does not tell of them is filled in, and said. */
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { RecordedColumns } from "./traffic.ts";

/** Columns that can be replayed, and what was done for it, one sentence each. */
export interface Replayable {
  readonly columns: RecordedColumns;
  readonly notes: readonly string[];
}

/**
 * Calls that were not answered are demand all the same: they are sent with the output of an answered call of their
 * model, drawn by a fixed key. Tokens that went through a cache become a prefix that the calls of one tenant and model
 * share. A recording without any token counts says so, and its classes bring them.
 */
export function replayable(columns: RecordedColumns): Replayable {
  const rows = columns.arrivalMs.length;
  const isKnown = (column: Int32Array) => column.some((tokens) => tokens > 0);
  if (!isKnown(columns.inputTokens) && !isKnown(columns.outputTokens)) {
    const { inputTokens, outputTokens } = columns;
    if (!inputTokens.some((tokens) => tokens < 0)) return { columns, notes: [] };
    const none = new Int32Array(rows);
    return {
      columns: {
        ...columns,
        inputTokens: inputTokens.map(() => 0),
        outputTokens: outputTokens.map(() => 0),
        maxTokens: none,
        isWithoutTokens: true,
      },
      notes: ["it tells no token counts: they are those of the classes"],
    };
  }
  const input = filled(columns.inputTokens, columns, "input");
  const output = filled(columns.outputTokens, columns, "output");
  const notes = [
    ...(input.count > 0
      ? [`${share(input.count, rows)} tell no input tokens, and are sent with those of other calls of their model`]
      : []),
    ...(output.count > 0
      ? [
          `${share(output.count, rows)} tell no output, most of them as they failed, and are sent with that of other calls of their model`,
        ]
      : []),
  ];
  const whole =
    input.count + output.count === 0 ? columns : { ...columns, inputTokens: input.tokens, outputTokens: output.tokens };
  return { columns: withPrefixes(whole), notes };
}

function share(count: number, rows: number): string {
  return `${count.toLocaleString("en-US")} of ${rows.toLocaleString("en-US")} calls`;
}

/** A column without gaps: unknown counts, and those of calls that failed and were logged with none, come of other calls. */
function filled(column: Int32Array, { outcome, modelIndex }: RecordedColumns, what: "input" | "output") {
  const isGap = (row: number) => column[row]! < 0 || (column[row] === 0 && outcome !== undefined && outcome[row] !== 0);
  let count = 0;
  for (let row = 0; row < column.length; row++) if (isGap(row)) count++;
  if (count === 0) return { tokens: column, count };
  const known = new Map<number, number[]>();
  const all: number[] = [];
  for (let row = 0; row < column.length; row++) {
    if (isGap(row)) continue;
    const model = modelIndex?.[row] ?? 0;
    const list = known.get(model) ?? [];
    known.set(model, list);
    list.push(column[row]!);
    all.push(column[row]!);
  }
  const key = purposeKey(0, `replayable/${what}`);
  const tokens = column.map((value, row) => {
    if (!isGap(row)) return value;
    const list = known.get(modelIndex?.[row] ?? 0) ?? all;
    return list[Math.floor(keyedUniform(key, row, 0) * list.length)] ?? 0;
  });
  return { tokens, count };
}

function withPrefixes(columns: RecordedColumns): RecordedColumns {
  const { cacheReadTokens, cacheWriteTokens, prefixTokens, modelIndex, tenantIndex } = columns;
  if (prefixTokens !== undefined || cacheReadTokens === undefined) return columns;
  const cached = cacheReadTokens.map((read, row) => read + (cacheWriteTokens?.[row] ?? 0));
  if (!cached.some((tokens) => tokens > 0)) return columns;
  const ids = new Map<number, number>();
  const prefixId = cached.map((tokens, row) => {
    if (tokens === 0) return -1;
    const pair = (modelIndex?.[row] ?? 0) * 65_536 + (tenantIndex?.[row] ?? 0);
    const id = ids.get(pair) ?? ids.size;
    ids.set(pair, id);
    return id;
  });
  return { ...columns, prefixTokens: cached, prefixId };
}
