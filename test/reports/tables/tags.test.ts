import assert from "node:assert/strict";
import { test } from "node:test";
import { hasTags, tagTable } from "../../../reports/tables/tags.ts";
import { fixture } from "../fixture.ts";

test("a row for each value of a tag and each strategy, with the record's values", () => {
  const result = fixture();
  const { rows, columns } = tagTable(result);
  assert.ok(hasTags(result) && !hasTags({ ...result, classes: [] }));
  assert.equal(rows.length, result.strategies.length * result.classes.length);
  const at = (key: string) => columns.findIndex((each) => each.key === key);
  const [first] = rows;
  assert.deepEqual(
    ["tag", "value", "strategy", "sent"].map((key) => first!.cells[at(key)]!.value),
    ["team", "team-0", result.strategies[0]!.name, result.strategies[0]!.byClass[0]!.counts.sent],
  );
  assert.equal(first!.cells[at("saving_share")]!.text, "baseline");
});
