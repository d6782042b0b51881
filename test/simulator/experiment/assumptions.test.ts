import assert from "node:assert/strict";
import { it } from "node:test";
import { assumptionSentence, assumptionsOf } from "../../../simulator/experiment/assumptions.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";

const MODEL = { id: "amazon.nova-pro-v1:0", capacity: { kind: "slots", servers: 8, service: "1s" } } as const;

it("prices, billing rule, capacities and quotas of a plain scenario", () => {
  assert.deepEqual(assumptionsOf(planOf(scenarioInput()), "simulated"), [
    "the scenario's own prices",
    "billing by the source rule",
    "capacities as the scenario states them, not measured",
    "no quotas",
  ]);
});

it("a what-if of the prices is called one, with how far it leaves the list; so is the law of quotas", () => {
  const world = {
    regions: ["us-east-1", "eu-west-1"],
    models: { nova: MODEL },
    quotas: [{ tokensPerMinute: 1000, law: "rolling-window" as const }],
    prices: { hourly: { sine: { swing: { plusMinus: 0.31 }, peakAt: "15:00 utc" } } },
  };
  const plan = planOf(scenarioInput({ world, duration: "24h", requests: undefined }));
  const [prices, , , quotas] = assumptionsOf(plan, "simulated");
  assert.match(prices!, /^prices that leave the list by −31 % to \+31 % over the run, a what-if of the scenario/);
  assert.equal(quotas, "quotas that refill as a rolling window (AWS does not publish the law)");
});

it("prices that the scenario states itself are not the list's", () => {
  const own = { model: "nova", input: 1, output: 4 };
  const world = { regions: ["us-east-1"], models: { nova: MODEL } };
  const textOf = (prices: object) =>
    assumptionsOf(planOf(scenarioInput({ world: { ...world, prices } })), "simulated")[0];
  assert.equal(textOf({ overrides: [own] }), "list prices, and the scenario's own where it states some");
  assert.equal(textOf({ book: "none", overrides: [own] }), "the scenario's own prices");
  const swing = { hourly: { sine: { swing: { plusMinus: 0.31 }, peakAt: "15:00 utc" } } };
  assert.match(textOf({ book: "none", overrides: [own], ...swing })!, /^prices that leave the scenario's own by /);
});

it("a measured run assumes neither capacities nor quotas", () => {
  assert.deepEqual(assumptionsOf(planOf(scenarioInput()), "measured"), [
    "the scenario's own prices",
    "billing by the source rule",
  ]);
});

it("is one sentence, or none", () => {
  assert.equal(assumptionSentence(["a", "b"]), "Assumes a; b.");
  assert.equal(assumptionSentence([]), "");
});
