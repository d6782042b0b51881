import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { tInterval } from "../../../simulator/base/statistics.ts";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { COMPARED_METRICS, compareWithBaseline, evaluateAssertion } from "../../../simulator/experiment/compare.ts";
import { groupResult } from "../../../simulator/experiment/groups.ts";
import type { ReplicationStats } from "../../../simulator/experiment/replication-stats.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { parseAssertion } from "../../../simulator/scenario/assertion.ts";
import { type Figures, group, replication } from "./fixtures.ts";

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

  it("of whom more than 5 % fail has no p95, and is not called better than another that has none either", () => {
    const fast = of([1000, 1100, 1050, 990].map((p95) => ({ p95, served: 755 })));
    const slow = of([2000, 2400, 2200, 1900].map((p95) => ({ p95, served: 750 })));
    for (const [mine, theirs] of [
      [fast, slow],
      [slow, fast],
      [fast, fast],
    ] as const)
      assert.equal(compared(mine, theirs).e2eMsP95!.verdict, "not comparable");
    assert.equal(compared(slow, of([1000, 1100, 1050, 990].map((p95) => ({ p95 })))).e2eMsP95!.verdict, "worse");
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

const known = { strategies: ["single", "cheapest-within"], classes: ["chat", "bulk"] };

const result = (() => {
  const resultOf = (figures: Figures, violations = 0) => {
    const one = group(figures);
    one.fields[FIELD.residencyViolations] = violations;
    one.fields[FIELD.retried] = 100;
    one.fields[FIELD.withObjective] = 1000;
    one.fields[FIELD.withinObjective] = 900;
    return groupResult({ stats: [one], baseline: null, sent: [1000] });
  };
  const strategy = (name: string, total: Figures, chat: Figures, violations = 0) => ({
    name,
    total: resultOf(total, violations),
    byClass: [
      { name: "chat", ...resultOf(chat) },
      { name: "bulk", ...resultOf(total) },
    ],
  });
  return {
    billing: "source",
    strategies: [
      strategy("single", { p95: 7000, usd: 10, throttled: 50, served: 990 }, { p95: 9000, usd: 4 }),
      strategy("cheapest-within", { p95: 5000, usd: 8, served: 1000 }, { p95: 3000, usd: 3 }, 2),
    ],
  } as unknown as RunResult;
})();

const holds = (text: string) => evaluateAssertion(parseAssertion(text, known), result).passed;
const found = (text: string) => evaluateAssertion(parseAssertion(text, known), result).found;

function refusal(text: string): string {
  try {
    parseAssertion(text, known);
  } catch (error) {
    assert.ok(error instanceof MeridianError && error.kind === "usage");
    const [problem] = error.problems;
    assert.ok(problem!.where && problem!.fix);
    return `${problem!.code} ${problem!.what} fix: ${problem!.fix}`;
  }
  return "";
}

describe("gates", () => {
  it("every metric, read where it belongs", () => {
    const table: readonly (readonly [string, boolean])[] = [
      ["p95(e2e) < 8s", true],
      ["p95(e2e) < 6s", false],
      ["p95(e2e, strategy=cheapest-within) < 6s", true],
      ["p95(e2e, class=chat, strategy=single) > 8.5s", true],
      ["p50(ttft, strategy=single) == 3500ms", true],
      ["p99(wait, strategy=single) >= 14s", true],
      ["mean(e2e, strategy=single) <= 3.5s", true],
      ["throttled(strategy=single) < 5%", false],
      ["throttled(strategy=single) <= 0.05", true],
      ["failed(strategy=cheapest-within) == 0%", true],
      ["failed() < 2%", true],
      ["retried() < 11%", true],
      ["goodput() >= 90%", true],
      ["cost(strategy=cheapest-within) < 9", true],
      ["cost(strategy=single, class=chat) == 4", true],
      ["saving(cheapest-within, single) > 20%", true],
      ["saving(cheapest-within, single) > 25%", false],
      ["saving(cheapest-within, single, class=chat) >= 25%", true],
      ["residencyViolations == 0", false],
      ["residencyViolations(strategy=single) == 0", true],
      ["residencyRefusals == 0", true],
    ];
    for (const [text, passed] of table) assert.equal(holds(text), passed, text);
  });

  it("says which strategies failed and with what", () => {
    assert.equal(found("p95(e2e) < 6s"), "single: 7.000 s");
    assert.equal(found("p95(e2e) < 8s"), "single: 7.000 s, cheapest-within: 5.000 s");
    assert.equal(found("residencyViolations == 0"), "cheapest-within: 2");
    assert.match(found("cost() < 9"), /^single: USD 10\.00$/);
    assert.match(found("saving(cheapest-within, single) > 5%"), /cheapest-within: 2[01]\.\d %/);
  });

  it("an estimate that does not exist cannot be shown to hold", () => {
    const none = groupResult({ stats: [group({ sent: 0 })], baseline: null, sent: [0] });
    const empty = {
      billing: "source",
      strategies: [{ name: "single", total: none, byClass: [] }],
    } as unknown as RunResult;
    const gate = evaluateAssertion(parseAssertion("p95(e2e) < 8s", known), empty);
    assert.deepEqual([gate.passed, gate.found], [false, "single: n/a"]);
    assert.equal(evaluateAssertion(parseAssertion("p95(e2e) > 8s", known), empty).passed, false);
    const goodputOf = (sloE2eMs: number | null) => {
      const classes = [{ name: "chat", sloE2eMs, sloTtftMs: null }] as unknown as RunResult["classes"];
      return evaluateAssertion(parseAssertion("goodput() > 90%", known), { ...empty, classes }).found;
    };
    assert.equal(goodputOf(8000), "single: n/a");
    assert.equal(goodputOf(null), "single: n/a, since no objective is set (slo: { e2e: 6s })");
  });

  it("refuses what it does not understand, with the reason", () => {
    const table: readonly (readonly [string, RegExp])[] = [
      ["p95 of e2e below 8s", /ASSERTION_UNREADABLE/],
      ["p95(e2e) ~ 8s", /ASSERTION_UNREADABLE/],
      ["p96(e2e) < 8s", /ASSERTION_UNKNOWN_METRIC .*did you mean p9/],
      ["p95() < 8s", /ASSERTION_ARGUMENT .*e2e, ttft, wait/],
      ["p95(e2e) < 8", /ASSERTION_VALUE "8" is not a value of p95/],
      ["failed() < 1s", /ASSERTION_VALUE/],
      [
        "p95(e2e, strategy=cheapest) < 8s",
        /ASSERTION_UNKNOWN_STRATEGY.* fix: write cheapest-within; strategies: single, /,
      ],
      ["p95(e2e, strategy=fastest) < 8s", /ASSERTION_UNKNOWN_STRATEGY.* fix: strategies: single, /],
      ["p95(e2e, class=chats) < 8s", /ASSERTION_UNKNOWN_CLASS .*did you mean chat.* fix: write chat; classes: chat/],
      ["p95(e2e, region=a) < 8s", /ASSERTION_ARGUMENT "region"/],
      ["p95(e2e, chat) < 8s", /ASSERTION_ARGUMENT "chat" has no name/],
      ["throttled(single) < 1%", /ASSERTION_ARGUMENT "single" has no name fix: write strategy=single/],
      ["saving(single) > 5%", /ASSERTION_ARGUMENT saving wants two/],
      ["saving(single, none-such) > 5%", /ASSERTION_UNKNOWN_STRATEGY/],
      ["saving(single, cheapest-within, strategy=single) > 5%", /ASSERTION_ARGUMENT/],
    ];
    for (const [text, message] of table) assert.match(refusal(text), message, text);
  });
});
