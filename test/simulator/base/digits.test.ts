import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decimalsFor, estimateDecimals, formatNumber } from "../../../simulator/base/digits.ts";

test("digits stop at the first digit of the interval's half-width, one later when that digit is 1", () => {
  assert.equal(decimalsFor(4.2134, 0.4), 1);
  assert.equal(decimalsFor(4.2134, 0.13), 2);
  assert.equal(decimalsFor(812.3, 25), 0);
  assert.equal(decimalsFor(0.0123, 0.0004), 4);
});

test("never more than four significant digits, however narrow the interval", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-2, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-9, max: 1, noNaN: true }),
      (value, half) => {
        const digits = formatNumber(value, decimalsFor(value, half)).replace(/[,.]/g, "").replace(/^0+/, "");
        assert.ok(digits.length <= Math.max(4, Math.floor(Math.log10(value)) + 2), `${value} shown as ${digits}`);
      },
    ),
  );
});

test("an estimate has the decimals of its interval in the unit that is shown", () => {
  assert.equal(estimateDecimals({ value: 4213, low: 4080, high: 4346, n: 10 }, 0.001), 2);
  assert.equal(estimateDecimals({ value: 4213, low: null, high: null, n: 1 }, 0.001), 2);
  assert.equal(estimateDecimals({ value: 0.666, low: 0.626, high: 0.706, n: 10 }, 100), 0);
});
