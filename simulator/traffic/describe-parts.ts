/** Shares of labels in recorded requests, and what is odd about a recording. */
import type { RecordedColumns } from "./traffic.ts";

/** A label and how many requests have it. */
export interface Share {
  readonly name: string;
  readonly count: number;
  readonly share: number;
}

/** Labels by how often they stand, the most frequent first; none where the recording has no such column. */
export function sharesOf(index: Uint16Array | undefined, names: readonly string[] | undefined): readonly Share[] {
  if (index === undefined || names === undefined) return [];
  const rows = new Float64Array(names.length);
  for (let row = 0; row < index.length; row++) rows[index[row]!]!++;
  const counts = new Map<string, number>();
  // Several labels may have one name, and a name may have no row.
  rows.forEach((count, i) => {
    if (count > 0) counts.set(names[i]!, (counts.get(names[i]!) ?? 0) + count);
  });
  return [...counts]
    .map(([name, count]) => ({ name: name === "" ? "none" : name, count, share: count / index.length }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

/** What is odd, one sentence each: batched times, silences, lengths cut off, calls without tokens, failures. */
export function warningsOf(columns: RecordedColumns): readonly string[] {
  return [
    batched(columns.arrivalMs),
    silence(columns.arrivalMs),
    cutOff("input", columns.inputTokens),
    cutOff("output", columns.outputTokens),
    untold(columns),
  ].filter((warning) => warning !== undefined);
}

/** Share of requests at one instant from which times are called batched. */
const TIED_SHARE = 0.05;

function batched(arrivalMs: Float64Array): string | undefined {
  if (arrivalMs.length < 10) return undefined;
  let [ties, wholeS] = [0, 0];
  for (let i = 0; i < arrivalMs.length; i++) {
    if (i > 0 && arrivalMs[i] === arrivalMs[i - 1]) ties++;
    if (arrivalMs[i]! % 1000 === 0) wholeS++;
  }
  if (wholeS === arrivalMs.length) return "all times are whole seconds: what happens within one is not known";
  const share = ties / arrivalMs.length;
  if (share < TIED_SHARE) return undefined;
  return `${percent(share)} of the requests come at the same instant as the one before: times may be batched`;
}

/** The longest silence in a thousand recordings of a steady process is about this many times the usual longest one. */
const SILENCE_FACTOR = 2;

function silence(arrivalMs: Float64Array): string | undefined {
  const rows = arrivalMs.length;
  if (rows < 100) return undefined;
  const meanMs = (arrivalMs[rows - 1]! - arrivalMs[0]!) / (rows - 1);
  let [longest, at] = [0, 0];
  for (let i = 1; i < rows; i++) {
    const gap = arrivalMs[i]! - arrivalMs[i - 1]!;
    if (gap > longest) [longest, at] = [gap, arrivalMs[i - 1]!];
  }
  if (longest < SILENCE_FACTOR * meanMs * Math.log(rows) || longest < 1000) return undefined;
  const when = `${(longest / 1000).toFixed(0)} s from ${(at / 1000).toFixed(0)} s on`;
  return `the longest silence, ${when}, is ${Math.round(longest / meanMs)} times the mean gap: a pause, or a gap of the recording`;
}

/** Share of requests at the largest length from which lengths are called cut off. */
const CUT_SHARE = 0.002;
const CUT_ROWS = 5;

function cutOff(what: string, tokens: Int32Array): string | undefined {
  let most = 0;
  for (let row = 0; row < tokens.length; row++) if (tokens[row]! > most) most = tokens[row]!;
  let cut = 0;
  for (let row = 0; row < tokens.length; row++) if (tokens[row]! >= 0.999 * most) cut++;
  if (most < 16 || cut < CUT_ROWS || cut < CUT_SHARE * tokens.length) return undefined;
  const shown = most.toLocaleString("en-US");
  return `${cut.toLocaleString("en-US")} requests have the largest ${what}, ${shown} tokens or next to it: lengths may be cut off at a limit`;
}

function untold({ inputTokens, outputTokens, outcome }: RecordedColumns): string | undefined {
  const count = (column: Int32Array) => column.reduce((sum, tokens) => sum + Number(tokens < 0), 0);
  const [input, output] = [count(inputTokens), count(outputTokens)];
  if (input === 0 && output === 0) return undefined;
  const failed = outcome?.reduce((sum, each) => sum + Number(each !== 0), 0) ?? 0;
  const why = failed > 0 ? `; ${failed.toLocaleString("en-US")} calls failed` : "";
  const parts = [
    ...(input > 0 ? [`${input.toLocaleString("en-US")} requests tell no input tokens`] : []),
    ...(output > 0 ? [`${output.toLocaleString("en-US")} ${input > 0 ? "" : "requests tell "}no output tokens`] : []),
  ];
  return `${parts.join(" and ")}${why}`;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}
