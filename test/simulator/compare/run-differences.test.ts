import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import { differingPaths, mixNote, pairingOf } from "../../../simulator/compare/run-differences.ts";
import { runOf } from "./fixtures.ts";

const run = (more: Partial<Parameters<typeof runOf>[0]> = {}) => runOf({ strategies: { single: {} }, ...more });

test("paths are those of the scenario, and lists of named things are matched by name", () => {
  const a = {
    seed: 1,
    world: { quotas: { "us-east-1": { tokensPerMinute: "500k" } } },
    strategies: [{ single: { target: "a" } }, { name: "x", priority: { targets: ["a", "b"] } }],
    traffic: [{ class: "chat", arrivals: { poisson: "2/s" } }],
    steps: [1, 2],
  };
  const b = {
    seed: 1,
    world: { quotas: { "us-east-1": { tokensPerMinute: "800k" } } },
    strategies: ["round-robin", { name: "x", priority: { targets: ["a", "b"] } }, { single: { target: "b" } }],
    traffic: [{ class: "chat", arrivals: { poisson: "2/s" }, priority: 1 }],
    steps: [1, 3],
  };
  assert.deepEqual(
    differingPaths(a, b).map(({ what, a: one, b: other }) => [what, one, other]),
    [
      ["world.quotas.us-east-1.tokensPerMinute", "500k", "800k"],
      ["strategies[single].single.target", "a", "b"],
      ["strategies[round-robin]", "not set", "round-robin"],
      ["traffic[chat].priority", "not set", "1"],
      ["steps[1]", "2", "3"],
    ],
  );
  assert.deepEqual(differingPaths(a, structuredClone(a)), []);
});

test("what differs is said by path where scenarios are at hand, else by their digests", () => {
  const other = { scenario: { name: "s", description: "", sha256: "f".repeat(64) } };
  const named = pairingOf(run({ scenario: { seed: 1 } }), run({ scenario: { seed: 2 }, over: other }));
  assert.deepEqual(
    named.differences.filter(({ isScenario }) => isScenario),
    [{ what: "seed", a: "1", b: "2", isScenario: true }],
  );
  const unnamed = pairingOf(run(), run({ over: other }));
  assert.ok(unnamed.differences.some(({ what }) => what.startsWith("scenario (only its digest")));
  assert.deepEqual(pairingOf(run(), run()).differences, []);
});

test("replications are paired where seed and traffic are the same; a measured run has none to pair", () => {
  assert.equal(pairingOf(run(), run()).method, "paired replications");
  assert.equal(pairingOf(run(), run({ seed: 9 })).method, "independent replications");
  assert.equal(pairingOf(run(), run({ traffic: "u" })).method, "independent replications");
  assert.equal(pairingOf(run(), run({ over: { kind: "measured" } })).method, "measured requests");
});

test("an invalid measurement, missing replications and unlike classes are refused", () => {
  const { refusals } = pairingOf(
    { ...run({ label: "a" }), invalid: ["requests left late"] },
    run({ classes: ["other"], over: { replications: { asked: 5, done: 3 } } }),
  );
  assert.equal(refusals.length, 3);
  assert.match(refusals.join(" "), /invalid measurement: requests left late.*3 of the 5.*no class of traffic/);
});

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
