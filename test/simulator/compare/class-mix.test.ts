import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mixNote } from "../../../simulator/compare/class-mix.ts";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import { runOf } from "./fixtures.ts";

const around = (value: number) => [-2, -1, 0, 1, 2].map((i) => value * (1 + i * 1e-4));
/** A run of classes, each with its share of the requests and its USD per 1,000 served; the total is their mean. */
const of = (label: string, classes: Readonly<Record<string, readonly [share: number, usd: number]>>, traffic = label) =>
  runOf({
    label,
    traffic,
    classes: Object.keys(classes),
    strategies: {
      x: {
        total: { usdPer1kServed: around(Object.values(classes).reduce((sum, [share, usd]) => sum + share * usd, 0)) },
        byClass: Object.fromEntries(
          Object.entries(classes).map(([name, [share, usd]]) => [
            name,
            { trafficShare: around(share), usdPer1kServed: around(usd) },
          ]),
        ),
      },
    },
  });
const total = (...runs: Parameters<typeof compareRuns>[0]) => {
  const { rows, verdict } = compareRuns(runs);
  return { row: rows.find(({ scope, metric }) => scope === "total" && metric === "usdPer1kServed")!, verdict };
};

describe("totals of runs whose classes differ", () => {
  it("are cheaper in all and in no class: nothing is called better", () => {
    const { row, verdict } = total(
      of("a", { chat: [0.5, 1], doc: [0.5, 11] }),
      of("b", { chat: [0.8, 1], doc: [0.2, 11] }),
    );
    assert.equal(row.verdict, "not comparable");
    assert.match(row.note!, /mix of classes/);
    assert.doesNotMatch(verdict, /better|worse/);
  });

  it("sums such as the bill are compared all the same", () => {
    const side = (run: ReturnType<typeof of>) => [run.result, run.result.strategies[0]!] as const;
    const sides = [side(of("a", { chat: [1, 1] })), side(of("b", { chat: [0.8, 1], doc: [0.2, 11] }))] as const;
    assert.equal(mixNote(...sides, { metric: "billUsd", difference: 5, p: 0.001 }), null);
    assert.notEqual(mixNote(...sides, { metric: "usdPer1kServed", difference: 5, p: 0.001 }), null);
  });

  it("nor where one run has a class more", () => {
    const { row } = total(of("a", { chat: [1, 1] }), of("b", { chat: [0.8, 1], doc: [0.2, 11] }));
    assert.match(row.note!, /other classes/);
  });

  it("are compared where the classes themselves changed, or the requests are the same ones", () => {
    const before = of("a", { chat: [0.5, 1], doc: [0.5, 11] });
    assert.equal(total(before, of("b", { chat: [0.51, 0.5], doc: [0.49, 5] })).row.verdict, "better");
    assert.equal(total(of("a", { chat: [0.5, 1] }, "t"), of("b", { chat: [0.5, 0.9] }, "t")).row.verdict, "better");
  });
});
