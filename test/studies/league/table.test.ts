import assert from "node:assert/strict";
import { test } from "node:test";
import { leagueTable } from "../../../studies/league/table.ts";
import { withCosts } from "../../reports/with-costs.ts";

const shares = { cheapest: 0.8, score: 0.97, bandit: 0.97 };

test("the table has the cheapest first", () => {
  const rows = leagueTable(withCosts({ score: [9, 9], bandit: [8, 8], cheapest: [5, 5] }, shares))
    .split("\n")
    .slice(2);
  assert.deepEqual(
    rows.map((row) => row.split("|")[1]!.trim()),
    ["cheapest", "bandit", "score"],
  );
});
