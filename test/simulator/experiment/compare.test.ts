import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tInterval } from "../../../simulator/base/statistics.ts";
import { COMPARED_METRICS, compareWithBaseline } from "../../../simulator/experiment/compare.ts";
import type { ReplicationStats } from "../../../simulator/experiment/replication-stats.ts";
import { type Figures, replication } from "./fixtures.ts";

const of = (figures: readonly Figures[]) => figures.map((each) => replication(each));
const compared = (mine: readonly ReplicationStats[], baseline: readonly ReplicationStats[], strategies = 1) => {
  const all = compareWithBaseline({ strategy: "x", stats: mine, baseline, billing: "source", strategies });
  return Object.fromEntries(all.map((each) => [each.metric, each]));
};

describe("a strategy against the baseline", () => {
  const base = of([2000, 2400, 2200, 1900].map((p95) => ({ p95, usd: p95 / 400 })));

  it("is paired: a small steady difference is shown though replications differ widely", () => {
    const mine = of([1950, 2352, 2149, 1851].map((p95) => ({ p95, usd: 9 })));
    const { e2eMsP95, usdPer1kServed } = compared(mine, base);
    assert.equal(e2eMsP95!.verdict, "better");
    assert.deepEqual(e2eMsP95!.difference, tInterval([-50, -48, -51, -49]));
    assert.ok(Math.abs(e2eMsP95!.relative.value! - -49.5 / 2125) < 1e-12);
    assert.ok(e2eMsP95!.varianceRatio! > 1000);
    assert.equal(usdPer1kServed!.verdict, "worse");
    assert.equal(usdPer1kServed!.value, 9);
  });

  it("several strategies at once: each interval is wider, and a weak difference is no longer shown", () => {
    const mine = of([1900, 2350, 2140, 1810].map((p95) => ({ p95 })));
    assert.equal(compared(mine, base, 1).e2eMsP95!.verdict, "better");
    assert.equal(compared(mine, base, 40).e2eMsP95!.verdict, "not shown");
    assert.deepEqual(compared(mine, base, 40).e2eMsP95!.difference, tInterval([-100, -50, -60, -90], 40));
  });

  it("one replication shows nothing; the same numbers show nothing", () => {
    const one = compared(base.slice(0, 1), base.slice(1, 2));
    const same = compared(base, base);
    for (const metric of COMPARED_METRICS) {
      assert.equal(one[metric]!.verdict, "not shown");
      assert.equal(same[metric]!.verdict, "not shown");
    }
    assert.equal(same.e2eMsP95!.varianceRatio, null);
  });

  it("latency and cost of a backlog without bound are not compared, its failures are", () => {
    const unstable = of([9000, 9100, 9050, 8990].map((p95) => ({ p95, usd: 1, served: 900 })));
    const all = compared(
      unstable.map((each, i) => (i === 2 ? { ...each, unstable: "grew" } : each)),
      base,
    );
    assert.equal(all.e2eMsP95!.verdict, "not comparable");
    assert.equal(all.ttftMsP95!.verdict, "not comparable");
    assert.equal(all.failedShare!.verdict, "worse");
    assert.equal(all.usdPer1kServed!.verdict, "not comparable");
  });

  it("survivors are not faster: who fails a point more is not called better, who fails less may be", () => {
    const fast = [1000, 1100, 1050, 990];
    const failing = of(fast.map((p95) => ({ p95, served: 980 })));
    assert.equal(compared(failing, base).e2eMsP95!.verdict, "not comparable");
    assert.equal(compared(base, failing).e2eMsP95!.verdict, "not comparable");
    const whole = of(fast.map((p95) => ({ p95 })));
    const lossy = of([2000, 2400, 2200, 1900].map((p95) => ({ p95, served: 900 })));
    assert.equal(compared(whole, lossy).e2eMsP95!.verdict, "better");
    assert.equal(compared(of(fast.map((p95) => ({ p95, served: 995 }))), base).e2eMsP95!.verdict, "better");
  });

  it("a metric that a replication lacks leaves its pair out", () => {
    const none = of([{ served: 0 }, { p95: 2300 }, { p95: 2100 }, { p95: 1800 }]);
    const { e2eMsP95, usdPer1kServed, failedShare } = compared(none, base);
    assert.equal(e2eMsP95!.difference.n, 3);
    assert.equal(usdPer1kServed!.difference.n, 3);
    assert.equal(failedShare!.difference.n, 4);
    const never = compared(of([{ served: 0 }, { served: 0 }]), base.slice(0, 2));
    assert.equal(never.e2eMsP95!.verdict, "not comparable");
    assert.equal(never.usdPer1kServed!.value, null);
    const few = compared(of([{ sent: 50 }, { sent: 50 }]), base.slice(0, 2));
    assert.equal(few.e2eMsP95!.value, null, "fifty requests cannot carry a p95");
  });
});
