import assert from "node:assert/strict";
import { test } from "node:test";
import { measureStrategies } from "../../../studies/performance/decisions.ts";

test("a row for the strategy, with four figures above 0", async (context) => {
  const written: string[] = [];
  context.mock.method(process.stdout, "write", (text: string) => written.push(text) > 0);
  const code = await measureStrategies(["--decisions", "20", "--strategy", "random"]);
  context.mock.restoreAll();
  assert.equal(code, 0);
  const rows = written.join("").trim().split("\n").slice(2);
  assert.equal(rows.length, 1);
  for (const row of rows) {
    const [, name, ...cells] = row.split("|").map((cell) => cell.trim());
    assert.equal(name, "random");
    assert.ok(
      cells.slice(0, 4).every((cell) => Number.parseFloat(cell) > 0),
      row,
    );
  }
});
