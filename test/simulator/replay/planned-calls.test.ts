import assert from "node:assert/strict";
import { it } from "node:test";
import { plannedCalls } from "../../../simulator/replay/planned-calls.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";

const NOVA = "mistral.mistral-large-2402-v1:0";
const capacity = { kind: "slots", servers: 4, service: { exponential: { mean: "1s" } } };

it("every model that a class may call is named at every target that is legal for the class", () => {
  const world = worldInput({ models: { m: { id: HAIKU, capacity }, n: { id: NOVA, capacity } } } as never);
  const traffic = [
    classInput({ class: "anywhere", model: "m" } as never),
    classInput({ class: "at home", model: "n", residency: { regions: ["a"] } } as never),
  ];
  const prices = { book: "none", overrides: ["m", "n"].map((model) => ({ model, input: 1, output: 5 })) };
  const plan = planOf(scenarioInput({ world: { ...world, prices } as never, traffic }));
  const calls = plannedCalls(plan).map(({ target, region, model, modelId, tier }) => [
    target,
    region,
    model,
    modelId,
    tier,
  ]);
  assert.deepEqual(calls, [
    ["a", "a", "m", HAIKU, "standard"],
    ["a", "a", "n", NOVA, "standard"],
    ["b", "b", "m", HAIKU, "standard"],
  ]);
  assert.deepEqual(
    plannedCalls(plan).map(({ calledId }) => calledId),
    [HAIKU, NOVA, HAIKU],
  );
});
