import assert from "node:assert/strict";
import test from "node:test";
import { traceSpec } from "../../../simulator/traffic/arrivals/trace.ts";
import type { RecordedColumns } from "../../../simulator/traffic/traffic.ts";
import { recordedTurns, sessionRows } from "../../../simulator/traffic/turns.ts";

const columns: RecordedColumns = {
  arrivalMs: Float64Array.of(0, 10, 20, 30, 40, 50),
  inputTokens: Int32Array.of(5, 6, 7, 8, 9, 10),
  outputTokens: Int32Array.of(1, 1, 1, 1, 1, 1),
  e2eMs: Float64Array.of(4, Number.NaN, 30, 1, 2, 9),
  sessionId: Int32Array.of(0, -1, 0, 1, -1, 0),
};

test("rows of one session stand side by side; a row without one is on its own", () => {
  const { rows, placeOf, left, firsts } = sessionRows([0, 1, 2, 3, 4, 5], columns);
  assert.deepEqual([...rows], [0, 2, 5, 1, 3, 4]);
  assert.deepEqual([...placeOf], [0, 3, 1, 4, 5, 2]);
  assert.deepEqual([...left], [3, 2, 1, 1, 1, 1]);
  assert.deepEqual([...firsts], [0, 1, 3, 4]);
  assert.deepEqual([...sessionRows([2, 3, 5], columns).firsts], [2, 3], "a session that is cut begins at the cut");
});

test("what the caller thought is the time from an answer to the next request, and not less than none", () => {
  const traffic = {
    name: "chat",
    arrivals: traceSpec("t", { timeScale: 2 }),
    recordings: { t: { kind: "trace", columns } },
  } as const;
  const spec = { kind: "recorded", thinkMs: null, afterFailure: "end", cache: true } as const;
  const turns = recordedTurns(traffic, spec, 1);
  // 20 - (0 + 4), at half speed; the answer at 50 came before the next request at 50.
  assert.deepEqual([turns.thinkMs(0, 1), turns.thinkMs(0, 2)], [32, 0]);
  assert.deepEqual([turns.count(0), turns.count(3)], [3, 1]);
  assert.deepEqual([turns.inputTokens(0, 2, 99), turns.maxTokens(0, 1, 1), turns.endsOnFailure], [10, 0, true]);
  assert.equal(turns.cacheableTokens(0, 1, 7), 7);
});

test("blocks that a recording names are kept as they are; tokens that went through a cache are the conversation's", () => {
  const prefixTokens = Int32Array.of(0, 0, 4, 0, 0, 6);
  const of = (more: object) =>
    recordedTurns(
      {
        name: "c",
        arrivals: traceSpec("t", {}),
        recordings: { t: { kind: "trace", columns: { ...columns, ...more } } },
      },
      { kind: "recorded", thinkMs: null, afterFailure: "continue", cache: true },
      1,
    );
  assert.equal(of({ prefixTokens }).cache, false);
  const logged = of({ prefixTokens, cacheReadTokens: prefixTokens });
  assert.deepEqual([logged.cache, logged.cacheableTokens(0, 1, 7)], [true, 4]);
});
