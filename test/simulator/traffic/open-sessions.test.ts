import assert from "node:assert/strict";
import test from "node:test";
import { openSessions } from "../../../simulator/traffic/open-sessions.ts";
import type { Turns } from "../../../simulator/traffic/sessions.ts";
import type { TrafficChunk } from "../../../simulator/traffic/traffic.ts";

/** Three rows: a session of three turns, a request without one, a session of two turns. */
function arrivals(): { next(): TrafficChunk | undefined } {
  const ints = (...values: number[]) => Int32Array.from(values);
  const shorts = (...values: number[]) => Uint16Array.from(values);
  let chunk: TrafficChunk | undefined = {
    length: 3,
    arrivalMs: Float64Array.of(0, 100, 200),
    classIndex: shorts(0, 1, 0),
    originIndex: shorts(2, 0, 1),
    inputTokens: ints(1000, 7, 500),
    outputTokens: ints(10, 3, 20),
    maxTokens: ints(64, 0, 64),
    prefixTokens: ints(300, 0, 0),
    prefixId: ints(4, -1, -1),
    session: ints(0, -1, 1),
    turns: ints(3, 1, 2),
  };
  return {
    next() {
      const given = chunk;
      chunk = undefined;
      return given;
    },
  };
}

const turns: Turns = {
  cache: true,
  endsOnFailure: false,
  contextMax: Number.POSITIVE_INFINITY,
  count: () => 3,
  thinkMs: (_session, turn) => 1000 * turn,
  inputTokens: (_session, _turn, context) => context + 50,
  outputTokens: () => 30,
  maxTokens: () => 99,
  cacheableTokens: (_session, _turn, input) => input,
};

function laidOut(limits: { readonly durationMs?: number; readonly contextMax?: number; readonly chunkRows?: number }) {
  const { durationMs = Number.POSITIVE_INFINITY, contextMax = Number.POSITIVE_INFINITY, chunkRows = 2 } = limits;
  const source = openSessions(arrivals(), [{ ...turns, contextMax }, null], {
    answerMs: (tokens) => 100 + tokens,
    durationMs,
    chunkRows,
  });
  const rows: number[][] = [];
  for (let chunk = source.next(); chunk !== undefined; chunk = source.next()) {
    for (let i = 0; i < chunk.length; i++) {
      rows.push([
        chunk.arrivalMs[i]!,
        chunk.session[i]!,
        chunk.turn[i]!,
        chunk.inputTokens[i]!,
        chunk.contextTokens[i]!,
      ]);
    }
  }
  return rows;
}

test("turns follow assumed answers and think times, in order of time, with the conversation so far", () => {
  const expected = [
    [0, 0, 0, 1000, 0],
    [100, -1, 0, 7, 0],
    [200, 1, 0, 500, 0],
    // 0 + (100 + 10) + 1000; its prompt is 1000 + 10 + 50.
    [1110, 0, 1, 1060, 1010],
    // 200 + (100 + 20) + 1000.
    [1320, 1, 1, 570, 520],
    // 1110 + (100 + 30) + 2000.
    [3240, 0, 2, 1140, 1090],
  ];
  for (const chunkRows of [1, 2, 64]) assert.deepEqual(laidOut({ chunkRows }), expected);
  assert.deepEqual(laidOut({ durationMs: 3240 }), expected.slice(0, 5));
  // A prompt beyond the context ends its session.
  assert.deepEqual(
    laidOut({ contextMax: 1000 }).map(([ms]) => ms),
    [0, 100, 200, 1320],
  );
});
