import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  BILLING_RULES,
  blendedPrice,
  CACHE_READ,
  CACHE_WRITE,
  formatUsd,
  fUsdOf,
  INPUT,
  OUTPUT,
  priceKeyName,
  TOKEN_KINDS,
  usdOf,
} from "../../../../simulator/service/pricing/prices.ts";
import { standardKey } from "./fixtures.ts";

test("amounts are written exactly, without trailing zeros", () => {
  assert.equal(formatUsd(0n), "0");
  assert.equal(formatUsd(25n * 10n ** 15n), "25");
  assert.equal(formatUsd(388_800_000_000_000_000n), "388.8");
  assert.equal(formatUsd(1n), "0.000000000000001");
  assert.equal(formatUsd(-1_500_000_000_000_000n), "-1.5");
  assert.equal(formatUsd(123_456_789_012_345_678_901_234_567n), "123456789012.345678901234567");
});

test("a number means the decimal it was written as", () => {
  assert.equal(formatUsd(fUsdOf(21.18)), "21.18");
  assert.equal(formatUsd(fUsdOf(1234567.89)), "1234567.89");
  assert.equal(formatUsd(fUsdOf(5e-7)), "0.0000005");
  assert.equal(formatUsd(fUsdOf(-0.5)), "-0.5");
  assert.equal(fUsdOf(4e-16), 0n);
  assert.equal(fUsdOf(6e-16), 1n);
  assert.equal(fUsdOf(1e21), 10n ** 36n);
});

test("text and amount agree both ways", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (fUsd) => {
      const [whole = "", part = ""] = formatUsd(fUsd).replace("-", "").split(".");
      const back = BigInt(whole + part.padEnd(15, "0"));
      assert.equal(fUsd < 0n ? -back : back, fUsd);
    }),
  );
});

test("as a number of dollars", () => {
  assert.equal(usdOf(388_800_000_000_000_000n), 388.8);
});

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
