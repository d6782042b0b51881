import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PriceOverride } from "../../../../simulator/service/pricing/price-overrides.ts";
import { priceQuestions } from "../../../../simulator/service/pricing/price-questions.ts";
import type { PriceKey } from "../../../../simulator/service/pricing/prices.ts";
import { BOOK_DATA } from "./fixtures.ts";

// List price through a geographic profile: 3.30 USD in, 16.50 out, per million tokens.
const modelIds = { s: "anthropic.claude-sonnet-4-5-20250929-v1:0", own: "acme.own-v1" };
const key = (over: Partial<PriceKey> = {}): PriceKey => ({
  model: "s",
  region: "us-east-1",
  family: "geographic",
  tier: "standard",
  ...over,
});
const ask = (override: Partial<PriceOverride>, keys = [key()]) =>
  priceQuestions(
    { data: BOOK_DATA, overrides: [{ model: "s", input: 3.3, output: 16.5, ...override }], modelIds },
    keys,
  );

describe("a price far from the list is asked about", () => {
  it("per 1K tokens where it is a thousandth", () => {
    assert.deepEqual(ask({ input: 0.0033, output: 0.0165 }), [
      "The price of s is 1,000 times below the list (0.0033 against 3.30 USD per million tokens of input): per 1K tokens?",
    ]);
  });

  it("per token where it is a millionth, and whatever the unit where it is far above", () => {
    assert.match(
      ask({ input: 0.0000033 })[0]!,
      /1,000,000 times below the list \(0\.0000033 against 3\.30 .*: per token\?$/,
    );
    assert.match(ask({ input: 3300 })[0]!, /1,000 times above the list \(3300\.00 against 3\.30/);
  });

  it("from a hundred times on, either way, for each kind of token", () => {
    assert.equal(ask({ input: 0.033 }).length, 1);
    assert.deepEqual(ask({ input: 0.034 }), []);
    assert.equal(ask({ output: 1650 }).length, 1);
    assert.deepEqual(ask({ output: 1600 }), []);
    assert.match(ask({ output: 0.0165 })[0]!, /0\.0165 against 16\.50 USD per million tokens of output/);
    assert.match(ask({ cacheRead: 0.00033 })[0]!, /tokens of cache reads/);
  });

  it("once for a model, whichever of its regions is off", () => {
    const keys = [key({ region: "us-west-2" }), key(), key({ tier: "batch" })];
    assert.equal(ask({ region: "us-east-1", input: 0.0033 }, keys).length, 1);
    assert.deepEqual(ask({ region: "eu-west-1", input: 0.0033 }, keys), []);
  });

  it("not where the price is 0, the model has no list price, or nothing is stated", () => {
    assert.deepEqual(ask({ input: 0, output: 0 }), []);
    assert.deepEqual(ask({ model: "own", input: 1e-6 }, [key({ model: "own" })]), []);
    assert.deepEqual(priceQuestions({ data: BOOK_DATA, overrides: [], modelIds }, [key()]), []);
    assert.deepEqual(ask({ input: 0.0033 }, [key({ tier: "prepaid" })]), []);
  });
});
