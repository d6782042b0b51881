import assert from "node:assert/strict";
import test from "node:test";
import { arrivalRate, burstinessCv } from "../../../simulator/traffic/rate.ts";

test("rates per second, with a ceiling", () => {
  assert.equal(arrivalRate.parse("1.2k/min"), 20);
  assert.equal(arrivalRate.parse("0/s"), 0);
  assert.match(String(arrivalRate.safeParse("1G/s").error), /at most 100M\/s/);
});

test("burstiness in words", () => {
  assert.equal(burstinessCv.parse(3), 3);
  assert.match(String(burstinessCv.safeParse(0).error), /1 is Poisson/);
});
