import assert from "node:assert/strict";
import { it } from "node:test";
import { listPricesOf } from "../../../../scripts/io/bedrock/list-prices.ts";
import { loadReference } from "../../../../scripts/io/reference.ts";
import { HAIKU, planOf, scenarioInput } from "../../../simulator/scenario/base.ts";

const { prices } = await loadReference();
const plan = (id: string, region: string) =>
  planOf(
    scenarioInput({
      world: {
        regions: [region],
        models: { m: { id, capacity: { kind: "slots", servers: 1, service: "1s" } } },
        prices: { book: "none", overrides: [{ model: "m", input: 0.001, output: 0.001 }] },
      },
    } as never),
  );

it("the list says what a model costs, whatever the scenario does", () => {
  const at = plan(HAIKU, "us-east-1");
  const price = listPricesOf(at, prices)(at.money.schedule.keys[0]!)!;
  // Claude 3 Haiku, list price since March 2024.
  assert.deepEqual([price.input, price.output], [0.25, 1.25]);
});

it("what has no list price is refused, by name", () => {
  assert.throws(() => listPricesOf(plan("acme.unknown-v1:0", "us-east-1"), prices), {
    message: /PRICE_MODEL_UNKNOWN[\s\S]*fix: real money needs a known price/,
  });
});
