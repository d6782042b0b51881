import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { repeatedRows } from "../../../scripts/bill/repeated-rows.ts";
import { table } from "../../simulator/bill/formats/tables.ts";

const notesOf = (text: string, format: string, seen = new Set<string>()) =>
  repeatedRows(table(text), { name: "a.csv", format, seen });

describe("rows that stand twice", () => {
  it("are told word for word, over the parts of an export", () => {
    const seen = new Set<string>();
    assert.deepEqual(notesOf("a,b\n1,2\n1,3", "focus", seen), []);
    assert.match(
      notesOf("a,b\n1,4\n1,2", "focus", seen).join(),
      /^1 line stands there twice.*a\.csv:3\), and is counted/,
    );
  });

  it("with another amount are two states of one charge, where the export names charges", () => {
    const cur = (cost: number) =>
      `identity_line_item_id,line_item_usage_start_date,line_item_unblended_cost\nx,2026-09-01,${cost}`;
    const seen = new Set<string>();
    assert.deepEqual(notesOf(cur(1), "cur", seen), []);
    assert.match(notesOf(cur(2), "cur", seen).join(), /^1 line stands there again with another amount/);
    const long = "date,service,cost,estimated\n2026-09-01,a,1,true\n2026-09-01,b,1,true\n2026-09-01,a,2,false";
    assert.match(
      notesOf(long, "cost-explorer-long").join(),
      /again with another amount \(the first again in a\.csv:4\)/,
    );
  });

  it("are not looked for among rows that may well be alike", () => {
    assert.deepEqual(notesOf("service,cost\na,1\na,2", "cur"), []);
    assert.deepEqual(notesOf("ServiceName,BilledCost\na,1\na,2", "focus"), []);
  });
});
