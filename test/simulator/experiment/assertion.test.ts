import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { runScenario } from "../../../scripts/oracles/run.ts";
import { MeridianError } from "../../../simulator/errors.ts";
import { evaluateAssertion, parseAssertion } from "../../../simulator/experiment/assertion.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";

const KNOWN = { strategies: ["at a", "at b"], classes: ["ask", "write"] };

/** Constant lengths and service, so that every figure is known: 2 s a call; a costs 1 and 1, b 0.5 and 2 USD/MTok. */
const SCENARIO: ScenarioInput = {
  name: "gates",
  requests: 200,
  replications: 1,
  world: {
    regions: [{ name: "a" }, { name: "b" }],
    models: { m: { id: "any", capacity: { kind: "slots", servers: "unlimited", service: "2s" } } },
    network: { roundTrips: "none", jitter: "none" },
    prices: {
      book: "none",
      overrides: [
        { model: "m", region: "a", input: 1, output: 1 },
        { model: "m", region: "b", input: 0.5, output: 2 },
      ],
    },
  },
  traffic: [
    { class: "ask", arrivals: { poisson: "1/s" }, tokens: { input: 1000, output: 100, maxTokens: 100 } },
    { class: "write", arrivals: { poisson: "1/s" }, tokens: { input: 100, output: 1000, maxTokens: 1000 } },
  ],
  strategies: [
    { name: "at a", single: { target: "a" } },
    { name: "at b", single: { target: "b" } },
  ],
};

describe("gates", () => {
  let result: RunResult;
  before(async () => {
    result = await runScenario(SCENARIO);
  });
  const gate = (text: string) => evaluateAssertion(parseAssertion(text, KNOWN), result);

  it("a saving over everything and over one class", () => {
    // ask: 500 + 200 against 1100; write: 50 + 2000 against 1100.
    assert.ok(gate("saving(at b, at a, class=ask) > 36.36%").passed);
    assert.ok(gate("saving(at b, at a, class=ask) < 36.37%").passed);
    assert.match(gate("saving(at b, at a, class=write) > 0%").found, /at b: -86\.4 %/);
    assert.ok(!gate("saving(at b, at a) > 0%").passed);
  });

  it("a latency of every strategy, of one, of a class", () => {
    assert.ok(gate("p95(e2e) < 2.1s").passed);
    assert.ok(!gate("p50(e2e, class=ask) < 1.9s").passed);
    assert.doesNotMatch(gate("mean(ttft, strategy=at a) > 1h").found, /at b/);
  });

  it("a failing gate names those that fail, a passing one all that it looked at", () => {
    assert.match(gate("cost(class=ask) < 0.05").found, /at a: .*, at b: /);
    assert.ok(!gate("cost(class=write) < 0.15").found.includes("at a"));
  });

  it("what it does not know, it refuses with the nearest name", () => {
    const refusals = [
      ["saving(at c, at a) > 1%", /did you mean "?at/],
      ["p95(e2e, class=asks) < 1s", /did you mean ask/],
      ["p95(speed) < 1s", /wants one of e2e/],
      ["saving(at a) > 1%", /wants two strategies/],
      ["p59(e2e) < 1s", /did you mean p5|p95/],
      ["failed() < many", /not a value of failed/],
      ["nonsense", /is not metric/],
    ] as const;
    for (const [text, what] of refusals) {
      assert.throws(
        () => parseAssertion(text, KNOWN),
        (error: unknown) => error instanceof MeridianError && what.test(error.problems[0]!.what),
        text,
      );
    }
  });
});
