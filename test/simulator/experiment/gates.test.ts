import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { evaluateAssertion } from "../../../simulator/experiment/gates.ts";
import { groupResult } from "../../../simulator/experiment/groups.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { parseAssertion } from "../../../simulator/scenario/assertion.ts";
import { type Figures, group } from "./fixtures.ts";

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
