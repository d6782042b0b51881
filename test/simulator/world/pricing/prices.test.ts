import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BILLING_RULES,
  blendedPrice,
  CACHE_READ,
  CACHE_WRITE,
  INPUT,
  OUTPUT,
  priceKeyName,
  TOKEN_KINDS,
} from "../../../../simulator/world/pricing/prices.ts";
import { standardKey } from "./fixtures.ts";

test("the kinds' positions are those of the ledger order", () => {
  assert.deepEqual(
    [TOKEN_KINDS[INPUT], TOKEN_KINDS[OUTPUT], TOKEN_KINDS[CACHE_READ], TOKEN_KINDS[CACHE_WRITE]],
    ["input", "output", "cacheRead", "cacheWrite"],
  );
  assert.deepEqual([...BILLING_RULES], ["source", "destination", "lowest-cost"]);
});

test("the blend takes three parts of input", () => {
  assert.equal(blendedPrice(3, 15), 6);
});

test("keys have readable names that tell one-hour caching apart", () => {
  assert.equal(priceKeyName(standardKey("sonnet", "r1")), "sonnet/r1/regional/standard");
  assert.equal(priceKeyName({ ...standardKey("sonnet", "r1"), cacheTtl: "1h" }), "sonnet/r1/regional/standard/1h");
});
