import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { RecordSplitter, type RecordTaker } from "../../../simulator/traffic/record-splitter.ts";

/** Records with their lines, however the text is cut. */
function split(text: string, cuts: readonly number[] = []) {
  const seen: unknown[] = [];
  const taker: RecordTaker = {
    header: (columns) => seen.push(columns),
    record: (record, { lineNumber }) => seen.push([lineNumber, record]),
    bad: (error) => seen.push((error as Error).message.split(":", 2).join(":").slice(0, 40)),
  };
  const splitter = new RecordSplitter("f", taker);
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    splitter.push(text.slice(from, cut));
    from = cut;
  }
  splitter.push(text.slice(from));
  splitter.end();
  return seen;
}

const TEXTS: Readonly<Record<string, readonly [text: string, records: readonly unknown[]]>> = {
  "lines of JSON": [
    '{"a":1}\n\n{"a":"}\\""}\r\n',
    [
      [1, { a: 1 }],
      [3, { a: '}"' }],
    ],
  ],
  "a list": [
    '[{"a":[1,{"b":2}]},\n{"a":"]"}]',
    [
      [1, { a: [1, { b: 2 }] }],
      [2, { a: "]" }],
    ],
  ],
  "records inside": [
    '{"x":{"y":[1]},"Records":[{"a":1},{"a":2}]}',
    [
      [1, { a: 1 }],
      [1, { a: 2 }],
    ],
  ],
  "documents one after the other": [
    '{"logEvents":[{"a":1}]}{"logEvents":[{"a":2}]}',
    [
      [1, { a: 1 }],
      [1, { a: 2 }],
    ],
  ],
  "records one after the other": [
    '{"a":1}{"a":2}{"a":3}\n{"a":4}',
    [
      [1, { a: 1 }],
      [1, { a: 2 }],
      [1, { a: 3 }],
      [2, { a: 4 }],
    ],
  ],
  "cells of a query": [
    '{"results":[[{"field":"a","value":"1"}],[{"field":"a","value":"2"}]],"status":"Complete"}',
    [
      [1, { field: "a", value: "1" }],
      [1, { field: "a", value: "2" }],
    ],
  ],
  "decimal commas": [
    "a;b\n1,5;x,y",
    [
      ["a", "b"],
      [2, { a: "1.5", b: "x,y" }],
    ],
  ],
  "one object on many lines": ['{\n "a": {\n "b": "\\\\" }\n}\n', [[1, { a: { b: "\\" } }]]],
  "a table": [
    'a,b\n1,"x, ""y"""\n\n2,"two\nlines"\n',
    [
      ["a", "b"],
      [2, { a: "1", b: 'x, "y"' }],
      [4, { a: "2", b: "two\nlines" }],
    ],
  ],
  "log lines": [
    '2026-09-03T14:00:09.000Z {"a":1}\n2026-09-03T14:00:10.000Z {"a":2}\n',
    [
      [1, { a: 1 }],
      [2, { a: 2 }],
    ],
  ],
};

for (const [name, [text, records]] of Object.entries(TEXTS)) {
  test(`${name}: the same records wherever the text is cut`, () => {
    assert.deepEqual(split(text), records);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
        assert.deepEqual(split(text, cuts), records);
      }),
      { numRuns: 60 },
    );
  });
}

test("bad lines are handed on by their line, and those after them are read", () => {
  assert.deepEqual(split('{"a":1}\n{"a"\n{"a":2}\n'), [[1, { a: 1 }], "TRACE_BAD_JSON  f:2", [3, { a: 2 }]]);
  assert.deepEqual(split('a,b\n1,"x\n2,y\n'), [["a", "b"], "TRACE_BAD_CSV  f:2", [3, { a: "2", b: "y" }]]);
  assert.deepEqual(split("a,b\n1\n2,y\n"), [["a", "b"], "TRACE_BAD_CSV  f:2", [3, { a: "2", b: "y" }]]);
});

test("what is nested too deep, too wide or cut off is refused", () => {
  assert.match(String(split(`{"a":${"[".repeat(70)}${"]".repeat(70)}}\n`)), /TRACE_BAD_JSON/);
  assert.match(
    String(split(`${JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [i, 1])))}\n`)),
    /TRACE_BAD_JSON/,
  );
  assert.throws(() => split("[".repeat(200_000)), /TRACE_BAD_JSON {2}f:1: nested deeper than 64/);
  assert.throws(() => split('{"Records":[{"a":1},{"a":'), /TRACE_BAD_JSON {2}f:1: the JSON document breaks off/);
});

test("a document in one line is found by its beginning, with its records far behind it", () => {
  const before = { args: { text: "x".repeat(70_000) } };
  for (const key of ["benchmarks", "Records"]) {
    const inner = key === "Records" ? [{ a: 1 }] : [{ metrics: { a: [1] }, requests: { successful: [{ a: 1 }] } }];
    const text = JSON.stringify({ version: { a: 1 }, [key]: inner, ...before });
    assert.deepEqual(split(text, [10, 66_000]), [[1, { a: 1 }]]);
  }
  // A record may be as long.
  const record = { a: { ...before }, b: [{ c: 1 }] };
  assert.deepEqual(split(`${JSON.stringify(record)}\n${JSON.stringify({ a: 2 })}`, [66_000]), [
    [1, record],
    [2, { a: 2 }],
  ]);
});
