import assert from "node:assert/strict";
import { it } from "node:test";
import { replayText, savingsSvg, savingsTable } from "../../../reports/bill/savings.ts";
import { teamSavings } from "../../../simulator/advice/team-savings.ts";
import { ONE } from "../../../simulator/bill/usd.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";

/** Costs by class and replication. */
function strategy(name: string, costs: Readonly<Record<string, readonly number[]>>) {
  const samples = Object.entries(costs).map(([of, billUsd]) => ({ scope: "class", name: of, values: { billUsd } }));
  return { name, samples };
}
const result = {
  classes: [
    { name: "a1", tags: { team: "a" } },
    { name: "a2", tags: { team: "a" } },
    { name: "b1", tags: { team: "b" } },
  ],
  strategies: [
    strategy("as billed", { a1: [10, 12, 11], a2: [10, 8, 9], b1: [5, 5, 5] }),
    strategy("global", { a1: [9, 11, 10], a2: [9, 7, 8], b1: [5, 5, 5] }),
  ],
} as unknown as RunResult;
const savings = teamSavings({
  result,
  costFactor: 3,
  days: 30,
  billedUsd: new Map([
    ["b", 15n * ONE],
    ["a", 60n * ONE],
  ]),
});

it("rolls classes up to teams by replication: paired shares, and USD of what is billed", () => {
  assert.deepEqual(
    savings.map(({ team }) => team),
    ["a", "b", undefined],
  );
  const [a, b, all] = savings;
  // 20 becomes 18 in each replication.
  assert.ok(Math.abs(a!.savings[0]!.share.value! - 0.1) < 1e-12);
  assert.deepEqual(b!.savings[0]!.share.value, 0);
  assert.ok(Math.abs(all!.savings[0]!.share.value! - 2 / 25) < 1e-12);
  assert.ok(Math.abs(a!.savings[0]!.usdPerMonth.value! - (60 / 30) * (730 / 24) * 0.1) < 1e-9);
  assert.deepEqual([a!.reproduction, b!.reproduction, all!.billedUsd], [1, 1, 75n * ONE]);
});

it("says how near the replay is, and not to sign what is more than 1 % off", () => {
  assert.match(
    replayText({ savings, isLogged: true }),
    /costs 100\.0 % .* reproduced within 1 %; sizes of calls are those/,
  );
  const off = savings.map((each) => ({ ...each, reproduction: 1.02 }));
  assert.match(
    replayText({ savings: off, isLogged: false }),
    /102\.0 % .* do not sign its savings; sizes of calls are assumed/,
  );
});

it("has a row and a mark for each team and routing", () => {
  const { rows } = savingsTable({ savings, isLogged: true });
  assert.deepEqual(
    rows.map(({ cells }) => [cells[0]!.text, cells[3]!.text, cells[4]!.text]),
    [
      ["a", "global", "10.0"],
      ["b", "global", "0.0"],
      ["all", "global", "8.0"],
    ],
  );
  assert.equal(String(savingsSvg({ savings, isLogged: true })).match(/<circle/g)?.length, 3);
});
