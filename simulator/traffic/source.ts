/** The traffic of a scenario: the streams of its classes merged in time order. */
import { invariant } from "../base/errors.ts";
import { Earliest } from "../base/event-queue.ts";
import { type ClassStream, type ClassTraffic, createClassStream, type TrafficOptions } from "./class-stream.ts";
import type { TrafficChunk, TrafficSource } from "./traffic.ts";

const CHUNK_ROWS = 65_536;
/** Rows drawn ahead for each class of a merge. */
const BLOCK_ROWS = 8192;

/**
 * The traffic of all classes in time order; equal instants in class order. Chunks reuse their buffers: each is valid
 * until the next call. The sequence depends on the classes, the seed and the replication, not on the chunk size.
 *
 * @throws MeridianError `TRAFFIC_*` for a class without token counts or with a recording that is missing
 */
export function createTraffic(classes: readonly ClassTraffic[], options: TrafficOptions): TrafficSource {
  const chunkRows = options.chunkRows ?? CHUNK_ROWS;
  invariant(chunkRows >= 1 && Number.isInteger(chunkRows), "a chunk has at least one row");
  const rowsMax = classes.length === 1 ? chunkRows : BLOCK_ROWS;
  let prefixIdBase = 0;
  const streams = classes.map((traffic, classIndex) => {
    const stream = createClassStream(traffic, options, { classIndex, prefixIdBase, rowsMax });
    prefixIdBase += stream.prefixIds;
    return stream;
  });
  const hasSessions = classes.some(({ sessions }) => sessions !== undefined);
  const chunk = createChunk(Math.min(chunkRows, options.requestsMax), hasSessions);
  const fill = streams.length === 1 ? streams[0]!.fill : mergeStreams(streams, hasSessions);
  const { fromMs = 0 } = options;
  let left = options.requestsMax;
  return {
    next() {
      for (;;) {
        const wanted = Math.min(chunkRows, left);
        if (wanted <= 0) return undefined;
        chunk.length = fill(chunk, 0, wanted);
        const hasEnded = chunk.length < wanted;
        dropBefore(chunk, fromMs);
        left = hasEnded ? 0 : left - takeTurns(chunk, left);
        if (chunk.length > 0) return chunk;
      }
    },
  };
}

/** Cuts the chunk, and its last session, to so many requests. Returns how many there are. */
function takeTurns(chunk: MutableChunk, most: number): number {
  const { turns } = chunk;
  if (turns === undefined) return chunk.length;
  let sum = 0;
  for (let row = 0; row < chunk.length; row++) {
    turns[row] = Math.min(turns[row]!, most - sum);
    sum += turns[row]!;
    if (sum >= most) chunk.length = row + 1;
  }
  return sum;
}

/** Removes the rows before an instant from a chunk. */
function dropBefore(chunk: MutableChunk, fromMs: number): void {
  if (chunk.length === 0 || chunk.arrivalMs[0]! >= fromMs) return;
  const first = chunk.arrivalMs.subarray(0, chunk.length).findIndex((ms) => ms >= fromMs);
  const kept = first < 0 ? 0 : chunk.length - first;
  for (let row = 0; row < kept; row++) copyRow(chunk, first + row, chunk, row);
  chunk.length = kept;
}

type MutableChunk = { -readonly [Column in keyof TrafficChunk]: TrafficChunk[Column] };

function createChunk(rows: number, hasSessions: boolean): MutableChunk {
  return {
    length: 0,
    arrivalMs: new Float64Array(rows),
    classIndex: new Uint16Array(rows),
    originIndex: new Uint16Array(rows),
    inputTokens: new Int32Array(rows),
    outputTokens: new Int32Array(rows),
    maxTokens: new Int32Array(rows),
    prefixTokens: new Int32Array(rows),
    prefixId: new Int32Array(rows),
    ...(hasSessions ? { session: new Int32Array(rows), turns: new Int32Array(rows) } : {}),
  };
}

/** Merges class streams: a block of rows is drawn ahead for each class and copied out row by row. */
function mergeStreams(streams: readonly ClassStream[], hasSessions: boolean): ClassStream["fill"] {
  const earliest = new Earliest(streams.length);
  const blocks = streams.map(() => createChunk(BLOCK_ROWS, hasSessions));
  const position = new Int32Array(streams.length);
  const draw = (stream: number): boolean => {
    const block = blocks[stream]!;
    block.length = streams[stream]!.fill(block, 0, BLOCK_ROWS);
    position[stream] = 0;
    return block.length > 0;
  };
  for (let stream = 0; stream < streams.length; stream++) {
    if (draw(stream)) earliest.add(stream, blocks[stream]!.arrivalMs[0]!);
  }
  return (columns, from, to) => {
    let row = from;
    while (row < to && !earliest.isEmpty) {
      const stream = earliest.top;
      const block = blocks[stream]!;
      copyRow(block, position[stream]!++, columns, row++);
      if (position[stream]! < block.length || draw(stream)) earliest.replaceTop(block.arrivalMs[position[stream]!]!);
      else earliest.removeTop();
    }
    return row;
  };
}

function copyRow(source: TrafficChunk, from: number, target: TrafficChunk, to: number): void {
  copyRequest(source, from, target, to);
  if (target.session === undefined) return;
  target.session[to] = source.session![from]!;
  target.turns![to] = source.turns![from]!;
}

/** Copies a request from one chunk to a place in another; its session is the caller's affair. */
export function copyRequest(source: TrafficChunk, from: number, target: TrafficChunk, to: number): void {
  target.arrivalMs[to] = source.arrivalMs[from]!;
  target.classIndex[to] = source.classIndex[from]!;
  target.originIndex[to] = source.originIndex[from]!;
  target.inputTokens[to] = source.inputTokens[from]!;
  target.outputTokens[to] = source.outputTokens[from]!;
  target.maxTokens[to] = source.maxTokens[from]!;
  target.prefixTokens[to] = source.prefixTokens[from]!;
  target.prefixId[to] = source.prefixId[from]!;
}
