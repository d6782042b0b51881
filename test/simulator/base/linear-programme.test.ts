import assert from "node:assert/strict";
import { test } from "node:test";
import { lpText } from "../../../simulator/base/linear-programme.ts";

test("a programme as text: objective, named rows, lines of limited length", () => {
  const columns = [...Array(10).keys()];
  const text = lpText({
    costs: columns.map((i) => i + 0.5),
    rows: [
      { columns: [0, 9], coefficients: [1, 2], relation: "<=", limit: 7 },
      { columns, coefficients: columns.map(() => 1), relation: "=", limit: 3 },
    ],
  });
  assert.match(text, /^Minimize\nobj: 0\.5 x0 \+ 1\.5 x1/);
  assert.match(text, /\nr0: 1 x0 \+ 2 x9 <= 7\nr1: 1 x0 \+ /);
  assert.match(text, /x9 = 3\nEnd\n$/);
  assert.ok(text.split("\n").every((line) => line.length < 100));
});
