import assert from "node:assert/strict";
import { it } from "node:test";
import { bestRouting, type ReplayReport, replayText, savingsSvg, savingsTable } from "../../../reports/bill/savings.ts";
import { teamSavings } from "../../../simulator/advice/team-savings.ts";
import { ONE } from "../../../simulator/bill/bill-line.ts";
import type { FittedClass } from "../../../simulator/bill/fitted-class.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";

/** Costs by class and replication. */
function strategy(name: string, costs: Readonly<Record<string, readonly number[]>>) {
  const samples = Object.entries(costs).map(([of, billUsd]) => ({ scope: "class", name: of, values: { billUsd } }));
  return { name, samples };
}
const result = {
  replications: { asked: 3, done: 3 },
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
const classes = ["a1", "a2", "b1"].map(
  (name): FittedClass => ({
    name,
    team: name.slice(0, 1),
    usdByDay: new Array<number>(30).fill({ a1: 11, a2: 9, b1: 5 }[name]! / 10),
    callsPerDay: 1e6,
    sizes: { meanOutput: 200, cvInput: 1, cvOutput: 1 },
    hitsAtStake: 0,
    globalUnder: ["global"],
  }),
);
const billedUsd = new Map([
  ["b", 15n * ONE],
  ["a", 60n * ONE],
]);
const savings = teamSavings({ result, costFactor: 3, classes, isByDay: true, billedUsd });
const report: ReplayReport = { savings, loggedShare: 1, leftUsd: 0n, days: 30, isByDay: true };

it("rolls classes up to teams by replication: paired shares, and USD of what is billed", () => {
  assert.deepEqual(
    savings.map(({ team }) => team),
    ["a", "b", undefined],
  );
  const [a, b, all] = savings;
  // 20 becomes 18, 25 with the other team's 5 becomes 23.
  assert.ok(Math.abs(a!.savings[0]!.share.value! - 0.1) < 1e-3);
  assert.deepEqual(b!.savings[0]!.share.value, 0);
  assert.ok(Math.abs(all!.savings[0]!.share.value! - 2 / 25) < 1e-3);
  assert.ok(Math.abs(a!.savings[0]!.usdPerMonth.value! / ((60 / 30) * (730 / 24) * 0.1) - 1) < 0.01);
  assert.deepEqual([a!.reproduction, b!.reproduction, all!.billedUsd], [1, 1, 75n * ONE]);
});

it("says how near the replay is, and not to sign what is more than 1 % off", () => {
  assert.match(replayText(report), /costs 100\.0 % .* reproduced within 1 %\..*sizes of calls are those of the log/);
  const off = savings.map((each) => ({ ...each, reproduction: 1.02 }));
  const text = replayText({ ...report, savings: off, loggedShare: 0 });
  assert.match(text, /102\.0 % .* do not sign its savings\..*assumed, within a factor of 10/);
});

it("says at which loss of cache hits a saving is gone", () => {
  // Half of the cost would come on top without hits: a tenth of it eats 5 of 8 %.
  const cached = classes.map((each) => ({ ...each, hitsAtStake: 0.5 }));
  const [, , all] = teamSavings({ result, costFactor: 3, classes: cached, isByDay: true, billedUsd });
  const { shareWithHits, hitsToLose, share } = all!.savings[0]!;
  assert.ok(Math.abs(shareWithHits - 0.08) < 1e-3);
  assert.ok(Math.abs(hitsToLose! - 2 / (0.5 * 23)) < 0.005, String(hitsToLose));
  assert.ok(share.low! < 0 && share.high! > 0.07);
  assert.match(
    bestRouting({ ...report, savings: [all!] }),
    /No saving is shown: global, the best .* may save up to [\d.]+ % of what could be replayed or cost up to [\d.]+ % more: .* nothing once 1[78] % of the hits/,
  );
});

it("has a row and a mark for each team and routing", () => {
  const { rows } = savingsTable(report);
  assert.deepEqual(
    rows.map(({ cells }) => [cells[0]!.text, cells[3]!.text, cells[4]!.text]),
    [
      ["a", "global", "10.0"],
      ["b", "global", "0.0"],
      ["all", "global", "8.0"],
    ],
  );
  assert.equal(String(savingsSvg(report)).match(/<circle/g)?.length, 3);
});
