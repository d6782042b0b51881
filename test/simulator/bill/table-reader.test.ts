import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dateOrderOf, instantMsOf, plainTags, readRows } from "../../../simulator/bill/table-reader.ts";

describe("rows of a bill", () => {
  it("are refused where a column is there twice", () => {
    const table = { columns: ["cost", "day", "cost"], rows: [["1", "", "999"]], lineOf: () => 2 };
    const read = () =>
      readRows(
        table,
        "a.csv",
        (column) => column,
        (row) => row.amount("cost"),
      );
    assert.throws(read, /BILL_COLUMN_TWICE {2}a\.csv: the column cost is there twice/);
    const small = (column: string) => column.toLowerCase();
    const reading = (columns: readonly string[]) => () =>
      readRows({ columns, rows: [], lineOf: () => 2 }, "a.csv", small, () => 0);
    assert.throws(reading(["Cost", "day", "COST"]), /the columns Cost and COST are the same one/);
    assert.deepEqual(reading(["resource_tags/Team", "resource_tags/team", "", ""])(), []);
  });

  it("are read by the first column that is there", () => {
    const table = { columns: ["B", "C"], rows: [[" x ", ""]], lineOf: () => 2 };
    const [texts] = readRows(
      table,
      "a.csv",
      (column) => column.toLowerCase(),
      (row) => [row.text("a", "b"), row.text("c"), row.quantity("c")],
    );
    assert.deepEqual(texts, ["x", undefined, undefined]);
  });

  it("name a map that is none", () => {
    const table = { columns: ["tags"], rows: [["{team"]], lineOf: () => 7 };
    assert.throws(
      () =>
        readRows(
          table,
          "a.csv",
          (column) => column,
          (row) => row.map("tags"),
        ),
      /a\.csv:7: tags is not a JSON object/,
    );
    const twice = { columns: ["tags"], rows: [['{"team":"a","team":"b"}']], lineOf: () => 7 };
    const read = () =>
      readRows(
        twice,
        "a.csv",
        (column) => column,
        (row) => row.map("tags"),
      );
    assert.throws(read, /a\.csv:7: tags has the key "team" twice/);
  });

  it("fill an empty cell from the next column, but amounts from one column alone", () => {
    const table = { columns: ["a", "b"], rows: [["", "2"]], lineOf: () => 2 };
    const name = (column: string) => column;
    assert.deepEqual(
      readRows(table, "a.csv", name, (row) => row.text("a", "b")),
      ["2"],
    );
    assert.throws(() => readRows(table, "a.csv", name, (row) => row.amount("a", "b")), /a is empty/);
  });

  it("maps may be nested, lists of entries, or null", () => {
    const mapOf = (cell: string) =>
      readRows(
        { columns: ["t"], rows: [[cell]], lineOf: () => 2 },
        "a.csv",
        (name) => name,
        (row) => row.map("t"),
      )[0];
    assert.deepEqual(mapOf('{"user":{"team":"a","env":null},"n":1,"l":["x"]}'), {
      "user:team": "a",
      n: "1",
      l: '["x"]',
    });
    assert.deepEqual(mapOf('[{"key":"team","value":"a"},{"key":"env","value":null}]'), { team: "a" });
    assert.deepEqual(mapOf("null"), {});
    assert.deepEqual(mapOf("{}"), {});
  });

  it("end on the next day where the export has no end", () => {});

  it("tags lose the prefix that exports put before them", () => {
    assert.deepEqual(plainTags({ "user:team": "a", user_env: "b", cost: "c" }), { team: "a", env: "b", cost: "c" });
    assert.deepEqual(plainTags({ "iamPrincipal/team": "caller", "user:team": "resource", "iamPrincipal/role": "r" }), {
      team: "resource",
      role: "r",
    });
  });
});

const SEPTEMBER_3 = Date.UTC(2026, 8, 3);

describe("dates of bills", () => {
  it("are UTC, as ISO has them", () => {
    for (const text of ["2026-09-03", "2026/09/03", "2026-09-03T00:00:00Z", "2026-09-03 00:00:00.000 UTC"])
      assert.equal(instantMsOf(text), SEPTEMBER_3, text);
    assert.equal(instantMsOf("2026-09"), Date.UTC(2026, 8, 1));
    assert.equal(instantMsOf("2026-09-03T01:00:00+02:00"), Date.UTC(2026, 8, 2, 23));
  });

  it("of a spreadsheet need an order of day and month, which the other dates of the file tell", () => {
    assert.equal(dateOrderOf(["9/3/2026", "9/14/2026"]), "month first");
    assert.equal(dateOrderOf(["Total", "03/09/2026", "14/09/2026"]), "day first");
    assert.equal(dateOrderOf(["03.09.2026"]), "day first");
    assert.equal(dateOrderOf(["9/3/2026", "9/4/2026"]), undefined);
    assert.equal(instantMsOf("9/3/2026", "month first"), SEPTEMBER_3);
    assert.equal(instantMsOf("03.09.2026", "day first"), SEPTEMBER_3);
    assert.equal(instantMsOf("03.09.2026 14:00", "day first"), SEPTEMBER_3 + 14 * 3_600_000);
    assert.equal(instantMsOf("9/3/2026"), undefined);
    assert.equal(instantMsOf("9/9/2026"), Date.UTC(2026, 8, 9));
    assert.equal(instantMsOf("9/31/2026", "month first"), undefined);
  });

  it("may name the month", () => {
    for (const text of ["Sep 3, 2026", "3 September 2026", "03-Sep-2026"])
      assert.equal(instantMsOf(text), SEPTEMBER_3, text);
    assert.equal(instantMsOf("Sep 2026"), Date.UTC(2026, 8, 1));
    for (const text of ["September", "search", "", "Total costs", "2026-13-01", "us-east-1"])
      assert.equal(instantMsOf(text), undefined, text);
  });
});
