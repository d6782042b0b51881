import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { holm } from "../../../simulator/base/significance.ts";
import { tInterval } from "../../../simulator/base/statistics.ts";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import { isLatency, lessIsBetter } from "../../../simulator/compare/result.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import { budget } from "../../budget.ts";
import { normalFrom, runOf, type Values } from "./fixtures.ts";

const BASE = [1000, 1100, 900, 1050, 950, 1020, 980, 1080, 920, 1000];
const LESS = BASE.map((value, i) => value * 0.8 + (i % 2 === 0 ? 1 : -1));
const run = (total: Values, more: Partial<Parameters<typeof runOf>[0]> = {}) =>
  runOf({ strategies: { single: { total } }, ...more });
const onlyRow = (a: Parameters<typeof run>, b: Parameters<typeof run>) => {
  const { rows } = compareRuns([run(a[0], { label: "a", ...a[1] }), run(b[0], b[1])]);
  assert.equal(rows.length, 1);
  return rows[0]!;
};

describe("a comparison of runs", () => {
  it("pairs replications of one seed and traffic: the interval is that of the differences", () => {
    const row = onlyRow([{ e2eMsP95: BASE }], [{ e2eMsP95: LESS }]);
    assert.deepEqual(row.difference, tInterval(LESS.map((value, i) => value - BASE[i]!)));
    assert.equal(row.verdict, "better");
    assert.equal(row.n, 10);
    assert.ok(Math.abs(row.relative.value! + 0.2) < 1e-3);
  });

  it("does not pair other seeds or other traffic: the interval widens by what common numbers had bought", () => {
    const paired = onlyRow([{ e2eMsP95: BASE }], [{ e2eMsP95: LESS }]);
    for (const more of [{ seed: 8 }, { traffic: "u" }]) {
      const row = onlyRow([{ e2eMsP95: BASE }], [{ e2eMsP95: LESS }, more]);
      assert.ok(row.difference.high! - row.difference.low! > 5 * (paired.difference.high! - paired.difference.low!));
    }
  });

  it("pairs the replications that both runs have", () => {
    const row = onlyRow([{ e2eMsP95: BASE }], [{ e2eMsP95: LESS.slice(0, 4) }]);
    assert.equal(row.n, 4);
    assert.equal(row.a.value, tInterval(BASE.slice(0, 4)).value);
  });

  it("says same, not shown with what it would need, too few, and better or worse by the metric's direction", () => {
    assert.equal(onlyRow([{ failedShare: [0, 0, 0] }], [{ failedShare: [0, 0, 0] }]).verdict, "same");
    const noisy = BASE.map((value, i) => value + (i % 2 === 0 ? 40 : -38));
    const open = onlyRow([{ e2eMsP95: BASE }], [{ e2eMsP95: noisy }]);
    assert.equal(open.verdict, "not shown");
    assert.ok(open.needs! > 10);
    assert.equal(onlyRow([{ e2eMsP95: [1] }], [{ e2eMsP95: [2] }]).verdict, "too few");
    const more = onlyRow([{ goodputShare: [0.5, 0.51, 0.49] }], [{ goodputShare: [0.9, 0.91, 0.89] }]);
    assert.equal(more.verdict, "better");
    assert.equal(lessIsBetter("trafficShare"), null);
    assert.ok(isLatency("waitMsP95") && !isLatency("failedShare"));
  });

  it("does not compare latencies of runs that are unstable or fail more", () => {
    const failing = { e2eMsP95: LESS, failedShare: BASE.map(() => 0.2) };
    const { rows } = compareRuns([
      run({ e2eMsP95: BASE, failedShare: BASE.map(() => 0) }, { label: "a" }),
      run(failing),
    ]);
    assert.deepEqual(
      rows.map(({ metric, verdict }) => [metric, verdict]),
      [
        ["failedShare", "worse"],
        ["e2eMsP95", "not comparable"],
      ],
    );
    assert.match(rows[1]!.note!, /b fails 20\.0 points more/);
  });

  it("compares latencies where failures differ by chance only, and not where nothing tells that it is chance", () => {
    // Two points more on average, and as far apart within each run: p is above 0.3.
    const unlike = (by: number) => BASE.map((_, i) => 0.1 + by + (i % 2 === 0 ? 0.05 : -0.05));
    const of = (label: string, seed: number, by: number, n = BASE.length) =>
      run({ e2eMsP95: BASE.slice(0, n), failedShare: unlike(by).slice(0, n) }, { label, seed });
    const latency = (n?: number) =>
      compareRuns([of("a", 1, 0, n), of("b", 2, 0.02, n)]).rows.find(({ metric }) => metric === "e2eMsP95")!;
    assert.deepEqual([latency().verdict, latency().note], ["not shown", null]);
    assert.match(latency(1).note!, /b fails 2\.0 points more/);
  });

  it("corrects over all rows that were tested, and counts them", () => {
    const random = purposeStream(3, "compare");
    const normal = normalFrom(random);
    const noise = () => BASE.map(() => 100 + normal());
    const values = (): Values => ({ e2eMsP95: noise(), ttftMsP95: noise(), usdPer1kServed: noise() });
    const result = compareRuns([run(values(), { label: "a" }), run(values())]);
    assert.equal(result.tests, 3);
    const corrected = holm(result.rows.map(({ p }) => p!));
    assert.deepEqual(
      result.rows.map(({ pHolm }) => pHolm),
      corrected,
    );
  });

  it("matches strategies by name, or as it is told, and names what is in one run only", () => {
    const values = { e2eMsP95: BASE };
    const a = runOf({ label: "a", strategies: { single: { total: values }, cheapest: { total: values } } });
    const b = runOf({ label: "b", strategies: { single: { total: values }, "round-robin": { total: values } } });
    const byName = compareRuns([a, b]);
    assert.deepEqual(
      byName.rows.map(({ strategy }) => strategy),
      ["single"],
    );
    assert.deepEqual(byName.unmatched, ["Strategy cheapest is in a only.", "Strategy round-robin is in b only."]);
    const told = compareRuns([a, b], { match: new Map([["cheapest", "round-robin"]]) });
    assert.deepEqual(
      told.rows.map(({ strategy }) => strategy),
      ["single", "cheapest"],
    );
    const one = compareRuns([
      runOf({ label: "a", strategies: { x: { total: values } } }),
      runOf({ strategies: { y: { total: values } } }),
    ]);
    assert.equal(one.rows.length, 1);
    assert.deepEqual(one.unmatched, ["Strategy x of a is compared with y of b."]);
  });

  it("has latencies by class, never over classes that may have unlike objectives", () => {
    const byClass = { chat: { e2eMsP95: BASE }, batch: { e2eMsP95: BASE } };
    const of = (label: string) =>
      runOf({
        label,
        classes: ["chat", "batch"],
        strategies: { single: { total: { e2eMsP95: BASE, failedShare: [0, 0] }, byClass } },
      });
    const { rows } = compareRuns([of("a"), of("b")]);
    assert.deepEqual(
      rows.map(({ scope, name, metric }) => [scope, name, metric]),
      [
        ["total", "", "failedShare"],
        ["class", "chat", "e2eMsP95"],
        ["class", "batch", "e2eMsP95"],
      ],
    );
  });

  it("takes the intervals of results that have kept no samples", () => {
    const old = (label: string, seed: number) => {
      const { result } = run({}, { label, seed });
      const strategies = result.strategies.map(({ samples: _, ...strategy }) => strategy);
      return { label, result: { ...result, strategies } };
    };
    const { rows } = compareRuns([old("a", 1), old("b", 2)]);
    assert.ok(rows.length >= 5 && rows.every(({ n, p }) => n >= 2 && p !== null));
  });

  it("refuses what has nothing to compare, unless it is forced, and then says why it should not", () => {
    const a = run({ e2eMsP95: BASE }, { label: "a" });
    const b = run({ e2eMsP95: LESS }, { over: { durationMs: 1000, billing: "destination" } });
    const refused = compareRuns([a, b]);
    assert.deepEqual(refused.rows, []);
    assert.match(refused.verdict, /^Not compared: The runs have different lengths/);
    assert.equal(refused.pairings[0]!.refusals.length, 2);
    const forced = compareRuns([a, b], { force: true });
    assert.equal(forced.rows.length, 1);
    assert.match(forced.verdict, /Forced, although: The runs have different lengths/);
  });
});

describe("known answers", () => {
  it("A/A comparisons call anything better or worse in at most 5 of 100, paired and not", (t) => {
    const random = purposeStream(11, "aa");
    const normal = normalFrom(random);
    const experiments = budget(1000, 300);
    for (const seed of [7, 8]) {
      let flagged = 0;
      for (let i = 0; i < experiments; i++) {
        const paired = Array.from({ length: 10 }, normal);
        const values = (): Values => {
          const common = seed === 7 ? paired : Array.from({ length: 10 }, normal);
          const one = common.map((each) => 1000 + 50 * each + 20 * normal());
          const other = common.map((each) => 0.1 + 0.01 * each + 0.005 * normal());
          return {
            e2eMsP95: one,
            ttftMsP95: one.map((x) => x / 3 + normal()),
            throttledAttemptShare: other,
            usdPer1kServed: other.map((x) => x + 0.01 * normal()),
          };
        };
        const { rows } = AA(values(), values(), seed);
        if (rows.some(({ verdict }) => verdict === "better" || verdict === "worse")) flagged++;
      }
      t.diagnostic(`${seed === 7 ? "paired" : "unpaired"}: ${flagged} of ${experiments} A/A comparisons flagged`);
      // 5 % and three standard errors of a share of 1,000.
      assert.ok(
        flagged / experiments <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / experiments),
        `${flagged} of ${experiments}`,
      );
    }
  });

  it("intervals of a change hold the truth in 93 to 97 of 100", (t) => {
    const random = purposeStream(12, "coverage");
    const normal = normalFrom(random);
    const experiments = budget(2000, 800);
    for (const seed of [7, 8]) {
      let covered = 0;
      for (let i = 0; i < experiments; i++) {
        const common = Array.from({ length: 10 }, normal);
        const own = seed === 7 ? common : Array.from({ length: 10 }, normal);
        const a = common.map((each) => 1000 + 50 * each + 10 * normal());
        const b = own.map((each) => 1100 + 50 * each + 10 * normal());
        const { difference } = AA({ e2eMsP95: a }, { e2eMsP95: b }, seed).rows[0]!;
        if (difference.low! <= 100 && difference.high! >= 100) covered++;
      }
      const share = covered / experiments;
      t.diagnostic(`${seed === 7 ? "paired" : "unpaired"}: ${covered} of ${experiments} intervals hold the truth`);
      // Three standard errors beside 93 and 97 of 100 on a commit; a full run has none to spare.
      const slack = budget(0, 0.01);
      assert.ok(share >= 0.93 - slack && share <= 0.97 + slack, String(share));
    }
  });
});

/** One template for thousands of comparisons: only the samples change. */
const TEMPLATE = run({}, { label: "a" });
function AA(a: Values, b: Values, seed: number) {
  const of = (label: string, values: Values, seedOf: number) => {
    const [strategy] = TEMPLATE.result.strategies;
    const samples = [{ scope: "total" as const, name: "", values: { ...strategy!.samples![0]!.values, ...values } }];
    return { label, result: { ...TEMPLATE.result, seed: seedOf, strategies: [{ ...strategy!, samples }] } };
  };
  return compareRuns([of("a", a, 7), of("b", b, seed)]);
}
