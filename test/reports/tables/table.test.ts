import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { PERCENT, SECONDS } from "../../../reports/base/text.ts";
import {
  changeOf,
  csvCell,
  csvRows,
  estimateCell,
  leftColumn,
  relativePercent,
  rightColumn,
  shareCell,
  textCell,
  toCsv,
} from "../../../reports/tables/table.ts";
import { fixture } from "../fixture.ts";

test("CSV rows are field names and full values", () => {
  const table = {
    id: "t",
    caption: "",
    columns: [leftColumn("Name", "name"), rightColumn("p95 (s)", "p95_ms")],
    rows: [{ cells: [textCell("a"), { text: "4.2", value: 4213.7 }] }],
  };
  assert.deepEqual(csvRows(table), [
    ["name", "p95_ms"],
    ["a", 4213.7],
  ]);
});

test("text that a spreadsheet would run gets an apostrophe", () => {
  for (const danger of ["=cmd()", "+1+1", "-1-1", "@SUM(A1)", "\tx", "\rx"]) {
    const [[cell]] = parse(csvCell(danger)) as [[string]];
    assert.equal(cell, `'${danger}`);
  }
});

test("numbers stay numbers, negative ones too; a missing value is empty", () => {
  assert.equal(csvCell(-1.5), "-1.5");
  assert.equal(csvCell("-1.5e-3"), "-1.5e-3");
  assert.equal(csvCell(null), "");
  assert.equal(csvCell(Number.NaN), "");
});

test("a reader gets every cell back, and none begins like a formula unless it is a number", () => {
  const cell = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("=1", "@a", '"', "a,b", "x\r\ny", "-", "+5"));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      const read = parse(toCsv([["left", "right"], ...rows]), { record_delimiter: "\r\n" }) as string[][];
      assert.equal(read.length, rows.length + 1);
      rows.forEach((row, at) => {
        row.forEach((text, column) => {
          const got = read[at + 1]![column]!;
          assert.ok(got === text || got === `'${text}`);
          assert.ok(!/^[=+\-@\t\r]/.test(got) || Number.isFinite(Number(got)), JSON.stringify(got));
        });
      });
    }),
  );
});

test("a cell shows the rounded value and keeps the full one", () => {
  assert.deepEqual(estimateCell({ value: 4213.7, low: 4080, high: 4346, n: 10 }, SECONDS), {
    text: "4.21",
    value: 4213.7,
    detail: "4.08–4.35",
  });
  assert.deepEqual(estimateCell({ value: null, low: null, high: null, n: 0 }, PERCENT), { text: "n/a", value: null });
});

test("a cell of a share keeps its full value and shows no interval below nothing or above all", () => {
  const share = { value: 0.0000005, low: -0.0000004, high: 0.0000014, n: 5 };
  assert.deepEqual(shareCell(share), { text: "0.00005", value: 0.0000005, detail: "0–0.00014" });
});

test("a change that is not shown has no number", () => {
  const one = fixture().comparisons[0]!;
  assert.deepEqual(changeOf({ ...one, verdict: "not shown" }), { text: "~ not shown", tone: "neutral" });
  assert.deepEqual(changeOf({ ...one, verdict: "not comparable" }), { text: "not comparable", tone: "warning" });
  assert.equal(changeOf(undefined), undefined);
});

test("relative sizes keep a digit that says something, and nothing divides by zero", () => {
  const relative = (value: number | null) =>
    relativePercent({ ...fixture().comparisons[0]!, relative: { value, low: null, high: null, n: 10 } });
  assert.equal(relative(-0.3112), "−31 %");
  assert.equal(relative(-0.0654), "−6.5 %");
  assert.equal(relative(0.0996), "+10 %");
  assert.equal(relative(0.0042), "+0.4 %");
  assert.equal(relative(0.0004), "+0.04 %");
  assert.equal(relative(null), undefined);
  assert.equal(relative(Number.POSITIVE_INFINITY), undefined);
});
