/**
 * The exact traffic of one run, as a file that Node writes and k6 reads: a JSON list with one line per request. Request
 * i of the list is request i of the simulated run, so both draw the same luck.
 */
export type ScheduleRow = readonly [
  /** Intended arrival, ms since the run's start, ascending. */
  arrivalMs: number,
  classIndex: number,
  originIndex: number,
  inputTokens: number,
  /** Tokens that the model would write if nothing cut it short. */
  outputTokens: number,
  /** The caller's max_tokens; 0 = not set. */
  maxTokens: number,
  prefixTokens: number,
  /** -1 = no cacheable prefix. */
  prefixId: number,
];

/** A request of the schedule with its number. */
export interface ScheduledRequest {
  readonly requestId: number;
  readonly arrivalMs: number;
  readonly classIndex: number;
  readonly originIndex: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly maxTokens: number;
  readonly prefixTokens: number;
  readonly prefixId: number;
}

/** One row a line, instants to the microsecond. */
export function encodeSchedule(rows: readonly ScheduleRow[]): string {
  return `[\n${rows.map(encodeRow).join(",\n")}\n]\n`;
}

export function decodeSchedule(text: string): ScheduleRow[] {
  return JSON.parse(text) as ScheduleRow[];
}

export function requestOf(row: ScheduleRow, requestId: number): ScheduledRequest {
  const [arrivalMs, classIndex, originIndex, inputTokens, outputTokens, maxTokens, prefixTokens, prefixId] = row;
  return {
    requestId,
    arrivalMs,
    classIndex,
    originIndex,
    inputTokens,
    outputTokens,
    maxTokens,
    prefixTokens,
    prefixId,
  };
}

function encodeRow([arrivalMs, ...rest]: ScheduleRow): string {
  return `[${Number(arrivalMs.toFixed(3))},${rest.join(",")}]`;
}
