import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatCents, formatDecimal, ONE, parseDecimal, sumOf } from "../../../simulator/bill/bill-line.ts";

describe("exact decimals", () => {
  it("reads what exports write, and nothing else", () => {
    assert.equal(parseDecimal("0.0931806"), 93180600000000000n);
    assert.equal(parseDecimal("-3.30"), -33n * 10n ** 17n);
    assert.equal(parseDecimal("1,234,567.5"), 12345675n * 10n ** 17n);
    assert.equal(parseDecimal(" +7 "), 7n * ONE);
    assert.equal(parseDecimal(".5"), ONE / 2n);
    assert.equal(parseDecimal("1.25E-5"), 125n * 10n ** 11n);
    assert.equal(parseDecimal("2e3"), 2000n * ONE);
    for (const text of ["", ".", "-", "12,34", "0,123", "-0,123", "1.2.3", "0x10", "NaN", "1e999", "$5", "1 000"])
      assert.equal(parseDecimal(text), undefined, text);
  });

  it("refuses digits that it could not keep, rather than round them", () => {
    assert.equal(parseDecimal("0.0000000000000000001"), undefined);
    assert.equal(parseDecimal("0.1000000000000000000"), ONE / 10n);
  });

  it("writes every digit and reads it back", () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), (value) => {
        assert.equal(parseDecimal(formatDecimal(value)), value);
      }),
    );
    assert.equal(formatDecimal(-ONE / 4n), "-0.25");
  });

  it("rounds to cents half away from zero", () => {
    const cents = (text: string) => formatCents(parseDecimal(text)!);
    assert.deepEqual(["1.005", "-1.005", "0.004", "-0.004", "1234567.1"].map(cents), [
      "1.01",
      "-1.01",
      "0.00",
      "0.00",
      "1234567.10",
    ]);
  });

  it("sums without loss where doubles lose", () => {
    assert.equal(formatDecimal(sumOf(["0.1", "0.2", "-0.3"].map((text) => parseDecimal(text)!))), "0");
  });
});
