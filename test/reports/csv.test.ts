import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { csvCell, toCsv } from "../../reports/csv.ts";

test("text that a spreadsheet would run gets an apostrophe", () => {
  for (const danger of ["=cmd()", "+1+1", "-1-1", "@SUM(A1)", "\tx", "\rx"]) {
    const [[cell]] = parse(csvCell(danger)) as [[string]];
    assert.equal(cell, `'${danger}`);
  }
});

test("numbers stay numbers, negative ones too; what is not to be had is empty", () => {
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
